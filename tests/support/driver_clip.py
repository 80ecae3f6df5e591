"""A film of an invented person whose motion is known (see train.people.clip)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

CLIP: Final = Path(__file__).parents[1] / "data" / "driver" / "invented-900060.mp4"
SECONDS: Final = 8.0
