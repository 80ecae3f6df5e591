"""Keeps what tests need of golden values of the published networks.

    python -m export.edtalk.golden --parity PATH --out tests/data/edtalk

`PATH` holds `edtalk_golden.npz`, what the published networks compute on seeded weights
(`export.edtalk.seeded`), and `edtalk_keys.json`, the keys and shapes of the official
checkpoints. Pictures are thinned further, so that the files stay small; inputs are kept
to the bit.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image

Arrays: TypeAlias = dict[str, NDArray[Any]]
PICTURES: Final = ("source", "lip", "pose", "exp")
GOLDEN, KEYS, INPUTS = "golden.npz", "keys.json", "pictures.webp"
STEP: Final = 8
"""Every so many rows and columns of a picture are golden."""
THINNED: Final = 2
"""Of these every so many are kept."""
CROP: Final = (slice(96, 144), slice(104, 152))
"""Rows and columns of the piece that is golden in full."""
WHOLE_CROP: Final = "edtalk.V"
"""The one picture whose crop is kept."""
EVERY_WINDOW: Final = 7
KEPT_WINDOWS: Final = (0, 1, 5, 10)
"""Of the golden windows, which are those of every seventh picture: both ends, the middle."""


def kept(golden: Arrays) -> Arrays:
    """The arrays that tests look at, less the four pictures that go in."""
    small: Arrays = {}
    for name, value in golden.items():
        if name.removeprefix("in.") in PICTURES:
            continue
        if name.endswith(".crop") and not name.startswith(f"{WHOLE_CROP}.crop"):
            continue
        if name.endswith(".grid"):
            value = value[:, ::THINNED, ::THINNED]
        if name == "audio.windows":
            value = value[list(KEPT_WINDOWS)]
        small[name] = value
    return small


def main(
    parity: Annotated[Path, typer.Option(help="Folder with the golden values.")],
    out: Annotated[Path, typer.Option(help="Folder of the small files.")],
) -> None:
    """Write `golden.npz`, `keys.json` and `pictures.webp`."""
    with np.load(parity / "edtalk_golden.npz", allow_pickle=False) as stored:
        golden = {name: stored[name] for name in stored.files}
    out.mkdir(parents=True, exist_ok=True)
    small: dict[str, Any] = kept(golden)
    np.savez_compressed(out / GOLDEN, **small)
    inputs = np.concatenate([golden[f"in.{name}"] for name in PICTURES], axis=1)
    Image.fromarray(inputs).save(out / INPUTS, lossless=True, quality=100, method=6)
    keys = json.loads((parity / "edtalk_keys.json").read_text(encoding="utf-8"))
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in keys.items())
    (out / KEYS).write_text("{\n" + lines + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
