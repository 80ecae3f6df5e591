"""Identities that misbehave, or count: they are copied to processes that draw."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping

import numpy as np

from engine.errors import ControlError
from engine.types import Component, Floats, Motion, Picture


class Plain:
    """An avatar of one colour, and the base of what is here."""

    def __init__(self, width: int = 4, height: int = 2) -> None:
        self.width, self.height = width, height
        self.own: Mapping[Component, Floats] = {}

    def draw(self, motion: Motion) -> Picture:
        return np.full((self.height, self.width, 3), 7, np.uint8)


class Counting(Plain):
    """Its colour is how often this copy was drawn."""

    drawn = 0

    def draw(self, motion: Motion) -> Picture:
        self.drawn += 1
        return np.full((self.height, self.width, 3), self.drawn, np.uint8)


class Refusing(Plain):
    """Says what is wrong."""

    def draw(self, motion: Motion) -> Picture:
        raise ControlError("no such face")


class Faulty(Plain):
    """Has a fault that nobody thought of."""

    def draw(self, motion: Motion) -> Picture:
        raise ZeroDivisionError("never say this")


class Ending(Plain):
    """Takes its process with it."""

    def draw(self, motion: Motion) -> Picture:
        os._exit(3)


class Hanging(Plain):
    """Never comes to an end."""

    def draw(self, motion: Motion) -> Picture:
        threading.Event().wait()
        raise AssertionError
