"""Cameras, messages and files move a session's face."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.controls import Setting
from engine.errors import MotionTaken, MotionUnreadable, RequestRefused
from engine.motion_file import MotionTake
from server.protocol import CameraStats, MotionMessage
from tests.support.drivers import Moved, grey
from tests.support.leaks import until
from tests.support.motions import motion


def follow(moved: Moved) -> None:
    controls = replace(moved.pipeline.controls, pose=Setting("camera"), steadiness=0.0)
    moved.pipeline.change(controls)


async def shown(moved: Moved, level: int) -> None:
    """A picture, read to its end."""
    count = len(moved.finder.seen)
    moved.driving.see(grey(level), moved.clock.now())
    await until(lambda: len(moved.finder.seen) > count)
    await until(lambda: moved.driving.queue.depth == 0)


def told(moved: Moved) -> CameraStats:
    stats = moved.driving.stats
    assert stats is not None
    return stats


async def test_a_camera_is_read_only_while_it_is_followed(moved: Moved) -> None:
    moved.driving.see(grey(10), moved.clock.now())
    assert moved.opened == 0 and moved.driving.stats is None
    follow(moved)
    moved.mix()
    await shown(moved, 10)
    assert moved.opened == 1 and told(moved).tracker == "server"
    await moved.driving.close()
    assert moved.finder.closed


async def test_a_turned_head_turns_the_face(moved: Moved) -> None:
    follow(moved)
    moved.mix()
    for _ in range(40):
        await shown(moved, 10)
        moved.mix()
    assert told(moved).state == "following" and told(moved).quality == 1.0
    for _ in range(15):
        await shown(moved, 18)
        motion = moved.mix()
    assert motion.pose[0] == pytest.approx(8.0, abs=0.1)
    for _ in range(15):
        await shown(moved, 255)
        moved.mix()
    assert told(moved).state == "lost" and told(moved).quality < 0.6
    await moved.driving.close()


async def test_only_the_newest_picture_waits(moved: Moved) -> None:
    follow(moved)
    moved.mix()
    moved.finder.go_on.clear()
    for level in range(5):
        moved.driving.see(grey(level * 10), moved.clock.now())
    assert moved.driving.queue.depth == 1 and moved.driving.queue.dropped == 3
    moved.finder.go_on.set()
    await until(lambda: moved.finder.seen == [0, 40])
    await moved.driving.close()


async def test_a_tracker_that_cannot_be_opened_is_told_once(moved: Moved) -> None:
    follow(moved)
    moved.blind = True
    for _ in range(3):
        moved.driving.see(grey(0), moved.clock.now())
        await until(lambda: len(moved.failures) == 1)
    assert moved.failures[0].code == "tracker_missing"
    await moved.driving.close()


async def test_a_page_that_reads_for_itself_goes_before_its_camera(moved: Moved) -> None:
    follow(moved)
    moved.mix()
    for tick in range(40):
        moved.driving.take(MotionMessage(time=tick * 0.04, driver=True, coefficients={"yaw": 3.0}))
        moved.driving.see(grey(10), moved.clock.now())
        moved.mix()
    assert moved.opened == 0 and told(moved).tracker == "page"
    for tick in range(40, 55):
        moved.driving.take(MotionMessage(time=tick * 0.04, driver=True, coefficients={"yaw": 9.0}))
        motion = moved.mix()
    assert motion.pose[0] == pytest.approx(6.0, abs=0.1)
    moved.mix(40)
    await shown(moved, 10)
    assert told(moved).tracker == "server", "the page's own tracker has ended"
    await moved.driving.close()


async def test_a_bundle_that_reads_faces_itself_is_shown_them(seen: Moved) -> None:
    follow(seen)
    seen.mix()
    for _ in range(40):
        await shown(seen, 40)
        rest = seen.mix()
    assert told(seen).state == "following" and told(seen).tracker == "server"
    np.testing.assert_allclose(rest.pose, 0, atol=1e-5)
    for _ in range(10):
        await shown(seen, 200)
        moved = seen.mix()
    assert np.abs(moved.pose).max() > 0.01
    await seen.driving.close()


async def test_such_a_bundle_has_no_use_for_readings(seen: Moved) -> None:
    """They are refused, and the camera is read as if nobody had sent any."""
    follow(seen)
    with pytest.raises(RequestRefused, match="send the camera's pictures"):
        seen.driving.take(MotionMessage(time=0, driver=True, coefficients={"yaw": 3.0}))
    seen.driving.take(MotionMessage(time=0, coefficients={"pose00": 3.0}))
    await shown(seen, 40)
    assert told(seen).tracker == "server"
    await seen.driving.close()


async def test_the_way_from_reading_to_picture_is_told(moved: Moved) -> None:
    follow(moved)
    moved.driving.take(MotionMessage(time=0, driver=True))
    arrived = moved.clock.now()
    moved.clock.advance(0.09)
    moved.driving.shown(arrived)
    assert told(moved).latency_ms == pytest.approx(90)


async def test_a_stream_that_is_no_driver_is_taken_as_it_is(moved: Moved) -> None:
    moved.pipeline.change(replace(moved.pipeline.controls, mouth=Setting("motion"), fade_ms=0))
    for tick in range(30):
        moved.driving.take(MotionMessage(time=tick * 0.04, coefficients={"jawOpen": 0.4}))
        mixed = moved.mix()
    assert mixed.mouth.max() == pytest.approx(0.4) and moved.driving.stats is None


async def test_a_motion_file_is_played_and_stopped(moved: Moved) -> None:
    take = MotionTake(moved.pipeline.names)
    for _ in range(50):
        take.add(motion(yaw=-9.0))
    accepted = await moved.driving.play(take.packed(), loop=True)
    assert (accepted.seconds, accepted.loop) == (2.0, True)
    moved.pipeline.change(replace(moved.pipeline.controls, pose=Setting("file")))
    assert moved.mix(80).pose[0] == pytest.approx(-9.0)
    with pytest.raises(MotionUnreadable):
        await moved.driving.play(b"nothing", loop=False)
    assert moved.mix(10).pose[0] == pytest.approx(-9.0), "what was played goes on"
    moved.driving.stop()
    assert moved.mix(10).pose[0] != pytest.approx(-9.0)


def test_one_sender_at_a_time(moved: Moved) -> None:
    moved.driving.hold(1)
    with pytest.raises(MotionTaken):
        moved.driving.hold(2)
    moved.driving.release()
    moved.driving.hold(2)
