"""What the stand-in for the Hugging Face hub and the hub itself must both do.

    VISAVIS_HUB=1 python -m pytest tests/contract/test_hub.py

asks the hub too, where there is a network: whether the published files still lie where
`visavis import --download` looks for them, with the SHA-256 that it wants. Nothing of them
is fetched.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

import pytest
from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import (
    EntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from export.edtalk.download import FOLDER
from export.edtalk.published import KNOWN, REPOSITORY, REVISION
from tests.support.hub import serving

VARIABLE = "VISAVIS_HUB"


@pytest.fixture(params=["stand-in", "hub"])
def published(request: pytest.FixtureRequest) -> Iterator[tuple[str, dict[str, str]]]:
    """An address, and the SHA-256 of the files there by name."""
    if request.param == "hub":
        if not os.environ.get(VARIABLE):
            pytest.skip(f"the hub is asked with {VARIABLE}=1")
        yield constants.ENDPOINT, {name: digest for digest, name in KNOWN.items()}
    else:
        contents = {f"{FOLDER}/{name}": name.encode() * 100 for name in KNOWN.values()}
        with serving(contents) as hub:
            digests = {it: hashlib.sha256(it.encode() * 100).hexdigest() for it in KNOWN.values()}
            yield hub.address, digests


def url(endpoint: str, file: str, repository: str = REPOSITORY, revision: str = REVISION) -> str:
    return hf_hub_url(repository, file, revision=revision, endpoint=endpoint)


def test_it_tells_a_files_commit_and_hash_before_its_content(
    published: tuple[str, dict[str, str]],
) -> None:
    endpoint, digests = published
    for name, digest in digests.items():
        told = get_hf_file_metadata(url(endpoint, f"{FOLDER}/{name}"), token=False)
        assert (told.commit_hash, told.etag) == (REVISION, digest), name
        assert told.size is not None and told.size > 0
        assert told.location != url(endpoint, f"{FOLDER}/{name}")


def test_it_tells_what_is_missing(published: tuple[str, dict[str, str]]) -> None:
    endpoint, _ = published
    file = f"{FOLDER}/EDTalk.pt"
    with pytest.raises(EntryNotFoundError):
        get_hf_file_metadata(url(endpoint, f"{FOLDER}/Nothing.pt"), token=False)
    with pytest.raises(RevisionNotFoundError):
        get_hf_file_metadata(url(endpoint, file, revision="0" * 40), token=False)
    with pytest.raises(RepositoryNotFoundError):
        get_hf_file_metadata(url(endpoint, file, "visavis-nobody/nothing"), token=False)
