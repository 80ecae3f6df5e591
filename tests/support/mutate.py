"""Input that is almost right: seeded changes of descriptions, messages and bytes."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from typing import Any, Final

NUMBERS: Final = ("-1", "0", "1", "65535", "65536", "4294967296", "1e308", "9" * 40, "", "x")
WORDS: Final = ("", "\x00", "%s%n", "../../etc/passwd", "\u202e", "A" * 2_000, "ä", "\r\n\r\n", "'")
VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 0.5, 2, 1e308, float("nan"), float("inf"), "", "x" * 500, [], {},
    [[]], {"type": "ping"}, 2**80,
)  # fmt: skip
FIELDS: Final = (*WORDS, "type", "time", "controls")
MOST_CHANGES: Final = 4


class Mutator:
    """Makes the same sequence of changes from the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def text(self, honest: str) -> str:
        """A session description, or any text made of lines, with one to four changes."""
        lines = honest.splitlines(keepends=True)
        for _ in range(self._random.randint(1, MOST_CHANGES)):
            self._random.choice(self._line_changes())(lines)
        whole = "".join(lines)
        return whole[: self._random.randrange(len(whole) + 1)] if self._seldom() else whole

    def message(self, honest: dict[str, Any]) -> str:
        """A JSON message with changed, missing and further fields; sometimes broken JSON."""
        changed = json.loads(json.dumps(honest))
        for _ in range(self._random.randint(1, MOST_CHANGES)):
            self._change_tree(changed)
        text = json.dumps(changed)
        return self.bytes(text.encode()).decode("utf-8", "replace") if self._seldom() else text

    def bytes(self, honest: bytes) -> bytes:
        """Bytes flipped, cut out, doubled, or put in."""
        data = bytearray(honest or b"\x00")
        for _ in range(self._random.randint(1, MOST_CHANGES)):
            at = self._random.randrange(len(data) + 1)
            length = self._random.randint(1, 16)
            match self._random.randrange(4):
                case 0:
                    data[at : at + 1] = self._random.randbytes(1)
                case 1:
                    del data[at : at + length]
                case 2:
                    data[at:at] = data[at : at + length]
                case _:
                    data[at:at] = self._random.randbytes(length)
        return bytes(data)

    def _seldom(self) -> bool:
        return self._random.random() < 0.1

    def _line_changes(self) -> list[Callable[[list[str]], None]]:
        return [
            self._drop,
            self._double,
            self._swap,
            self._number,
            self._word,
            self._flip,
            self._token,
        ]

    def _at(self, lines: list[str]) -> int:
        if not lines:
            lines.append("v=0\r\n")
        return self._random.randrange(len(lines))

    def _drop(self, lines: list[str]) -> None:
        at = self._at(lines)
        del lines[at : at + self._random.choice((1, 1, 1, 5, 20))]

    def _double(self, lines: list[str]) -> None:
        at = self._at(lines)
        lines[at:at] = lines[at : at + 3] * self._random.choice((1, 1, 2, 30))

    def _swap(self, lines: list[str]) -> None:
        one, other = self._at(lines), self._at(lines)
        lines[one], lines[other] = lines[other], lines[one]

    def _number(self, lines: list[str]) -> None:
        at = self._at(lines)
        lines[at] = re.sub(r"\d+", lambda _: self._random.choice(NUMBERS), lines[at], count=2)

    def _word(self, lines: list[str]) -> None:
        at = self._at(lines)
        words = lines[at].split(" ")
        words[self._random.randrange(len(words))] = self._random.choice(WORDS)
        lines[at] = " ".join(words)

    def _token(self, lines: list[str]) -> None:
        """Put an attribute of one line where another stood."""
        one, other = self._at(lines), self._at(lines)
        name, _, _ = lines[one].partition(":")
        _, colon, value = lines[other].partition(":")
        lines[one] = name + colon + value

    def _flip(self, lines: list[str]) -> None:
        at = self._at(lines)
        lines[at] = self.bytes(lines[at].encode()).decode("utf-8", "replace")

    def _change_tree(self, tree: dict[str, Any]) -> None:
        """Go down to some place in it, and change, remove or add a value there."""
        here: Any = tree
        while True:
            inner = [it for it in here.values() if isinstance(it, dict) and it]
            if not inner or self._random.random() < 0.4:
                break
            here = self._random.choice(inner)
        names = list(here) or ["type"]
        match self._random.randrange(3):
            case 0:
                here.pop(self._random.choice(names), None)
            case 1:
                here[self._random.choice(names)] = self._value()
            case _:
                here[self._random.choice(FIELDS)] = self._value()

    def _value(self) -> Any:
        return copy.deepcopy(self._random.choice(VALUES))
