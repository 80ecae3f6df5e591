"""What light falls into a mouth: told by the teeth, eyes and skin of the portrait."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine import facemesh as points
from engine.mesh import Mesh
from engine.resample import box_around, fill
from engine.types import Floats, Picture, floats

FULL_LIGHT: Final = 150.0
"""Mean brightness of a skin on which the atlas is painted as it is."""
FULL_WHITE: Final = 140.0
"""Brightness of the whites of the eyes in which the atlas is painted as it is."""
BY_EYES: Final = 0.5
"""Share of the eyes' whites in the light on the teeth; the rest is the skin's. Teeth are as
white on a dark face, but the whites of small or shaded eyes say little."""
ATLAS_TOOTH: Final = 165.0
"""Brightness of the atlas's teeth in the shade of lips that hardly part, in full light: where
the portrait shows its own, they tell how much there is."""
FEW: Final = 40
"""Pixels between the lips below which nothing is told by them."""
COLOURLESS: Final = 0.15
"""Saturation of a skin below which a photograph has lost its colours, or never had any."""


def light_in_mouth(portrait: Picture, mesh: Mesh) -> Floats:
    """Colour of the light in the mouth as a matrix [3, 3] on the atlas's RGB.

    How bright and warm is told by the portrait's own teeth, or else by the skin around
    the mouth and the whites of the eyes; where the skin has no colour the mouth has none.
    """
    around = mesh.source[[*points.LIP_UPPER_OUTER, *points.LIP_LOWER_OUTER, 1, 205, 425], :2]
    x0, y0, x1, y1 = box_around(around, 0, portrait.shape[0])
    skin = np.median(portrait[y0:y1, x0:x1].reshape(-1, 3), axis=0)
    white = _own_teeth(portrait, mesh, float(skin.mean()))
    if white is not None:
        bright = white.mean() / ATLAS_TOOTH
    else:
        white = _whites(portrait, mesh)
        bright = (1.0 - BY_EYES) * np.sqrt(skin.mean() / FULL_LIGHT)
        bright += BY_EYES * white.mean() / FULL_WHITE
    tint = 0.7 + 0.2 * skin / max(skin.mean(), 1.0) + 0.1 * white / max(white.mean(), 1.0)
    colourful = np.clip(np.ptp(skin) / max(skin.max(), 1.0) / COLOURLESS, 0.0, 1.0)
    grey = np.full((3, 3), 1.0 / 3.0)
    matrix = colourful * np.eye(3) + (1.0 - colourful) * grey
    return floats((np.clip(bright, 0.55, 1.25) * tint)[:, None] * matrix)


def _own_teeth(portrait: Picture, mesh: Mesh, skin: float) -> Floats | None:
    """Colour of the teeth that a portrait shows, [3]; `skin` is how bright its skin is."""
    outline = mesh.source[[*points.LIP_UPPER_INNER, *points.LIP_LOWER_INNER[::-1]], :2]
    pixels = _inside(portrait, [outline])
    if len(pixels) < FEW:
        return None
    colour = _brightest(pixels, 0.5, 0.85)
    tooth = colour.mean() > 0.9 * skin and colour[2] > 0.6 * colour[0]
    return colour if tooth else None


def _whites(portrait: Picture, mesh: Mesh) -> Floats:
    """Colour of the whites of the eyes, [3]: what is brightest but for lights in the pupil."""
    rims = [mesh.source[list(rim), :2] for rim in (points.EYE_RIGHT, points.EYE_LEFT)]
    pixels = _inside(portrait, rims)
    return _brightest(pixels, 0.70, 0.92) if len(pixels) else floats([FULL_WHITE] * 3)


def _inside(portrait: Picture, outlines: list[Floats]) -> Floats:
    """Pixels within polygons, [n, 3]."""
    x0, y0, x1, y1 = box_around(np.concatenate(outlines), 2, portrait.shape[0])
    shown = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for outline in outlines:
        fill(shown, outline - floats([x0, y0]), smooth=False)
    return floats(portrait[y0:y1, x0:x1][shown > 0])


def _brightest(pixels: Floats, above: float, below: float) -> Floats:
    """Mean colour [3] of the `pixels` [n, 3] between two shares of them, dark ones first."""
    order = np.argsort(pixels.sum(axis=1))
    return floats(pixels[order[int(above * len(order)) : int(below * len(order)) + 1]].mean(0))
