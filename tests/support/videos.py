"""Small video files for tests."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from engine.types import Picture


def write_video(path: Path, pictures: list[Picture], rate: int = 25) -> Path:
    """Pictures as an MP4 file (H.264); returns `path`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def greys(count: int, height: int = 48, width: int = 64) -> list[Picture]:
    """Plain pictures, each lighter than the last."""
    shades = np.linspace(20, 230, count).astype(np.uint8)
    return [np.full((height, width, 3), shade, np.uint8) for shade in shades]
