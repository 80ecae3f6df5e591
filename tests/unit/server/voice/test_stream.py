"""What waits, what plays and what has been played, tick by tick, without any time passing."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UnknownSession, VoiceTaken
from engine.types import SOUND_RATE, SOUND_TICK, Sound
from server import limits
from server.protocol import SpeechMessage
from server.voice.line import CAPACITY, UNDER_WAY
from tests.support.speech import tone
from tests.support.voices import Speaker, counting, idle

CUSHION = SOUND_TICK + SOUND_RATE * limits.VOICE_CUSHION_MS // 1000


class Listening:
    """A writer that remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.times_cleared = 0

    def told(self, message: SpeechMessage) -> None:
        self.heard.append(f"{message.event} {message.utterance}")

    def cleared(self) -> None:
        self.times_cleared += 1


@pytest.fixture
async def it() -> Speaker:
    return Speaker()


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
async def test_an_utterance_is_played_from_its_first_sample_to_its_last(
    it: Speaker, rate: int, channels: int
) -> None:
    samples = tone(1.0, rate=rate)
    it.push(np.repeat(samples[:, None], 2, axis=1) if channels == 2 else samples, rate)
    it.voice.end()
    assert it.play_out() == 25
    assert len(it.played) == SOUND_RATE
    assert it.events == [("started", 1, 0.0), ("ended", 1, 1000.0)]


async def test_without_an_utterance_the_microphone_is_heard(it: Speaker) -> None:
    assert it.play(3) == [False, False, False]
    assert not it.voice.playing and it.events == []


async def test_nothing_of_it_is_lost_or_doubled(it: Speaker) -> None:
    samples = counting(10 * SOUND_TICK + 77)
    for at in range(0, len(samples), 700):
        it.push(samples[at : at + 700])
    it.voice.end()
    it.play_out()
    assert (it.played[: len(samples)] == samples).all() and not it.played[len(samples) :].any()


async def test_a_slow_sender_starts_with_a_cushion(it: Speaker) -> None:
    it.push(counting(CUSHION - 1))
    assert it.play() == [False]
    it.push(counting(1))
    assert it.play() == [True]


async def test_a_complete_utterance_needs_none(it: Speaker) -> None:
    it.push(counting(10))
    it.voice.end()
    assert it.play(2) == [True, False]
    assert it.events[-1] == ("ended", 1, 0.208)


async def test_a_word_without_an_end_is_not_kept_back_for_ever(it: Speaker) -> None:
    it.push(counting(500))
    assert it.play(5) == [False, False, False, True, True]
    assert it.played[:500].any()


async def test_running_dry_is_silence_and_goes_on_with_nothing_lost(it: Speaker) -> None:
    samples = counting(4 * CUSHION)
    it.push(samples[: 2 * CUSHION])
    assert all(it.play(10)), "an utterance that has not ended keeps the microphone out"
    assert it.voice.underruns == 1
    it.push(samples[2 * CUSHION :])
    it.voice.end()
    it.play_out()
    assert (it.played[it.played > 0] == samples).all()
    assert it.events == [("started", 1, 0.0), ("ended", 1, 400.0)]


async def test_jitter_of_the_cushions_size_is_not_heard(it: Speaker) -> None:
    """A sender in real time whose packets of 20 ms come up to 60 ms late."""
    lateness = np.random.default_rng(3).integers(0, limits.VOICE_CUSHION_MS, 500)
    arrivals = np.maximum.accumulate(np.arange(500) * 20 + lateness)
    sent = 0
    for now in range(0, 9_000, 40):
        while sent < 500 and arrivals[sent] <= now:
            it.push(counting(960, sent * 960))
            sent += 1
        it.play()
    assert it.voice.underruns == 0
    first = int(np.argmax(it.played > 0))
    assert (it.played[first : first + 400_000] == counting(400_000)).all()


async def test_when_sound_left_the_stream_is_told_but_not_of_silence(it: Speaker) -> None:
    it.push(counting(CUSHION))
    stamps = [taken[1] for taken in (it.take(), it.take(), it.take(), it.take()) if taken]
    assert stamps == [100.0, pytest.approx(100.04), pytest.approx(100.08), None]


async def test_utterances_follow_one_another_within_a_tick(it: Speaker) -> None:
    for number in range(3):
        it.push(counting(1_000, 1_000 * number))
        it.voice.end()
    assert it.play_out() == 2
    assert (it.played[:3_000] == counting(3_000)).all()
    assert it.events == [
        ("started", 1, 0.0),
        ("ended", 1, 20.833),
        ("started", 2, 0.0),
        ("ended", 2, 20.833),
        ("started", 3, 0.0),
        ("ended", 3, 20.833),
    ]


async def test_an_end_that_comes_after_all_was_played_is_told_at_once(it: Speaker) -> None:
    it.push(counting(3 * SOUND_TICK))
    it.play(5)
    assert it.events == [("started", 1, 0.0)]
    it.voice.end()
    assert it.events[-1] == ("ended", 1, 120.0)
    it.voice.end()
    assert len(it.events) == 2


async def test_never_more_than_five_seconds_wait(it: Speaker) -> None:
    it.push(counting(6 * SOUND_RATE))
    assert it.voice.queue.depth == it.voice.queue.capacity == 5_000
    assert it.voice.queue.dropped == 1_000 and it.voice.dropped == SOUND_RATE
    it.voice.end()
    it.play_out()
    assert it.events[-1] == ("ended", 1, 5000.0)


async def test_the_last_millisecond_has_room_when_all_is_full(it: Speaker) -> None:
    it.push(tone(5.0, rate=24_000), 24_000)
    assert it.voice.dropped == 0
    it.voice.end()
    it.play_out()
    assert it.events[-1] == ("ended", 1, 5000.0)


async def test_a_fast_writer_waits_for_room(it: Speaker) -> None:
    samples = counting(60 * SOUND_RATE)
    writing = asyncio.create_task(it.voice.write(Sound(samples, SOUND_RATE)))
    deepest = 0
    while not writing.done():
        await idle(3)
        deepest = max(deepest, it.voice.queue.depth)
        it.play()
    it.voice.end()
    it.play_out()
    assert deepest == 5_000 and it.voice.dropped == 0
    assert (it.played[: len(samples)] == samples).all()


async def test_a_position_counts_what_was_handed_over_and_not_what_was_taken(it: Speaker) -> None:
    it.push(counting(2 * SOUND_RATE))
    it.voice.end()
    for _ in range(10):
        it.take()
    for tick in range(4):
        it.voice.handed(tick)
    it.interrupt()
    assert it.events == [("started", 1, 0.0), ("interrupted", 1, 160.0)]
    assert it.play() == [False]
    for tick in range(4, 12):
        it.voice.handed(tick)
    assert len(it.events) == 2


async def test_ticks_that_were_never_handed_over_do_not_count(it: Speaker) -> None:
    it.push(counting(5 * SOUND_TICK))
    it.voice.end()
    for _ in range(5):
        it.take()
    for tick in (1, 4):
        it.voice.handed(tick)
    assert it.events == [("started", 1, 0.0), ("ended", 1, 80.0)]


async def test_what_is_under_way_is_bounded_too(it: Speaker) -> None:
    """A session that takes and never hands over, because nobody is connected any more."""
    it.push(counting(SOUND_TICK))
    it.voice.end()
    for _ in range(UNDER_WAY + 1):
        it.take()
    assert it.events == []
    it.take()
    assert it.events == [("ended", 1, 0.0)]


async def test_all_that_wait_are_interrupted_and_each_is_told_once(it: Speaker) -> None:
    for _ in range(3):
        it.push(counting(SOUND_TICK))
        it.voice.end()
    it.play(2)
    it.interrupt()
    it.interrupt()
    assert it.events[-1] == ("interrupted", 3, 0.0)
    assert [event for event, *_ in it.events].count("interrupted") == 1
    assert it.voice.queue.depth == 0


async def test_the_rest_of_an_interrupted_utterance_is_thrown_away(it: Speaker) -> None:
    it.push(counting(CUSHION))
    it.play()
    it.interrupt()
    it.push(counting(SOUND_RATE))
    assert it.play(3) == [False] * 3 and it.voice.queue.depth == 0
    it.voice.end()
    it.push(counting(SOUND_TICK))
    it.voice.end()
    assert it.play(2) == [True, False]
    assert it.events[-1] == ("ended", 2, 40.0)


async def test_after_a_complete_utterance_was_interrupted_the_next_is_heard(it: Speaker) -> None:
    it.push(counting(SOUND_RATE))
    it.voice.end()
    it.play(3)
    it.interrupt()
    it.push(counting(SOUND_TICK))
    it.voice.end()
    assert it.play(2) == [True, False]


async def test_a_writer_that_waits_for_room_forgets_what_was_interrupted(it: Speaker) -> None:
    writing = asyncio.create_task(it.voice.write(Sound(counting(7 * SOUND_RATE), SOUND_RATE)))
    await idle()
    it.interrupt()
    it.voice.end()
    await writing
    assert it.voice.queue.depth == 0
    assert it.events == [("interrupted", 1, 0.0)]


async def test_announced_utterances_are_filled_in_their_order(it: Speaker) -> None:
    assert [it.voice.announce(), it.voice.announce()] == [1, 2]
    assert it.play() == [False]
    for start in (0, SOUND_TICK):
        it.push(counting(SOUND_TICK, start))
        it.voice.end()
    it.play_out()
    assert (it.played == counting(2 * SOUND_TICK)).all()
    assert it.events[-1] == ("ended", 2, 40.0)


async def test_one_writer_at_a_time(it: Speaker) -> None:
    it.voice.hold(Listening())
    with pytest.raises(VoiceTaken, match="somebody else speaks"):
        it.voice.hold(Listening())
    it.voice.release()
    it.voice.hold(Listening())


async def test_a_writer_hears_of_its_own_utterances_only(it: Speaker) -> None:
    first, second = Listening(), Listening()
    it.voice.hold(first)
    it.push(counting(2 * SOUND_TICK))
    it.play()
    it.voice.release()
    it.voice.hold(second)
    it.push(counting(SOUND_TICK))
    it.voice.end()
    it.play_out()
    assert first.heard == [] and second.heard == ["started 2", "ended 2"]
    it.interrupt()
    assert (first.times_cleared, second.times_cleared) == (0, 1)


async def test_whoever_leaves_in_the_middle_has_spoken_what_was_sent(it: Speaker) -> None:
    it.voice.hold(Listening())
    it.push(counting(CUSHION))
    it.voice.release()
    it.play_out()
    assert it.events[-1] == ("ended", 1, 100.0)


async def test_a_closed_stream_wakes_its_writer_and_takes_no_more(it: Speaker) -> None:
    writing = asyncio.create_task(it.voice.write(Sound(counting(7 * SOUND_RATE), SOUND_RATE)))
    await idle()
    it.voice.close("its page left")
    it.voice.close("again")
    await writing
    it.push(counting(SOUND_RATE))
    assert it.voice.closed == "its page left" and it.voice.queue.depth == 0
    assert it.events == [("interrupted", 1, 0.0)]
    with pytest.raises(UnknownSession):
        it.voice.hold(Listening())


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.integers(0, 6_000)),
        st.tuples(st.sampled_from(["end", "clear", "announce", "abandon"]), st.just(0)),
        st.tuples(st.sampled_from(["play", "take"]), st.integers(1, 4)),
    ),
    max_size=40,
)


@given(steps=STEPS)
def test_every_utterance_ends_in_exactly_one_event(steps: list[tuple[str, int]]) -> None:
    async def run() -> None:
        it = Speaker()
        for what, count in steps:
            match what:
                case "push":
                    it.push(counting(count))
                case "play":
                    it.play(count)
                case "take":
                    for _ in range(count):
                        it.take()
                case "clear":
                    it.interrupt()
                case _:
                    getattr(it.voice, what)()
            assert it.voice.queue.depth <= CAPACITY
        while it.voice.open:
            it.voice.end()
        it.play_out()
        it.play(UNDER_WAY + 2)
        last = [number for event, number, _ in it.events if event != "started"]
        assert sorted(last) == list(range(1, len(last) + 1))
        started = [number for event, number, _ in it.events if event == "started"]
        assert len(set(started)) == len(started)
        assert all(position == 0 for event, _, position in it.events if event == "started")

    asyncio.run(run())
