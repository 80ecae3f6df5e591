"""What people wear and are painted with: MakeHuman's files, each read once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2

from engine.types import Picture
from train.people.colour import dyed, faded, plain, toned, with_iris
from train.people.head import read_texture
from train.people.makehuman import Mesh, Proxy, read_proxy
from train.people.mouth import TONGUE_TINT, tinted_texture, whitened_texture
from train.people.person import Person

SIDE: Final = 1024
"""Pixels of a texture's side at most: pictures have 256."""


class Wardrobe:
    """Meshes and textures out of a folder of MakeHuman's assets."""

    def __init__(self, makehuman: Path) -> None:
        self.makehuman = makehuman
        self.read = lru_cache(maxsize=64)(self._read)

    def skin(self, person: Person) -> Picture:
        return toned(self._texture(f"skins/{person.skin}.jpg"), person.tone, person.evenness)

    def eyes(self, person: Person) -> Picture:
        return with_iris(read_texture(self.makehuman / "eyes/materials/grey_eye.png"), person.iris)

    def teeth(self, person: Person) -> Picture:
        return whitened_texture(self._texture(f"teeth/{person.teeth}/teeth.png"))

    def tongue(self) -> Picture:
        return tinted_texture(self._texture("tongue/tongue01/tongue01_diffuse.jpg"), TONGUE_TINT)

    def lashes(self, person: Person) -> Picture:
        name = person.eyelashes
        return faded(self._texture(f"eyelashes/{name}/{name}.png"), person.lashes)

    def brows(self, person: Person) -> Picture:
        texture = self._texture(f"eyebrows/{person.brows}/{person.brows}.png")
        colour = person.brow_colour or person.hair_colour
        return faded(dyed(texture, colour, 0.3), person.brow_opacity)

    def hair(self, person: Person) -> Picture:
        """The texture of the hair of somebody who has some."""
        texture = self._texture(f"hair/{person.hair}/{person.hair}_diffuse.png")
        return dyed(texture, person.hair_colour, person.hair_contrast)

    def clothes(self, person: Person) -> Picture:
        clothes = person.clothes
        if clothes.colour is not None and not clothes.patterned:
            return plain(clothes.colour)
        texture = self._texture(f"clothes/{clothes.name}/{clothes.name}_diffuse.jpg")
        return texture if clothes.colour is None else dyed(texture, clothes.colour, 0.3)

    def _read(self, folder: str) -> tuple[Proxy, Mesh]:
        return read_proxy(self.makehuman / folder / f"{Path(folder).name}.mhclo")

    def _texture(self, file: str) -> Picture:
        texture = read_texture(self.makehuman / file)
        factor = SIDE / max(texture.shape[:2])
        if factor >= 1:
            return texture
        smaller = cv2.resize(texture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        return smaller.astype(texture.dtype)
