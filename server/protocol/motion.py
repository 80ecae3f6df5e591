"""What a face does, told from outside, and the files that it is kept in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Coefficient, CoefficientName, Message


class CalibrateMessage(Message):
    """Client: the driver's face is at rest now; what it does is measured from here on."""

    type: Literal["calibrate"] = "calibrate"


class RecordMotionMessage(Message):
    """Client: start to keep what the face does as a motion file, or finish the file."""

    type: Literal["record_motion"] = "record_motion"
    on: bool


class MotionMessage(Message):
    """Client, 10 to 60 a second: what a face does, of a tracker, a telephone or a script.

    Coefficients have ARKit's names (see `PresenterList.coefficients`); the pose is `yaw`,
    `pitch`, `roll` in degrees and `x`, `y`, `scale`.
    """

    type: Literal["motion"] = "motion"
    time: float
    """Seconds of the sender's own clock, which has to run evenly and may begin anywhere:
    messages that are late or overtaken find their place by it."""
    driver: bool = False
    """True: read from a person's face by a tracker; the person's own rest is taken off, it is
    steadied, and it is the source `camera`; refused where the page is none of
    `PresenterList.trackers`. False: taken as it is, the source `motion`."""
    coefficients: Annotated[dict[CoefficientName, Coefficient], Field(max_length=96)] | None = None
    """By name; those that are not named are 0, unknown names are passed over."""
    vector: Annotated[list[Coefficient], Field(max_length=96)] | None = None
    """In place of names: all coefficients in the order of `PresenterList.coefficients`."""
    matrix: Annotated[list[Coefficient], Field(min_length=16, max_length=16)] | None = None
    """In place of the pose: where the head is, as MediaPipe's face landmarker tells it
    (column by column, centimetres)."""
    face: bool = True
    """False: the tracker sees no face now."""


class MotionAccepted(Message):
    """Answer of `PUT /v1/sessions/{id}/motion`: what the source `file` plays from now on."""

    seconds: float
    loop: bool


DrivingMessage = Annotated[MotionMessage | CalibrateMessage, Field(discriminator="type")]
