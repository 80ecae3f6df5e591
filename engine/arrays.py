"""Arrays out of a bundle's `.npz` files: unpacked within bounds, and what they should be."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import BundleError

MOST_BYTES: Final = 64 * 1024**2
"""That a file may unpack to; the built-in mesh has a third of a megabyte."""
AGAIN: Final = "get the bundle again"


class TooLarge(ValueError):
    """A file would unpack to more than it may."""


def unpacked(content: bytes, most: int) -> dict[str, NDArray[Any]]:
    """Arrays of an `.npz` file, which is not opened if it unpacks to more than `most` bytes.

    Nothing is unpickled. A damaged archive breaks its readers in a dozen ways; too large is
    `TooLarge`.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > most:
            raise TooLarge
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files}


def read_arrays(content: bytes) -> dict[str, NDArray[Any]]:
    """Arrays of a bundle's `.npz` file (BundleError if it is damaged or too large)."""
    try:
        return unpacked(content, MOST_BYTES)
    except Exception as error:  # see `unpacked`
        raise BundleError(f"an array file of the bundle is damaged: {AGAIN}") from error


def demand(arrays: Mapping[str, NDArray[Any]], **shapes: tuple[int | None, ...]) -> None:
    """Raise BundleError unless these are there: numbers, finite, of these shapes.

    Args:
        arrays: of one file.
        shapes: by name; None stands for any length.
    """
    for name, shape in shapes.items():
        if name not in arrays:
            raise BundleError(f"an array file of the bundle lacks '{name}': {AGAIN}")
        array = arrays[name]
        fits = len(shape) == array.ndim and all(
            wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)
        )
        if not fits or array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            raise BundleError(f"'{name}' of the bundle is not what it should be: {AGAIN}")
