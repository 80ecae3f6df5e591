"""Whether an offer can become a connection: looked at before any socket is opened."""

from __future__ import annotations

from aiortc.sdp import MediaDescription, SessionDescription

from engine.errors import OfferRefused, OfferUnreadable
from server import limits

SEEN = ("sendrecv", "recvonly")
SPOKEN = ("sendrecv", "sendonly")


def check(offer: str, *, sees: bool, speaks: bool) -> None:
    """Refuse what cannot be answered.

    Args:
        offer: session description (SDP).
        sees: whether it must take something; of a page both, picture and sound.
        speaks: whether it must give something, unless it sees.

    Raises:
        OfferRefused: what is wrong with it.
    """
    if offer.count("\nm=") > limits.MEDIA_SECTIONS:
        raise OfferRefused(f"more than {limits.MEDIA_SECTIONS} media sections in the offer")
    try:
        media = SessionDescription.parse(offer).media
    except Exception as error:  # the parser raises any of seven types
        raise OfferUnreadable("the offer is not a session description (SDP)") from error
    taken = {it.kind for it in media if it.direction in SEEN}
    given = {it.kind for it in media if it.direction in SPOKEN}
    if sees and speaks:
        for kind in ("audio", "video"):
            if kind not in taken:
                raise OfferRefused(f"the offer does not ask for {kind}: add a {kind} transceiver")
    elif sees and not taken & {"audio", "video"}:
        raise OfferRefused("the offer asks for neither picture nor sound: make it recvonly")
    elif not sees and not given & {"audio", "video"}:
        raise OfferRefused("the offer gives neither sound nor picture: make it sendonly")
    if not all(_is_secured(it) for it in media):
        raise OfferRefused("the offer lacks a DTLS fingerprint or ICE credentials")


def _is_secured(media: MediaDescription) -> bool:
    dtls, ice = media.dtls, media.ice
    return bool(dtls and dtls.fingerprints and ice and ice.usernameFragment and ice.password)
