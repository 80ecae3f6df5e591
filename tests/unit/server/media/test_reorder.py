"""Packets in order, whatever the network makes of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

import pytest

from server.media import reorder
from server.media.reorder import Frame, Order, Packet, PictureOrder, SoundOrder, is_keyframe

SPACING = 0.02


def packet(number: int, arrived: float | None = None, first: int = 0) -> Packet:
    """Of sound, 20 ms; it arrives when it is sent unless said otherwise."""
    when = number * SPACING if arrived is None else arrived
    return Packet((first + number) & 0xFFFF, 960 * number, number.to_bytes(4, "big"), when)


def numbers(packets: Iterable[Packet]) -> list[int]:
    return [int.from_bytes(it.data, "big") for it in packets]


def feed(order: Order, *these: int, first: int = 0) -> list[int]:
    """What comes out for packets that arrive 20 ms after each other, in this order."""
    came = getattr(order, "came", 0)
    out: list[int] = []
    for at, number in enumerate(these, came):
        out += numbers(order.add(packet(number, at * SPACING, first)))
    order.came = came + len(these)  # type: ignore[attr-defined]
    return out


def test_packets_in_order_pass_at_once() -> None:
    order = SoundOrder()
    for number in range(50):
        assert feed(order, number) == [number]
    assert (order.lost, order.late, order.held) == (0, 0, 0)


def test_swapped_packets_are_put_in_order() -> None:
    order = SoundOrder()
    assert feed(order, 0, 2, 1, 3, 5, 6, 4, 7) == list(range(8))
    assert (order.lost, order.late) == (0, 0)


def test_a_lost_packet_is_waited_for_only_so_long() -> None:
    order = SoundOrder()
    assert feed(order, 0, 2, 3) == [0]
    assert order.held == 2
    assert feed(order, 4) == [2, 3, 4]
    assert feed(order, 5) == [5]
    assert (order.lost, order.held) == (1, 0)


def test_long_packets_wait_no_longer_than_short_ones() -> None:
    order = SoundOrder(hold=3, patience=0.06)
    assert numbers(order.add(packet(0, 0.00))) == [0]
    assert numbers(order.add(packet(2, 0.12))) == []
    assert numbers(order.add(packet(3, 0.18))) == [2, 3]


def test_a_burst_is_gone_on_without() -> None:
    order = SoundOrder()
    assert feed(order, 0, 11, 12, 13, 14) == [0, 11, 12, 13, 14]
    assert order.lost == 10


def test_packets_that_come_too_late_are_dropped_and_counted() -> None:
    order = SoundOrder()
    assert feed(order, 0, 2, 3, 4, 1, 5) == [0, 2, 3, 4, 5]
    assert order.late == 1


def test_doubled_packets_pass_once() -> None:
    order = SoundOrder()
    assert feed(order, 0, 1, 1, 3, 3, 2, 2) == [0, 1, 2, 3]
    assert order.late == 3


def test_numbers_wrap() -> None:
    order = SoundOrder()
    assert feed(order, 0, 1, 3, 2, *range(4, 20), first=65_530) == list(range(20))


def test_a_gap_of_200_packets_is_a_loss() -> None:
    order = SoundOrder()
    assert feed(order, 0, 1, *range(201, 210)) == [0, 1, *range(201, 210)]
    assert order.lost == 199


@pytest.mark.parametrize("start", [5_000, 40_000, -150])
def test_a_sender_that_starts_anew_is_followed_and_nothing_that_waited_is_lost(start: int) -> None:
    order = SoundOrder()
    assert numbers(order.add(packet(300))) == [300]
    assert numbers(order.add(packet(302))) == []
    anew = [packet(300 + start + it, 10.0) for it in range(4)]
    out = [it for one in anew for it in order.add(one)]
    assert out == [packet(302), *anew]


def test_one_stray_packet_changes_nothing() -> None:
    order = SoundOrder()
    assert feed(order, 0, 1, 5_000, 2, 3, 9_000, 4) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("loss", [0.01, 0.03, 0.1])
@pytest.mark.parametrize("seed", range(3))
def test_all_that_comes_in_time_passes_and_waits_little(loss: float, seed: int) -> None:
    chance = random.Random(seed)
    sent = [number for number in range(4_000) if number == 0 or chance.random() > loss]
    arrivals = sorted((number * SPACING + chance.expovariate(1 / 0.005), number) for number in sent)
    order = SoundOrder()
    out: list[int] = []
    waits: list[float] = []
    for when, number in arrivals:
        for it in order.add(packet(number, when, first=60_000)):
            waits.append(when - it.arrived)
            out.append(int.from_bytes(it.data, "big"))
    in_time = len(sent) - order.late - order.held
    assert out == sorted(set(out)) and len(out) == in_time
    assert order.late <= 2 and order.held <= 2
    assert sorted(waits)[len(waits) * 95 // 100] <= 0.06
    assert max(waits) <= 0.13


def test_bursts_and_doubles_and_swaps_together_keep_the_order_and_the_count() -> None:
    chance = random.Random(5)
    order = SoundOrder()
    sent: list[int] = []
    number = 0
    while number < 3_000:
        if chance.random() < 0.01:
            number += chance.randint(1, 30)
        sent += [number] * (2 if chance.random() < 0.05 else 1)
        number += 1
    for at in range(0, len(sent) - 1, 17):
        sent[at], sent[at + 1] = sent[at + 1], sent[at]
    sent = [0, *sent]
    out = feed(order, *sent)
    assert out == sorted(set(sent))[: len(out)]
    assert len(out) + order.held == len(set(sent))
    assert order.lost + len(out) + order.held == max(sent) + 1


# Pictures


def picture(index: int, parts: int, start: int) -> list[Packet]:
    """The packets of a picture; each carries its own name."""
    return [
        Packet(
            (start + it) & 0xFFFF,
            3_600 * index,
            f"{index}.{it} ".encode(),
            index * 0.04,
            marker=it == parts - 1,
        )
        for it in range(parts)
    ]


def stream(sizes: Sequence[int], first: int = 65_500) -> list[list[Packet]]:
    starts = [first + sum(sizes[:it]) for it in range(len(sizes))]
    return [picture(it, size, starts[it]) for it, size in enumerate(sizes)]


def shown(frames: Iterable[Frame]) -> list[int]:
    return [it.timestamp // 3_600 for it in frames]


def flat(pictures: Iterable[list[Packet]]) -> list[Packet]:
    return [it for one in pictures for it in one]


def run(order: PictureOrder, packets: Iterable[Packet]) -> list[Frame]:
    return [frame for it in packets for frame in order.frames(it)]


def test_a_picture_is_given_with_its_last_packet() -> None:
    order = PictureOrder()
    for index, packets in enumerate(stream([3, 1, 5, 2] * 20)):
        frames = run(order, packets)
        assert shown(frames) == [index]
        assert frames[0].data == b"".join(it.data for it in packets)
    assert (order.lost, order.late, order.held, order.dropped) == (0, 0, 0, 0)
    assert not order.broken


def test_a_very_large_picture_is_given_whole() -> None:
    order = PictureOrder()
    frames = run(order, flat(stream([2, 700, 2])))
    assert shown(frames) == [0, 1, 2]
    assert len(frames[1].data.split()) == 700


def test_a_sender_without_markers_is_understood() -> None:
    order = PictureOrder()
    bare = [Packet(it.number, it.timestamp, it.data, 0.0) for it in flat(stream([2, 3, 1, 2]))]
    assert shown(run(order, bare)) == [0, 1, 2]


def test_swapped_packets_of_pictures_are_put_in_order() -> None:
    order = PictureOrder()
    packets = flat(stream([3] * 10))
    for at in range(1, len(packets) - 1, 5):
        packets[at], packets[at + 1] = packets[at + 1], packets[at]
    frames = run(order, packets)
    assert shown(frames) == list(range(10))
    assert all(it.data.split() == sorted(it.data.split()) for it in frames)
    assert not order.broken


def test_a_packet_that_is_sent_again_frees_all_pictures_that_waited() -> None:
    order = PictureOrder()
    pictures = stream([3] * 5)
    missing = pictures[1].pop(1)
    assert shown(run(order, flat(pictures))) == [0]
    assert shown(order.frames(missing)) == [1, 2, 3, 4]
    assert (order.lost, order.broken) == (0, False)


def test_a_lost_packet_costs_its_picture_and_asks_for_a_whole_one() -> None:
    order = PictureOrder(patience=0.25)
    pictures = stream([3] * 20)
    del pictures[4][1]
    frames = run(order, flat(pictures))
    assert shown(frames) == [it for it in range(20) if it != 4]
    assert order.broken and (order.lost, order.dropped) == (1, 1)


def test_the_wait_for_a_lost_packet_has_an_end() -> None:
    order = PictureOrder(patience=0.25)
    pictures = stream([1] * 30)
    assert shown(run(order, flat(pictures[:5]))) == list(range(5))
    given = [(it, shown(run(order, pictures[it]))) for it in range(6, 20)]
    first = next(at for at, frames in given if frames)
    assert (first - 6) * 0.04 <= 0.25 + 0.04
    assert [it for _, frames in given for it in frames] == list(range(7, 20))


def test_lost_ends_of_pictures_and_whole_pictures_leave_no_broken_ones() -> None:
    chance = random.Random(3)
    order = PictureOrder(patience=0.1)
    pictures = stream([chance.randint(1, 6) for _ in range(500)])
    lossy = [[it for it in one if chance.random() > 0.03] for one in pictures]
    frames = run(order, flat(lossy))
    whole = {it: b"".join(part.data for part in one) for it, one in enumerate(pictures)}
    assert all(whole[it.timestamp // 3_600] == it.data for it in frames)
    assert order.broken and len(frames) > 350


def test_padding_is_no_picture() -> None:
    order = PictureOrder()
    one, two = picture(0, 2, 10), picture(1, 2, 14)
    padding = [Packet(it, 0, b"", 0.0) for it in (12, 13)]
    frames = run(order, [*one, *padding, *two])
    assert shown(frames) == [0, 1] and all(it.data for it in frames)


def test_a_new_stream_of_pictures_starts_with_a_question() -> None:
    order = PictureOrder()
    run(order, flat(stream([2] * 3, first=100)))
    assert shown(run(order, flat(stream([2] * 3, first=30_000)))) == [1, 2]
    assert order.broken


def test_what_waits_has_a_bound() -> None:
    order = PictureOrder(patience=1e9)
    for it in flat(stream([1] * 3_000, first=0)):
        if it.number != 5:
            order.frames(it)
        assert order.held <= reorder.AHEAD


def test_keyframes_are_told_from_others() -> None:
    assert is_keyframe("VP8", b"\x10\x02") and not is_keyframe("VP8", b"\x11\x02")
    assert is_keyframe("H264", b"\0\0\0\1\x67\x42\0\0\0\1\x68\xce\0\0\1\x65\x88")
    assert is_keyframe("H264", b"\0\0\1\x65\x88")
    assert not is_keyframe("H264", b"\0\0\0\1\x41\x9a\0\0\1\x41\x9a")
    assert not is_keyframe("H264", b"") and not is_keyframe("VP8", b"")
