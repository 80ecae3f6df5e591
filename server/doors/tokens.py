"""Tokens: who somebody is and what they may do, signed with the server's secret.

A token is a JSON Web Token (RFC 7519) with HS256 and these claims: `sub`, `aud` =
"visavis", `exp`, and where wanted `nbf`, `presenters`, `seconds`, `sessions`. Its times
are the calendar's, because another machine may have made it.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Final

import jwt
from pydantic import Field, TypeAdapter, ValidationError

from engine.errors import RequestRefused, Unauthorized
from server import limits

ALGORITHM: Final = "HS256"
AUDIENCE: Final = "visavis"
COMPACT: Final = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
"""Stricter than base64 of Python, which passes over what it does not know."""
REFUSED: Final = "this token is not valid here, or no longer: get a new one"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows; what is left out is limited by the server alone."""

    sub: Annotated[str, Field(pattern=r"^[A-Za-z0-9._@-]{1,64}$", strict=True)]
    """Who it is."""
    presenters: tuple[Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")], ...] | None = None
    """The only presenters to talk to; portraits are then refused."""
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)] | None = None
    """Longest session."""
    sessions: Annotated[int, Field(gt=0, strict=True)] | None = None
    """Sessions at once."""


ANYONE: Final = Grant("*")
"""Whoever reaches a server without a secret; no token can say that."""
GRANT: Final = TypeAdapter(Grant)


class Tokens:
    """Makes and reads tokens.

    Args:
        secret: shared with whoever else makes tokens; 32 bytes or more.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < limits.SECRET_BYTES:
            raise ValueError(f"a secret has {limits.SECRET_BYTES} bytes or more")
        self._secret = secret

    def issue(self, grant: Grant, seconds: float) -> str:
        """A token that opens sessions for so many seconds from now.

        Raises:
            RequestRefused: it would last too long, or the grant names what cannot be.
        """
        if not 0 < seconds <= limits.TOKEN_SECONDS:
            raise RequestRefused(f"a token lasts up to {limits.TOKEN_SECONDS // 3600} hours")
        claims = {name: value for name, value in asdict(grant).items() if value is not None}
        try:
            GRANT.validate_python(claims)
        except ValidationError as error:
            name = error.errors(include_url=False)[0]["loc"][0]
            raise RequestRefused(f"{name}: this cannot be put into a token") from error
        claims |= {"aud": AUDIENCE, "exp": int(time.time() + seconds)}
        return jwt.encode(claims, self._secret, ALGORITHM)

    def read(self, token: str) -> Grant:
        """What a token allows.

        Raises:
            Unauthorized: it is not ours, not valid now, or says what it must not.
        """
        try:
            return self._read(token)
        except Exception as error:  # an altered token makes json, base64 and jwt raise many types
            raise Unauthorized(REFUSED) from error

    def _read(self, token: str) -> Grant:
        if len(token) > limits.TOKEN_BYTES or not COMPACT.fullmatch(token):
            raise ValueError("no token, or longer than any of ours")
        claims = jwt.decode(
            token,
            self._secret,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            leeway=limits.CLOCK_SKEW_SECONDS,
            options={"require": ["exp", "sub", "aud"]},
        )
        if claims["exp"] > time.time() + limits.TOKEN_SECONDS + limits.CLOCK_SKEW_SECONDS:
            raise ValueError("lasts longer than a token may")
        payload = token.split(".")[1]
        json.loads(base64.urlsafe_b64decode(payload + "=="), object_pairs_hook=_each_once)
        return GRANT.validate_python(claims)


def _each_once(claims: Sequence[tuple[str, object]]) -> Mapping[str, object]:
    """Two readers may disagree about a claim that is there twice."""
    if len(dict(claims)) != len(claims):
        raise ValueError("a claim is there twice")
    return dict(claims)
