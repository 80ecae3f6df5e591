"""Published checkpoints, fetched into huggingface_hub's own cache.

Which server is asked, by which proxy, and where files are kept are settings of
huggingface_hub (`HF_ENDPOINT`, `HF_HOME`, `HF_HUB_OFFLINE`). No token is sent. A file that
is in the cache already is not fetched again, and hashed all the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.errors import CheckpointError
from export.edtalk.published import REPOSITORY, REVISION, origin

FOLDER: Final = "ckpts"
"""Where checkpoints lie in the repository."""
BY_HAND: Final = "or get the files from EDTalk's page and give them to this command"


def fetch(name: str) -> Path:
    """A published checkpoint, in the cache; fetched if it is not there, with a bar of progress.

    Args:
        name: one of those that are `published.KNOWN`.

    Raises:
        CheckpointError: it cannot be had or kept, or what came is not the published file;
            that is removed again.
    """
    from huggingface_hub import hf_hub_download

    try:
        found = hf_hub_download(REPOSITORY, f"{FOLDER}/{name}", revision=REVISION, token=False)
    except Exception as error:  # of the network, the hub, the disk: a dozen types
        raise CheckpointError(f"'{name}' {_trouble(error)}") from error
    file = Path(found)
    if origin(file).known != name:
        for copy in (file.resolve(), file):
            copy.unlink(missing_ok=True)
        raise CheckpointError(
            f"what came as '{name}' is not the published file (its SHA-256 differs) and was "
            f"removed: try again, {BY_HAND}"
        )
    return file


def _trouble(error: Exception) -> str:
    """What went wrong and what to do, as the end of a sentence."""
    from huggingface_hub.errors import (
        EntryNotFoundError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if isinstance(error, LocalEntryNotFoundError):
        return "is not here, and the hub cannot be reached: connect this machine, try again later"
    if isinstance(error, EntryNotFoundError | RepositoryNotFoundError | RevisionNotFoundError):
        return f"is not on the hub: update Visavis, {BY_HAND}"
    if isinstance(error, OSError) and error.errno is not None:
        return "cannot be kept: is the disk full, or huggingface_hub's cache not ours to write?"
    return f"could not be fetched ({type(error).__name__}): try again, {BY_HAND}"
