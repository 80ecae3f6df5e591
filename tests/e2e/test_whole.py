"""A whole picture, not square, before another background: to a caller, a viewer and a file."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from client.call import call, connected
from client.devices import SoundFile
from engine.studio import Studio
from engine.types import Picture
from server.protocol import (
    ColourBackground,
    RecordingMessage,
    RecordMessage,
    ServerMessage,
    SessionRequest,
)
from tests.support.leaks import until
from tests.support.serving import serving
from tests.support.whep import watching

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("clean")]
DATA = Path(__file__).parents[1] / "data"
SPEECH = DATA / "speech" / "hibari.wav"
NAVY = (32, 48, 64)


@pytest.fixture
def tall(tmp_path: Path) -> Path:
    """A photograph of 810 x 1381 pixels: one more than is even."""
    photo = Image.open(DATA / "portraits" / "astronaut.jpg").crop((90, 0, 390, 511))
    photo.resize((810, 1381), Image.Resampling.LANCZOS).save(tmp_path / "tall.png")
    return tmp_path / "tall.png"


def rgb(frame: av.VideoFrame) -> Picture:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def check(picture: Picture) -> None:
    """The right shape, the right colour in the corners, somebody in the middle, the badge."""
    assert picture.shape == (1380, 810, 3)
    for corner in (picture[4:24, 4:24], picture[4:24, -24:-4]):
        np.testing.assert_allclose(corner.mean(axis=(0, 1)), NAVY, atol=4)
    assert np.abs(picture[200:700, 200:600].astype(int) - NAVY).mean() > 40


@pytest.mark.parametrize("vp8_only", [False, True], ids=["H264", "VP8"])
async def test_a_caller_a_viewer_and_a_recording_see_all_of_it(
    studio: Studio, tall: Path, vp8_only: bool
) -> None:
    settings = SessionRequest(
        size=256, framing="whole", background=ColourBackground(colour="#203040")
    )
    seen: list[av.VideoFrame] = []
    watched: list[av.VideoFrame] = []
    told: list[RecordingMessage] = []

    def note(message: ServerMessage) -> None:
        if isinstance(message, RecordingMessage):
            told.append(message)

    async with serving(studio, vp8_only=vp8_only) as server:
        async with connected(server.url, SoundFile(SPEECH), settings, tall) as talk:
            assert (talk.session.width, talk.session.height) == (810, 1380)
            talk.on_message, talk.on_picture = note, lambda frame, _: seen.append(frame)
            if not vp8_only:
                talk.send(RecordMessage(on=True))
            async with watching(server.http, talk.session.whep) as viewer:
                viewer.on_picture = watched.append
                await until(lambda: len(seen) > 30 and len(watched) > 10, 20)
            if not vp8_only:
                talk.send(RecordMessage(on=False))
                await until(lambda: told[-1:] != [] and told[-1].state == "ready", 10)
        for frame in (seen[-1], watched[-1]):
            check(rgb(frame))
        moved = seen[-1].to_ndarray(format="gray").astype(int) - seen[10].to_ndarray(format="gray")
        assert np.abs(moved[100:700]).mean() > np.abs(moved[1000:]).mean()
        if not vp8_only:
            film = (await server.http.get(str(told[-1].address))).content
            with av.open(io.BytesIO(film), "r") as container:
                check([rgb(it) for it in container.decode(video=0)][-1])


async def test_the_terminals_call_keeps_a_whole_picture(
    studio: Studio, tall: Path, tmp_path: Path
) -> None:
    wall = tmp_path / "wall.png"
    Image.new("RGB", (100, 100), NAVY).save(wall)
    film = tmp_path / "call.mp4"
    async with serving(studio) as server:
        report = await call(
            server.url, portrait=tall, size=256, framing="whole", background=str(wall),
            seconds=2.5, record=film,
        )  # fmt: skip
    assert report.pictures > 5
    with av.open(str(film), "r") as container:
        check([rgb(it) for it in container.decode(video=0)][-1])
