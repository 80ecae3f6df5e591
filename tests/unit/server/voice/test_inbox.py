"""What is read ahead: bounded, in order, in pieces of a useful size."""

from __future__ import annotations

import asyncio

import pytest

from server.voice.inbox import PIECE, Inbox
from tests.support.voices import idle


async def emptied(inbox: Inbox) -> list[bytes | None]:
    inbox.close()
    got: list[bytes | None] = []
    try:
        while True:
            got.append(await inbox.get())
    except EOFError:
        return got


async def test_small_messages_become_one_piece_and_ends_stay_where_they_are() -> None:
    inbox = Inbox()
    for data in (b"a", b"b", b"c"):
        inbox.put(data)
    inbox.end()
    inbox.put(b"d")
    assert await emptied(inbox) == [b"abc", None, b"d"]
    assert len(inbox) == 0


async def test_a_large_message_is_given_in_pieces() -> None:
    inbox = Inbox()
    inbox.put(bytes(PIECE + 1))
    assert [len(piece or b"") for piece in await emptied(inbox)] == [PIECE, 1]


async def test_its_writer_waits_while_it_is_full() -> None:
    inbox = Inbox(capacity=100)
    inbox.put(bytes(100))
    waiting = asyncio.create_task(inbox.room())
    await idle()
    assert not waiting.done()
    assert await inbox.get() == bytes(100)
    await waiting


async def test_its_reader_waits_while_it_is_empty() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.get())
    await idle()
    assert not waiting.done()
    inbox.put(b"x")
    assert await waiting == b"x"


async def test_ends_are_counted_too_so_that_they_cannot_fill_the_memory() -> None:
    inbox = Inbox(capacity=640)
    for _ in range(10):
        inbox.end()
    waiting = asyncio.create_task(inbox.room())
    await idle()
    assert not waiting.done()
    inbox.clear()
    await waiting


async def test_what_is_dropped_is_told_in_order() -> None:
    inbox = Inbox()
    inbox.end()
    inbox.put(b"ab")
    inbox.end()
    inbox.put(b"c")
    assert inbox.clear() == ["end", "sound", "end", "sound"]
    assert len(inbox) == 0 and await emptied(inbox) == []


async def test_a_reader_that_waits_is_told_of_the_end() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.get())
    await idle()
    inbox.close()
    with pytest.raises(EOFError):
        await waiting
