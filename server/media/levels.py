"""H.264's levels: how large pictures may be, said in the stream and in our answers."""

from __future__ import annotations

from enum import Enum
from typing import Final

BLOCK: Final = 16
"""Pixels a side of a macroblock."""
PROFILE: Final = "profile-level-id=42e0"
"""Constrained baseline in an SDP (RFC 6184); two hexadecimal digits of the level follow."""


class Level(Enum):
    """A level, by its number times ten."""

    L31 = 31
    L40 = 40
    L51 = 51

    @classmethod
    def of(cls, width: int, height: int) -> Level:
        """The lowest for pictures of a size; the lowest of all is what every browser decodes."""
        blocks = -(-width // BLOCK) * -(-height // BLOCK)
        return next((it for it, most in BLOCKS.items() if blocks <= most), cls.L51)

    @property
    def large(self) -> bool:
        """Whether its pictures take so long that they need more time, and more of a machine."""
        return self is not Level.L31

    def declare(self, answer: str) -> str:
        """An answer (SDP) of ours, at the lowest level, that says this one.

        What is sent may be of another level than what is taken where both ends allow that
        (`level-asymmetry-allowed`), as browsers and aiortc do.
        """
        return answer.replace(f"{PROFILE}{Level.L31.value:02x}", f"{PROFILE}{self.value:02x}")


BLOCKS: Final = {Level.L31: 3_600, Level.L40: 8_192, Level.L51: 36_864}
"""Macroblocks of a picture at the most (ITU-T H.264, table A-1): 1280 x 720, 1920 x 1080, 4096 x
2304. At 25 pictures a second none of them is too many for its level."""
