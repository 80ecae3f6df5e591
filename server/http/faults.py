"""From errors to answers: every refusal has one JSON shape, a code, and nothing of our insides."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from engine.errors import (
    NothingToWatch,
    PictureTooLarge,
    RequestRefused,
    ServerFull,
    VisavisError,
)
from server import limits
from server.metrics import Metrics
from server.protocol import ErrorBody

log = logging.getLogger(__name__)
INTERNAL: Final = "something failed on the server; it has been logged: try again"
PLAIN: Final[Mapping[int, tuple[str, str]]] = {
    404: ("not_found", "there is nothing at this address"),
    405: ("method_not_allowed", "this address takes other methods"),
}


class TooLarge(RequestRefused):
    """A body of more bytes than are accepted."""

    status = 413


class TooSlow(RequestRefused):
    """A body that did not come in time."""

    status = 408


class WrongType(RequestRefused):
    """A body of another content type than the address takes."""

    status = 415


class Foreign(RequestRefused):
    """A request that a page of another site makes, or that names another host."""

    code = "foreign_origin"
    status = 403


def invalid(errors: Sequence[Any]) -> RequestRefused:
    """The first of pydantic's findings, without what was sent."""
    where = ".".join(str(part) for part in errors[0]["loc"] if part != "body")
    return RequestRefused(f"{where}: {errors[0]['msg']}" if where else errors[0]["msg"])


def picture_too_large(limit: int, what: str = "portrait") -> PictureTooLarge:
    """A portrait or a background of more than `limit` bytes."""
    return PictureTooLarge(f"the {what} has more than {limit >> 20} MiB: choose a smaller one")


def _headers(error: VisavisError) -> Mapping[str, str] | None:
    """What the caller can do about it, for programs."""
    if error.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if error.status in (429, 503) or isinstance(error, NothingToWatch):
        return {"Retry-After": str(limits.RETRY_SECONDS)}
    return None


class Faults:
    """Makes the answers and counts them."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def install(self, app: FastAPI) -> None:
        """Answer all errors of the application."""
        app.add_exception_handler(VisavisError, self._ours)
        app.add_exception_handler(RequestValidationError, self._invalid)
        app.add_exception_handler(HTTPException, self._plain)

    def answer(self, error: Exception) -> Response:
        """The answer to any error; what is not ours is logged and says nothing."""
        if not isinstance(error, VisavisError):
            log.error("request failed", exc_info=error)
            return self._body(500, "internal", INTERNAL)
        if error.status >= 500 and not isinstance(error, ServerFull):
            log.error("request failed: %s", error.code, exc_info=error)
        return self._body(error.status, error.code, error.message, _headers(error))

    def _body(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> Response:
        self._metrics.errors.labels(code).inc()
        body = ErrorBody(code=code, message=message)
        return JSONResponse(body.model_dump(), status, headers)

    async def _ours(self, request: Request, error: Exception) -> Response:
        return self.answer(error)

    async def _invalid(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return self.answer(invalid(error.errors()))

    async def _plain(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code, message = PLAIN.get(error.status_code, ("request_refused", "this cannot be read"))
        return self._body(error.status_code, code, message, error.headers)
