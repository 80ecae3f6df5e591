"""Colours in video: said in the stream, so that no player has to guess them from the size.

Without a word most players take pictures of up to 576 lines for ITU-R BT.601, as ours are,
and larger ones for BT.709, which would make a face of a whole picture redder.
"""

from __future__ import annotations

from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, Colorspace


def tag(context: VideoCodecContext) -> None:
    """Say that an encoder's pictures are BT.601 in the range of television; before it opens."""
    context.colorspace = Colorspace.ITU601
    context.color_range = ColorRange.MPEG
