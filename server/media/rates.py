"""How many bits a second pictures of a size may have."""

from __future__ import annotations

from dataclasses import dataclass

from server import limits


@dataclass(frozen=True, slots=True)
class Rates:
    """Bits a second for pictures of one size; `burst` in bits, see `limits.PICTURE_BURST_BITS`."""

    start: int
    lowest: int
    highest: int
    burst: int

    @classmethod
    def of(cls, width: int, height: int) -> Rates:
        """Those of the limits up to a face alone, more for larger pictures.

        They grow with the sides, not with the pixels: most of a whole picture stands still.
        """
        share = _share(width, height)
        return cls(
            round(share * limits.PICTURE_START_BITRATE),
            limits.PICTURE_LOWEST_BITRATE,
            round(share * limits.PICTURE_HIGHEST_BITRATE),
            round(share * limits.PICTURE_BURST_BITS),
        )

    @staticmethod
    def ceiling(quality: str, width: int, height: int) -> int:
        """The most for one of the qualities in `limits.QUALITY_BITRATES`."""
        return round(_share(width, height) * limits.QUALITY_BITRATES[quality])

    def bounded(self, bitrate: int) -> int:
        """The nearest bit rate that pictures may have."""
        return max(self.lowest, min(bitrate, self.highest))


def _share(width: int, height: int) -> float:
    return float(max(1.0, (width * height) ** 0.5 / limits.PICTURE_FACE_SIDE))
