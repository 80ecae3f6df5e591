"""What head, brows and lids do because the voice speaks.

People nod and raise their brows with accented syllables, and not with all of them; hold
the head a little differently from phrase to phrase; and blink where a phrase ends:

- head movements go with stress and pitch accents, are small (a few degrees) and last a
  quarter to half a second; the head changes posture between phrases and is stiller in
  pauses (Hadar, Steiner, Grant & Rose, "Kinematics of head movements accompanying speech
  during conversation", 1983; Graf, Cosatto, Strom & Huang, "Visual prosody", 2002; Munhall
  et al., "Visual prosody and speech intelligibility", 2004);
- brows rise with about a third of the accents, the strong ones (Cave et al., "About the
  relationship between eyebrow movements and F0 variations", 1996; Flecha-Garcia, "Eyebrow
  raises in dialogue and their relation to discourse structure", 2010);
- blinks come at the ends of phrases and in pauses (Condon & Ogston, 1967; Nakano &
  Kitazawa, "Eyeblink entrainment at breakpoints of speech", 2010), and more of them in
  conversation than at rest: 26 a minute, not 17 (Bentivoglio et al., 1997).

The prosody says when and how much; what is done each time is drawn at random. Damped
springs follow it, so that nothing can jerk, whatever is heard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.prosody import Prosody
from engine.types import TICKS_PER_SECOND, Component, Motion

LEAST_STRESS: Final = 0.12
"""Stress that moves nothing: what a network says of breath and noise."""
ACCENT, OVER = 0.3, 0.18
"""Stress at which an accent begins, and under which it is over."""
NODS, NOD = 0.75, (1.5, 4.5)
"""Share of the accents with a nod, and degrees of pitch at full stress, from and to."""
UPWARD: Final = 0.15
"""Share of the nods that go up."""
SIDEWAYS: Final = 1.2
"""Degrees of yaw and roll that go with a nod at full stress; standard deviation."""
RAISES, RAISE = 0.35, (0.25, 0.65)
"""Share of the accents with raised brows, and how far at full stress."""
WIDER: Final = 0.25
"""How far eyes open with the brows, of their rise."""
POSTURE: Final = {"yaw": 1.8, "pitch": 0.8, "roll": 1.3}
"""Degrees by which phrases differ; standard deviation."""
PHRASE: Final = 20
"""Ticks of speech after which its end is one of a phrase."""
BREAK: Final = 3
"""Ticks of pause that end a phrase; the closure of a p is shorter."""
REST: Final = 30
"""Ticks of silence after which the head comes back to its own posture."""
BLINKS: Final = 0.6
"""Share of the phrases that end with a blink."""
RELEASE: Final = 0.12
"""Share by which brows sink each tick when their accent is over: they linger."""


@dataclass(frozen=True, slots=True)
class Gesture:
    """What is added to the idle motion of a tick, and whether it is a moment to blink."""

    motion: Motion
    blink: bool = False


@dataclass
class Spring:
    """Follows a target as a damped mass does; `pace` in radians a second."""

    pace: float
    damping: float = 0.8
    place: float = 0.0
    speed: float = 0.0

    def step(self, target: float) -> float:
        """Where it is one tick later."""
        turn = self.pace / TICKS_PER_SECOND
        self.speed += turn * turn * (target - self.place) - 2.0 * self.damping * turn * self.speed
        self.place += self.speed
        return self.place


@dataclass(frozen=True, slots=True)
class _Beat:
    """What an accent does at full stress, in the coefficients' units."""

    pitch: float = 0.0
    yaw: float = 0.0
    roll: float = 0.0
    brows: float = 0.0


class Emphasis:
    """Follows one voice; the same seed and prosody give the same gestures.

    Args:
        names: the coefficients' names by component; unknown ones stay at rest.
        seed: of what is drawn at random.
    """

    def __init__(self, names: Mapping[Component, Sequence[str]], seed: int) -> None:
        self._names = names
        self._random = np.random.default_rng((seed, 1))  # another stream than the idle face's
        self._beats = {name: Spring(10.0) for name in ("pitch", "yaw", "roll", "brows")}
        self._postures = {name: Spring(2.8, 1.0) for name in POSTURE}
        self._beat, self._accented = _Beat(), False
        self._posture = dict.fromkeys(POSTURE, 0.0)
        self._spoken = self._silent = 0
        self._brows = 0.0

    def step(self, prosody: Prosody) -> Gesture:
        """The gesture of the next tick."""
        blink = self._phrase(prosody.pause)
        stress = max(0.0, prosody.stress - LEAST_STRESS) / (1.0 - LEAST_STRESS)
        self._accent(prosody.stress)
        self._brows = max(self._beat.brows * stress, self._brows * (1.0 - RELEASE))
        targets = {
            "pitch": self._beat.pitch * stress,
            "yaw": self._beat.yaw * stress,
            "roll": self._beat.roll * stress,
            "brows": self._brows,
        }
        moved = {name: spring.step(targets[name]) for name, spring in self._beats.items()}
        for name, spring in self._postures.items():
            moved[name] += spring.step(self._posture[name])
        return Gesture(self._motion(moved), blink)

    def reset(self) -> None:
        """The voice was interrupted; the head swings back by itself."""
        self._beat, self._accented = _Beat(), False
        self._spoken = 0

    def _accent(self, stress: float) -> None:
        """Draw what an accent does when it begins."""
        if self._accented:
            self._accented = stress > OVER
        elif stress > ACCENT:
            self._accented, self._beat = True, self._drawn()

    def _drawn(self) -> _Beat:
        random = self._random
        nods, raises, up = random.random(3) < (NODS, RAISES, UPWARD)
        nod = random.uniform(*NOD) * (-0.6 if up else 1.0) * nods
        yaw, roll = random.normal(0.0, SIDEWAYS, 2) * nods
        return _Beat(nod, yaw, roll, random.uniform(*RAISE) * raises)

    def _phrase(self, pause: float) -> bool:
        """Count speech; a new phrase takes a new posture; True where one ends with a blink."""
        if pause < 0.5:
            if self._spoken == 0:
                self._posture = {
                    name: self._random.normal(0.0, spread) for name, spread in POSTURE.items()
                }
            self._spoken, self._silent = self._spoken + 1, 0
            return False
        self._silent += 1
        if self._silent == REST:
            self._posture = dict.fromkeys(POSTURE, 0.0)
        if self._silent != BREAK:
            return False
        ended, self._spoken = self._spoken >= PHRASE, 0
        return ended and bool(self._random.random() < BLINKS)

    def _motion(self, moved: Mapping[str, float]) -> Motion:
        brows = max(0.0, moved["brows"])
        values = {
            **{name: moved[name] for name in POSTURE},
            "browInnerUp": brows,
            **dict.fromkeys(("browOuterUpLeft", "browOuterUpRight"), 0.6 * brows),
            **dict.fromkeys(("eyeWideLeft", "eyeWideRight"), WIDER * brows),
        }
        return Motion.of(
            {
                part: np.array([values.get(name, 0.0) for name in names], np.float32)
                for part, names in self._names.items()
            }
        )
