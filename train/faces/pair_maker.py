"""Makes pairs of takes: reads portraits, asks the mesh for pictures, keeps what came out."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from typing import Final

import numpy as np

from engine.arkit import EXPRESSION, MOUTH
from engine.arrays import read_arrays
from engine.bundle import Bundle
from engine.correction import SEEN
from engine.errors import BundleError
from engine.landmark_maps import LandmarkMaps
from engine.portrait import Portrait
from engine.render import MeshIdentity
from engine.renderers import mesh_renderer
from engine.resample import resized_picture
from engine.tracker import Face, FaceTracker
from engine.types import Floats, floats
from train.faces.drawn_by import drawn_by
from train.faces.pairs import Pairs, boxes_of, pair_of
from train.takes import MOUTH as INSIDE
from train.takes import Take

MOST_TURN: Final = floats([12.0, 10.0, 12.0])
"""Yaw, pitch, roll in degrees within which a picture may serve as a second portrait."""
OPEN_EYES: Final = 0.3
"""Blink below which it may."""
AT_REST: Final = 0.05
"""Coefficients of a mouth below which it rests."""


class PairMaker:
    """Makes pairs with the built-in bundle's mesh and tracker.

    Args:
        folder: where they are kept.
        portraits: portraits a person, the first being picture 0.
        share: of the targets that is used with the portraits after the first.
    """

    def __init__(self, folder: Path, portraits: int = 2, share: float = 0.5) -> None:
        bundle = Bundle.open()
        mesh = bundle.asset("mesh")
        arrays = read_arrays(mesh)
        self._renderer = mesh_renderer(mesh, bundle.asset("mouth"))
        self._maps = LandmarkMaps(floats(arrays["canonical"]), arrays["triangles"].astype(np.int64))
        self._tracker = FaceTracker(bundle.asset("tracker"), most=1)
        self._folder, self._portraits, self._share = folder, portraits, share
        assets = hashlib.sha256(mesh + bundle.asset("mouth")).hexdigest()
        self._made_by = f"{drawn_by()} {assets[:16]} {portraits} {share}"

    def __call__(self, path: Path) -> Pairs | None:
        """The pairs of a take's file; None if the tracker finds no face in the portrait."""
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = self._folder / f"{path.stem}.npz"
        made_by = f"{self._made_by} {path.stat().st_size} {path.stat().st_mtime_ns}"
        pairs = Pairs.load(kept, made_by)
        if pairs is None:
            take = Take.load(path)
            if take.name != path.stem:  # who is held out is told by the file's name
                raise BundleError(f"'{path.name}' holds the take of '{take.name}': rename it")
            pairs = self.make(take)
            if pairs is not None:
                pairs.save(kept, made_by)
        return pairs

    def make(self, take: Take) -> Pairs | None:
        """The pairs of a take."""
        random = np.random.default_rng(zlib.crc32(take.name.encode()))
        portraits = []
        for picture, calm in _sources(take, random, self._portraits):
            seen = self._look(take, picture, calm)
            if seen is not None:
                portraits.append((picture, *seen))
            elif not portraits:
                return None
        pairs = []
        for number, (picture, identity, _, _) in enumerate(portraits):
            for target in range(len(take.pictures)):
                if number == 0 or random.random() < self._share:
                    pairs.append((number, target, *pair_of(take, identity, picture, target)))
        numbers, targets, motions, drawn, flows, residuals, known = zip(*pairs, strict=True)
        originals = [take.pictures[picture] for picture, _, _, _ in portraits]
        return Pairs(
            portraits=np.stack([resized_picture(original, SEEN) for original in originals]),
            landmarks=np.stack([maps for _, _, maps, _ in portraits]).astype(np.float16),
            readings=np.stack([reading for _, _, _, reading in portraits]),
            wanted=take.pictures,
            inside=take.region == INSIDE,
            boxes=boxes_of(take),
            source=np.array(numbers, np.int32),
            target=np.array(targets, np.int32),
            motions=np.stack(motions),
            drawn=np.stack(drawn),
            flow=np.stack(flows).astype(np.float16),
            residual=np.stack(residuals).astype(np.float16),
            known=np.stack(known),
        )

    def _look(
        self, take: Take, picture: int, calm: bool
    ) -> tuple[MeshIdentity, Floats, Floats] | None:
        """The avatar of one picture, its landmark maps and what was read on it.

        With `calm` its mouth counts as resting whatever was read, as for presenters.
        """
        portrait = np.ascontiguousarray(take.pictures[picture])
        faces = self._tracker(portrait)
        if not faces:
            return None
        points, coefficients, turn = faces[0].points, faces[0].coefficients.copy(), faces[0].turn
        if calm:
            coefficients[: len(MOUTH)] = 0.0
        face = Face(points, coefficients, turn)
        identity = self._renderer.identity(Portrait(portrait, face), take.width)
        reading = np.concatenate([coefficients, turn])
        return identity, self._maps(points, take.width), floats(reading)


def _sources(take: Take, random: np.random.Generator, count: int) -> list[tuple[int, bool]]:
    """Pictures that serve as portraits, and whether their mouths are told to rest.

    Picture 0 as it is read, once more at rest where it is, and `count` - 1 others.
    """
    rests = bool(take.coefficients[0, : len(MOUTH)].max() < AT_REST)
    others = [(number, False) for number in _able(take, random)[: count - 1]]
    return [(0, False), *([(0, True)] if rests else []), *others]


def _able(take: Take, random: np.random.Generator) -> list[int]:
    """Pictures that could be portraits too, in random order."""
    blinks = take.coefficients[:, [len(MOUTH) + EXPRESSION.index("eyeBlinkLeft")]]
    fit = (np.abs(take.turn) < MOST_TURN).all(axis=1) & (blinks < OPEN_EYES).all(axis=1)
    return [int(number) for number in random.permutation(np.flatnonzero(fit)) if number != 0]
