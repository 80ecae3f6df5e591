"""A driver's face read by a bundle's own `watch` graph: coefficients that have no names.

What is read is measured from the driver's own rest, as with `engine.watch`. Nobody knows which
of these coefficients are of the left and which of the right, so a mirror shows the graph a
mirrored picture; whoever is not symmetric has another rest there, and both are learnt.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.crop import Crop
from engine.errors import RequestRefused
from engine.graph_render import planes
from engine.one_euro import OneEuro
from engine.rest import Rest
from engine.steady_crop import SteadyCrop
from engine.types import Component, Floats, Motion, Picture
from engine.watch import Reading
from engine.wiring import Wired

USUAL: Final = 2.0
"""Steps along a direction that count as one to the filter: expressions that EDTalk's authors
publish have 1 to 5."""
NO_READINGS: Final = "these faces read drivers themselves: send the camera's pictures instead"


class GraphWatcher:
    """See `engine.watch.Watches`.

    Args:
        watch: the `watch` graph: `picture` [1, 3, 256, 256] in -1..1 to what a face does,
            one output [1, n] a component; those that it does not tell stay at rest.
        still: of a face that does nothing: what the driver does is added.
        rule: by which faces are cropped for the graph.
    """

    reads_faces = True

    def __init__(self, watch: Wired, still: Motion, rule: Crop) -> None:
        self._watch, self._crop = watch, SteadyCrop(rule)
        self.still = still
        self._told = [part for part in Component if part in watch.outputs]
        sizes = {part: len(still[part]) for part in self._told}
        self._ends = np.cumsum(list(sizes.values()))[:-1]
        self._count = sum(sizes.values())
        self._filter = OneEuro(np.full(self._count, USUAL, np.float32))
        self._rest = Rest()
        self._last = 0.0

    @property
    def learnt(self) -> bool:
        """See `Watches.learnt`."""
        return self._rest.known

    def calibrate(self) -> None:
        """See `Watches.calibrate`."""
        self._rest.calibrate()

    def __call__(
        self, reading: Reading, time: float, steadiness: float, mirror: bool = False
    ) -> Motion | None:
        """See `Watches.__call__`; runs the graph, twice while the rest is learnt.

        Raises:
            RequestRefused: there is no picture of the face.
        """
        if reading.view is None:
            raise RequestRefused(NO_READINGS)
        face = self._crop(reading.view, time)
        if self._rest.learning:
            both = [self._read(face), self._read(_mirrored(face))]
            self._rest.learn(np.concatenate([*both, self._crop.apart]), time)
            read = both[mirror]
        else:
            read = self._read(_mirrored(face) if mirror else face)
        step, self._last = time - self._last, time
        rest = self._rest.settled(step)
        if rest is None:
            return None
        plain, flipped, self._crop.home = np.split(rest, (self._count, 2 * self._count))
        own = flipped if mirror else plain
        steady = self._filter(read - own, time, steadiness)
        return self.still + self._motion(steady)

    def _read(self, face: Picture) -> Floats:
        told = self._watch.run({"picture": planes(face)})
        return np.concatenate([told[part.value][0] for part in self._told])

    def _motion(self, steps: Floats) -> Motion:
        told = dict(zip(self._told, np.split(steps, self._ends), strict=True))
        return Motion.of(
            {part: told.get(part, np.zeros_like(self.still[part])) for part in Component}
        )


def _mirrored(face: Picture) -> Picture:
    return face[:, ::-1]
