from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OfferUnreadable
from server.http import sdpfrag
from server.http.sdpfrag import Candidate, Fragment, FragmentUnreadable

HOST = "candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host"
BROWSERS = (
    "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 192.0.2.1 "
    "rport 46154 generation 0 ufrag EsAw network-cost 999"
)
RELAY = "candidate:2 1 UDP 1 2001:db8::1 3478 typ relay raddr :: rport 0"
TCP = "candidate:3 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active"
HIDDEN = "candidate:4 1 udp 2 8e0f9a1c-0d9c-4f1e-a52c-0f6f2b1a9a5e.local 50000 typ host"
NAMED = "candidate:5 1 udp 2 internal.example 80 typ host"


def fragment(*attributes: str, end: str = "\r\n") -> str:
    return "".join(f"{it}{end}" for it in attributes)


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_candidates_belong_to_their_medium(end: str) -> None:
    text = fragment(
        "a=ice-options:trickle ice2", "a=group:BUNDLE 0 1", "a=ice-ufrag:EsAw", "a=ice-pwd:P2uY",
        "m=audio 9 UDP/TLS/RTP/SAVPF 0", f"a={HOST}", "a=mid:0", f"a={BROWSERS}",
        "m=video 9 UDP/TLS/RTP/SAVPF 0", "a=mid:1", f"a={RELAY}", "a=end-of-candidates",
        end=end,
    )  # fmt: skip
    assert sdpfrag.read(text) == Fragment(
        frozenset({"EsAw"}), (Candidate(HOST, "0"), Candidate(BROWSERS, "0"), Candidate(RELAY, "1"))
    )


def test_what_cannot_be_reached_is_passed_over() -> None:
    text = fragment("m=audio 9 x 0", f"a={TCP}", f"a={HIDDEN}", f"a={NAMED}", f"a={HOST}")
    assert sdpfrag.read(text).candidates == (Candidate(HOST, None),)


def test_an_end_alone_is_a_fragment_and_so_is_an_empty_attribute() -> None:
    assert sdpfrag.read(fragment("m=audio 9 x 0", "a=mid:0", "a=", "a=end-of-candidates")) == (
        Fragment(frozenset(), ())
    )


@pytest.mark.parametrize(
    "line",
    [
        "candidate without a letter",
        "{}",
        "a=candidate:",
        "a=candidate:1 1 udp 1 192.0.2.1 typ host",
        "a=candidate:1 1 udp 1 192.0.2.1 65536 typ host",
        "a=candidate:1 1 udp one 192.0.2.1 1 typ host",
        "a=candidate:1 1 udp 1 192.0.2.1 ١ typ host",  # noqa: RUF001 (a digit, not of ASCII)
        "a=candidate:1 1 udp 1 192.0.2.1 1 typ host \x07",
    ],
)
def test_what_is_broken_is_refused(line: str) -> None:
    with pytest.raises(FragmentUnreadable, match="no fragment of SDP"):
        sdpfrag.read(fragment("m=audio 9 x 0", line))


def test_users_of_an_offer_with_and_without_bundle() -> None:
    once = fragment("v=0", "a=ice-ufrag:one", "m=audio 9 x 0", "m=video 9 x 0")
    twice = fragment("v=0", "m=audio 9 x 0", "a=ice-ufrag:one", "m=video 9 x 0", "a=ice-ufrag:two")
    assert sdpfrag.users(once) == {"one"}
    assert sdpfrag.users(twice) == {"one", "two"}


@pytest.mark.parametrize(
    ("offer", "complaint"),
    [
        ("", "with media"),
        ("v=0\r\n", "with media"),
        ("hello\r\n", "every line"),
        ('{"sdp": "v=0"}', "every line"),
        (fragment("a=ice-ufrag:one", "m=audio 9 x 0"), "with media"),
        (fragment("v=0", "m=audio 9 x 0"), "ICE credentials"),
    ],
)
def test_what_is_no_offer_is_refused(offer: str, complaint: str) -> None:
    with pytest.raises(OfferUnreadable, match=complaint):
        sdpfrag.users(offer)


PIECES = ["a=", "m=", "candidate:", "1 1 udp 1 ", "192.0.2.1 1 typ host", "mid:0", "\r\n", "\n"]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=30))
def test_any_text_is_read_or_refused(pieces: list[str]) -> None:
    for reader in (sdpfrag.read, sdpfrag.users):
        try:
            reader("".join(pieces))
        except (FragmentUnreadable, OfferUnreadable) as refusal:
            assert refusal.status == 400
