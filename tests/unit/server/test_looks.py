from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import LooksFull, UnknownLook
from server import limits
from server.looks import Looks
from server.protocol import ComponentPatch, ControlsPatch, Look

CALM = Look(name="calm", controls=ControlsPatch(emotion="neutral", gaze=0.2))
LIVE = Look(name="Live", controls=ControlsPatch(pose=ComponentPatch(source="camera")))


async def test_looks_are_kept_by_person_and_name() -> None:
    looks = Looks()
    await looks.save("ann", CALM)
    await looks.save("ann", LIVE)
    await looks.save("bob", CALM)
    assert looks.of("ann") == [LIVE, CALM] and looks.of("bob") == [CALM]
    assert looks.of("eve") == []
    other = CALM.model_copy(update={"controls": ControlsPatch(gaze=1.0)})
    await looks.save("ann", other)
    assert looks.of("ann") == [LIVE, other]
    await looks.delete("ann", "calm")
    assert looks.of("ann") == [LIVE] and looks.of("bob") == [CALM]
    with pytest.raises(UnknownLook):
        await looks.delete("ann", "calm")


async def test_they_outlive_the_server(tmp_path: Path) -> None:
    path = tmp_path / "new" / "looks.json"
    looks = Looks(path)
    await looks.save("ann", CALM)
    await looks.save("ann", LIVE)
    await looks.delete("ann", "calm")
    assert Looks(path).of("ann") == [LIVE]
    assert [it.name for it in path.parent.iterdir()] == ["looks.json"]


async def test_a_file_that_cannot_be_read_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "looks.json"
    path.write_text("{ not json")
    looks = Looks(path)
    await looks.save("ann", CALM)
    assert looks.of("ann") == [CALM] and path.read_text() == "{ not json"


async def test_as_many_as_may_be_and_not_one_more() -> None:
    looks = Looks()
    for number in range(limits.LOOKS):
        await looks.save("ann", Look(name=f"look {number}", controls=ControlsPatch()))
    with pytest.raises(LooksFull):
        await looks.save("ann", CALM)
    await looks.save("ann", Look(name="look 1", controls=CALM.controls))
    for number in range(1, limits.LOOK_PEOPLE):
        await looks.save(f"person {number}", CALM)
    with pytest.raises(LooksFull):
        await looks.save("one more", CALM)
