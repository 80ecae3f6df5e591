"""Convolutions in half precision; around them everything stays as it was."""

from __future__ import annotations

import copy

from torch import nn

from models.edtalk.exact.avatar import Avatar


def halved(avatar: Avatar) -> Avatar:
    """A copy whose convolutions, and what an avatar keeps of its maps, have half precision.

    Float32 stay: codes, heads, styles and their tables, statistics while they are taken,
    expressions, flow, places, sampling, and sums of colours.
    """
    changed = copy.deepcopy(avatar)
    encoder = changed.portraits.encoder
    halves: list[nn.Module] = [encoder.stem, encoder.blocks]
    if changed.portraits.statistics is not None:
        halves.append(changed.portraits.statistics)
    for layers in (*halves, changed.renders.synthesis.convolutions):
        layers.half()
    return changed
