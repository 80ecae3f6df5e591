"""The errors that the server may answer with: those of the tree of errors, by their codes."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

import server.app  # noqa: F401 (brings in every module that adds an error)
from engine.errors import VisavisError
from server.protocol import ErrorBody


def kinds(root: type[VisavisError] = VisavisError) -> Iterator[type[VisavisError]]:
    """Every error of the tree but its root."""
    for kind in root.__subclasses__():
        yield kind
        yield from kinds(kind)


def codes() -> set[str]:
    """What documented errors are called; the root's own code means that something broke."""
    return {kind.code for kind in kinds()} - {VisavisError.code}


def is_refusal(answer: httpx.Response) -> bool:
    """Whether an answer refuses in a documented way: 4xx, a known code, words for people."""
    body = ErrorBody.model_validate_json(answer.content)
    return 400 <= answer.status_code < 500 and body.code in codes() and len(body.message) > 10
