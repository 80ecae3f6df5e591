"""The colours of an upper lid, seen on its strip between crease and rim when it is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.types import Floats, Picture, floats

LASHES: Final = 0.38
"""Brightness of lashes at most, in that of the lid's skin: they are always visible."""
STRIP: Final = 0.35
"""Where between crease and rim the strip is looked at: no lashes lie there."""
LIGHT: Final = (0.75, 1.1)
"""Brightness of a lid in that of bare skin at its crease: lashes and deep folds are darker."""
HUE: Final = (0.93, 1.07)
"""How far its colour may differ from that skin's: paint does, and lashes in the dark do more."""
FOLD: Final = (0.6, 1.1)
"""Brightness of the skin at the crease in that of the skin at the lower lid."""
EVEN: Final = 0.6
"""Share of the difference between the skin at the crease and at the lower lid that goes:
what is below an eye lies in another light."""
OWN: Final = (0.3, 0.8)
"""Share of the strip's tone that the lid has at its rim and at its crease."""
SHADED: Final = 0.97
"""Brightness of the skin that a crease shades."""


@dataclass(frozen=True, slots=True)
class LidTone:
    """One lid's colours; all float32 [3].

    `lashes` is theirs; `rim` and `crease` are those of the lid's skin there, in those of bare
    skin, from which they are mixed in between.
    """

    lashes: Floats
    rim: Floats
    crease: Floats

    @classmethod
    def of(
        cls, portrait: Picture, bare: Picture, crease: Floats, upper: Floats, lower: Floats
    ) -> LidTone:
        """The tone of a lid.

        Args:
            portrait: uint8 [size, size, 3].
            bare: the same with bare lids.
            crease: of the lid, [n, 2] in pixels; so are its rim and that of the lower lid.
            upper: see `crease`.
            lower: see `crease`.
        """
        own = np.percentile(_along(portrait, upper), 10, axis=0)
        skin = np.median(_along(bare, crease), axis=0)
        below = np.median(_along(bare, lower), axis=0)
        strip = np.median(_along(portrait, (crease + STRIP * (upper - crease))[1:-1]), axis=0)
        light = strip / np.maximum(skin, 1.0)
        hue = np.clip(light / max(float(light.mean()), 0.1), *HUE)
        light = hue * np.clip(light.mean(), *LIGHT) - 1
        fold = np.clip(skin / np.maximum(below, 1.0), *FOLD) - 1
        return cls(
            lashes=floats(np.minimum(own, LASHES * skin)),
            rim=floats((1 + EVEN * fold) * (1 + OWN[0] * light)),
            crease=floats(SHADED * (1 + OWN[1] * light)),
        )

    def __call__(self, up: Floats) -> Floats:
        """The lid's skin in bare skin, [h, w, 3]; `up` [h, w] is 0 at its rim, 1 at its crease."""
        up = np.clip(up, 0.0, 1.0)[..., None]
        return floats(self.rim + (self.crease - self.rim) * up)


def _along(portrait: Picture, curve: Floats) -> Picture:
    """Pixels of a portrait along and just above a curve, [n, 3]."""
    below = np.clip(curve.astype(int), 0, portrait.shape[0] - 1)
    above = np.clip(below - [0, 2], 0, portrait.shape[0] - 1)
    x, y = np.concatenate([below, above]).T
    return np.asarray(portrait[y, x], np.uint8)
