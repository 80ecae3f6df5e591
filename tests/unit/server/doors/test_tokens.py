"""Tokens that are ours open; whatever else is sent is answered 401, never 500."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from engine.errors import RequestRefused, Unauthorized
from server import limits
from server.doors.tokens import ALGORITHM, AUDIENCE, Grant, Tokens
from tests.support.guarded import LOCKED, SECRET, Guarded

TOKENS = Tokens(SECRET)
BOB = Grant("bob", ("ada", "mei"), 600.0, 2)


def part(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def claims(**more: object) -> dict[str, Any]:
    return {"sub": "bob", "aud": AUDIENCE, "exp": int(time.time()) + 600} | more


def signed(payload: str, header: object = None) -> str:
    """Any text, signed as a token is."""
    head = part({"alg": ALGORITHM, "typ": "JWT"} if header is None else header)
    start = f"{head}.{part(payload)}"
    mac = jwt.get_algorithm_by_name("HS256")
    signature = mac.sign(start.encode(), mac.prepare_key(SECRET))
    return f"{start}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in claims().items() if name not in names}


def encoded(content: dict[str, Any], secret: bytes = SECRET, **how: Any) -> str:
    return jwt.encode(content, secret, **({"algorithm": ALGORITHM} | how))


@pytest.mark.parametrize("grant", [BOB, Grant("a.b-c_d@example.org")])
def test_what_is_put_in_comes_out(grant: Grant) -> None:
    assert TOKENS.read(TOKENS.issue(grant, 600)) == grant


def test_what_we_sign_by_hand_is_read() -> None:
    """Else all the refusals below would prove nothing."""
    assert TOKENS.read(signed(json.dumps(claims()))) == Grant("bob")
    assert TOKENS.read(encoded(claims(seconds=5, nbf=int(time.time())))).seconds == 5


REFUSED: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "no token": lambda: "bob",
    "two parts": lambda: ".".join(TOKENS.issue(BOB, 60).split(".")[:2]),
    "alg none": lambda: f"{part({'alg': 'none'})}.{part(claims())}.",
    "alg nOnE, signed": lambda: signed(json.dumps(claims()), {"alg": "nOnE"}),
    "alg HS512": lambda: encoded(claims(), SECRET * 2, algorithm="HS512"),
    "alg RS256 in the header": lambda: signed(json.dumps(claims()), {"alg": "RS256"}),
    "no alg": lambda: signed(json.dumps(claims()), {"typ": "JWT"}),
    "alg a list": lambda: signed(json.dumps(claims()), {"alg": ["HS256"]}),
    "critical extension": lambda: signed(
        json.dumps(claims()), {"alg": "HS256", "crit": ["b64"], "b64": False}
    ),
    "header no object": lambda: signed(json.dumps(claims()), ["HS256"]),
    "another secret": lambda: Tokens(SECRET[::-1]).issue(BOB, 60),
    "no exp": lambda: encoded(without("exp")),
    "no sub": lambda: encoded(without("sub")),
    "no aud": lambda: encoded(without("aud")),
    "expired": lambda: encoded(claims(exp=int(time.time()) - limits.CLOCK_SKEW_SECONDS - 1)),
    "not yet": lambda: encoded(claims(nbf=int(time.time()) + limits.CLOCK_SKEW_SECONDS + 5)),
    "year 9999": lambda: encoded(claims(exp=253_370_764_800)),
    "exp beyond all numbers": lambda: signed(json.dumps(claims(exp=1e308))),
    "exp infinite": lambda: signed(json.dumps(claims(exp=float("inf")))),
    "exp not a number": lambda: signed(json.dumps(claims(exp=float("nan")))),
    "exp text": lambda: signed(json.dumps(claims(exp="soon"))),
    "exp nothing": lambda: signed(json.dumps(claims(exp=None))),
    "25 hours": lambda: encoded(claims(exp=int(time.time()) + 90_000)),
    "wrong aud": lambda: encoded(claims(aud="livekit")),
    "aud a number": lambda: signed(json.dumps(claims(aud=7))),
    "sub a number": lambda: signed(json.dumps(claims(sub=7))),
    "sub empty": lambda: encoded(claims(sub="")),
    "sub everybody": lambda: encoded(claims(sub="*")),
    "sub with a line end": lambda: encoded(claims(sub="bob\n")),
    "sub long": lambda: encoded(claims(sub="b" * 65)),
    "presenters text": lambda: encoded(claims(presenters="ada")),
    "presenters numbers": lambda: encoded(claims(presenters=[1])),
    "seconds none": lambda: encoded(claims(seconds=0)),
    "seconds endless": lambda: signed(json.dumps(claims(seconds=float("inf")))),
    "sessions none": lambda: encoded(claims(sessions=0)),
    "sessions half": lambda: encoded(claims(sessions=0.5)),
    "a claim twice": lambda: signed(
        json.dumps(claims()).replace("{", f'{{"exp": {int(time.time()) + 60}, ', 1)
    ),
    "claims no object": lambda: signed('["bob"]'),
    "claims no JSON": lambda: signed("{bob}"),
    "claims deep": lambda: signed("[" * 1500),
    "header deep": lambda: f"{part('[' * 1500)}.{part(claims())}.x",
    "huge": lambda: encoded(claims(more="x" * 5000)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_ours_is_refused(what: str) -> None:
    with pytest.raises(Unauthorized):
        TOKENS.read(REFUSED[what]())


def altered(token: str, dice: random.Random) -> str:
    """A token with something done to it, as somebody might who tries."""
    at = dice.randrange(len(token))
    match dice.randrange(5):
        case 0:
            return token[:at]
        case 1:
            more = dice.choice("ABCZaz059-_.=+/ %") * dice.choice((1, 1, 5000))
            return token[:at] + more + token[at:]
        case 2:
            return token[:at] + token[at:][::-1]
        case 3:
            parts = token.split(".")
            dice.shuffle(parts)
            return ".".join([*parts, *parts][: dice.randrange(7)])
        case _:
            return token[:at] + chr(ord(token[at]) ^ 1 << dice.randrange(5)) + token[at + 1 :]


async def test_2000_altered_tokens_are_answered_401() -> None:
    dice = random.Random(20)
    honest = TOKENS.issue(BOB, 600)
    refused = list(REFUSED.values())
    tried = 0
    async with Guarded(LOCKED).http() as http:
        while tried < 2000:
            # Made anew: what is not valid yet would be in seconds.
            token = dice.choice(refused)() if dice.random() < 0.2 else honest
            token = (
                token if token != honest and dice.random() < 0.5 else altered(token or "x", dice)
            )
            if token.strip()[:-1] == honest[:-1]:
                continue  # the last character's last bits mean nothing
            header = f"Bearer {token}".encode("latin-1")
            answer = await http.get("/v1/sessions/x", headers={b"authorization": header})
            assert answer.status_code == 401, token
            assert answer.headers["www-authenticate"] == "Bearer"
            tried += 1
        ours = await http.get("/v1/sessions/x", headers={"Authorization": f"Bearer {honest}"})
    assert ours.json()["sub"] == "bob"


@pytest.mark.parametrize("seconds", [0, -1, limits.TOKEN_SECONDS + 1, float("nan")])
def test_no_token_for_longer_than_a_day(seconds: float) -> None:
    with pytest.raises(RequestRefused):
        TOKENS.issue(BOB, seconds)
    assert TOKENS.read(TOKENS.issue(BOB, limits.TOKEN_SECONDS)) == BOB


@pytest.mark.parametrize(
    "grant", [Grant("b o b"), Grant("bob", ("../x",)), Grant("bob", None, -1), Grant("*")]
)
def test_no_token_that_could_not_be_read(grant: Grant) -> None:
    with pytest.raises(RequestRefused, match="cannot be put into a token"):
        TOKENS.issue(grant, 60)


def test_a_secret_has_32_bytes() -> None:
    Tokens(b"x" * 32)
    with pytest.raises(ValueError, match="32 bytes"):
        Tokens(b"x" * 31)
