"""The files that EDTalk's authors published, and whether a file is one of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import CheckpointError

REPOSITORY: Final = "tanshuai0219/EDTalk"
REVISION: Final = "c9a502ee3585d01042c3b6da730a62416e7fc76a"
"""The commit of the authors' repository on the Hugging Face hub that holds these files."""
KNOWN: Final = {
    "138b49803ce18b0e746f29d06f58809365cfbc370fd694bd852ec49881998acf": "EDTalk.pt",
    "0cb915304bee6fe14f6b9504a554d2bfd6576644a8f68cde73fc39c895bf8547": "EDTalk_lip_pose.pt",
    "cea58dcf0d822277e90a300894275474c79222f69d47b52573092a1c99f78ef3": "EDTalk-V.pt",
    "64a46df8b1af0674247606ef071efaca10d78f4e4dcadb9bfb706545997c3707": "Audio2Lip.pt",
}
"""Their SHA-256. The hub states those of the first three; that of `Audio2Lip.pt` is known
from a copy of them, whose first two are the hub's; the third was not looked up there."""
PIECE: Final = 1 << 22


@dataclass(frozen=True, slots=True)
class Origin:
    """Which file something came from."""

    name: str
    sha256: str

    @property
    def known(self) -> str | None:
        """The published file that it is, to the bit; None for any other."""
        return KNOWN.get(self.sha256)

    def __str__(self) -> str:
        known = f"published as {self.known}" if self.known else "not a file that is known here"
        return f"{self.name}: {known}, SHA-256 {self.sha256}"


def origin(file: Path) -> Origin:
    """Hash a file (CheckpointError if it cannot be read)."""
    digest = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            while piece := stream.read(PIECE):
                digest.update(piece)
    except OSError as error:
        raise CheckpointError(f"'{file.name}' cannot be read: check its name") from error
    return Origin(file.name, digest.hexdigest())
