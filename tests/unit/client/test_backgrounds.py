from __future__ import annotations

from pathlib import Path

import pytest

from client.backgrounds import named
from client.errors import FileUnusable
from server.protocol import AsItIs, BlurredBackground, ColourBackground, PictureBackground


def test_what_somebody_types_is_what_is_asked_for(tmp_path: Path) -> None:
    wall = tmp_path / "wall.png"
    wall.write_bytes(b"")
    assert named("as_is") == (AsItIs(), None)
    assert named("blur") == (BlurredBackground(), None)
    assert named("#20304F") == (ColourBackground(colour="#20304F"), None)
    assert named(str(wall)) == (PictureBackground(), wall)


@pytest.mark.parametrize("text", ["", "#20304", "#gggggg", "#2030405", "blurred", "no/such.png"])
def test_what_is_no_background_is_said(text: str) -> None:
    with pytest.raises(FileUnusable, match="#rrggbb"):
        named(text)
