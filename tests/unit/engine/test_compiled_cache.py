"""What was compiled is found again whole, or not at all."""

from __future__ import annotations

import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from engine.backends.compiled_cache import DIGEST, CompiledCache

KEY = "graph, version, GPU"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "caches" / "compiled"


def the_file(folder: Path) -> Path:
    (only,) = folder.iterdir()
    return only


def test_what_was_put_in_is_found_again(folder: Path) -> None:
    cache = CompiledCache(folder)
    assert cache.get(KEY) is None
    cache.put(KEY, b"engine")
    assert CompiledCache(folder).get(KEY) == b"engine"
    cache.put(KEY, b"another")
    assert cache.get(KEY) == b"another"
    cache.drop(KEY)
    assert cache.get(KEY) is None and not list(folder.iterdir())


def test_another_key_finds_nothing(folder: Path) -> None:
    CompiledCache(folder).put(KEY, b"engine")
    assert CompiledCache(folder).get(f"{KEY} 2") is None


@pytest.mark.parametrize("place", [0, DIGEST, -1], ids=["digest", "first byte", "last byte"])
def test_a_damaged_file_is_not_handed_out_and_goes(folder: Path, place: int) -> None:
    cache = CompiledCache(folder)
    cache.put(KEY, b"engine")
    content = bytearray(the_file(folder).read_bytes())
    content[place] ^= 1
    the_file(folder).write_bytes(content)
    assert cache.get(KEY) is None
    assert not list(folder.iterdir())


@pytest.mark.parametrize("content", [b"", b"short", b"e" * 100])
def test_what_was_never_put_in_is_not_handed_out(folder: Path, content: bytes) -> None:
    cache = CompiledCache(folder)
    cache.put(KEY, b"engine")
    the_file(folder).write_bytes(content)
    assert cache.get(KEY) is None


def test_a_file_under_another_name_is_not_handed_out(folder: Path) -> None:
    """An engine for another GPU, say, that somebody copied."""
    cache = CompiledCache(folder)
    cache.put("other", b"engine")
    other = the_file(folder)
    cache.put(KEY, b"engine")
    (wanted,) = set(folder.iterdir()) - {other}
    other.replace(wanted)
    assert cache.get(KEY) is None


def test_it_is_private(folder: Path) -> None:
    CompiledCache(folder).put(KEY, b"engine")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(the_file(folder).stat().st_mode) == 0o600


def test_what_others_may_write_to_is_not_trusted(folder: Path) -> None:
    cache = CompiledCache(folder)
    cache.put(KEY, b"engine")
    the_file(folder).chmod(0o620)
    assert cache.get(KEY) is None
    the_file(folder).chmod(0o600)
    folder.chmod(0o777)
    assert cache.get(KEY) is None
    cache.put("another", b"engine")
    assert len(list(folder.iterdir())) == 1
    folder.chmod(0o700)
    assert cache.get(KEY) == b"engine"


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    cache = CompiledCache(folder)
    cache.put(KEY, b"engine")
    path = the_file(folder)
    path.symlink_to(path.replace(tmp_path / "elsewhere"))
    assert cache.get(KEY) is None


def test_the_one_not_used_for_longest_goes_first(folder: Path) -> None:
    cache = CompiledCache(folder, bound=3 * (DIGEST + 10))
    for age, key in enumerate("abc"):
        before = set(folder.iterdir()) if folder.exists() else set[Path]()
        cache.put(key, key.encode() * 10)
        (made,) = set(folder.iterdir()) - before
        os.utime(made, (100 + age, 100 + age))
    assert cache.get("a") == b"a" * 10  # used just now
    cache.put("d", b"d" * 10)
    assert [cache.get(key) is not None for key in "abcd"] == [True, False, True, True]


def test_what_a_killed_process_left_goes_too(folder: Path) -> None:
    cache = CompiledCache(folder, bound=2 * (DIGEST + 10))
    cache.put("a", b"a" * 10)
    left = folder / "tmpabcdef"
    left.write_bytes(b"x" * (DIGEST + 10))
    os.utime(left, (100, 100))
    cache.put("b", b"b" * 10)
    assert not left.exists() and cache.get("a") and cache.get("b")


def test_what_is_larger_than_all_room_is_not_kept(folder: Path) -> None:
    cache = CompiledCache(folder, bound=DIGEST + 10)
    cache.put("a", b"a" * 10)
    cache.put("b", b"b" * 11)
    assert cache.get("a") == b"a" * 10 and cache.get("b") is None


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "no folder"
    file.write_bytes(b"")
    cache = CompiledCache(file / "compiled")
    cache.put(KEY, b"engine")
    assert cache.get(KEY) is None
    cache.drop(KEY)


def write_often(folder: Path, letter: str) -> None:
    cache = CompiledCache(folder)
    for _ in range(50):
        cache.put(KEY, letter.encode() * 100_000)


def test_two_processes_at_once_leave_one_whole_file(folder: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=write_often, args=(folder, letter)) for letter in "ab"]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        if folder.exists() and (found := CompiledCache(folder).get(KEY)) is not None:
            seen.add(found)
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert seen <= {b"a" * 100_000, b"b" * 100_000}
    assert CompiledCache(folder).get(KEY) in (b"a" * 100_000, b"b" * 100_000)
    assert len(list(folder.iterdir())) == 1
