"""The wire protocol: every message that a client and the server exchange.

HTTP bodies and data-channel messages are these classes as JSON; unknown fields are
refused. Server, Python client and tests share them; the page speaks the same.

Over the data channel `control` (ordered, reliable, text):
  client to server: ControlMessage, InterruptMessage, QualityMessage, RecordMessage,
    RecordMotionMessage, CalibrateMessage, PingMessage
  server to client: StateMessage, SpeechMessage, StatsMessage, ControlsMessage,
    RecordingMessage, PongMessage, ErrorMessage

Over the data channel `motion` (best unordered, and never sent again), and over the WebSocket
`/v1/sessions/{id}/motion`:
  client to server: MotionMessage, CalibrateMessage
  server to client: ErrorMessage (of the data channel: over `control`)

Over the WebSocket `/v1/sessions/{id}/voice`:
  client to server: HelloMessage first, then PCM as binary messages; EndMessage after an
    utterance, InterruptMessage at any time
  server to client: ReadyMessage, SpeechMessage, ErrorMessage
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Gain = Annotated[float, Field(ge=0.0, le=2.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Quality = Literal["low", "medium", "high"]
"""Ceiling of the pictures' bit rate: 0.4, 1 and 2.5 Mbit/s."""
SourceName = Annotated[str, Field(pattern=r"^[a-z_]{1,24}$")]
CoefficientName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,40}$")]
Coefficient = Annotated[float, Field(ge=-1000.0, le=1000.0)]
LookName = Annotated[str, Field(pattern=r"^[\w][\w .-]{0,39}$")]


class Message(BaseModel):
    """Base of all messages: immutable, no unknown fields, no numbers that JSON cannot say."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ComponentPatch(Message):
    """Change of one component; what is left out stays as it is."""

    source: SourceName | None = None
    """One of `PresenterList.sources`: voice (mouth only), camera (a driver's face, tracked by the
    page or by the server), motion (a stream of MotionMessage), file (a motion file), sliders,
    idle, still."""
    gain: Gain | None = None
    smoothing: Share | None = None
    """0 follows at once, 1 is the slowest."""
    hold: bool | None = None
    """Keep what it does now, whatever its source does."""
    limit: Share | None = None
    """How much of the bundle's range may be used, 1 = all."""


class ControlsPatch(Message):
    """Change of a session's controls; what is left out stays as it is."""

    mouth: ComponentPatch | None = None
    pose: ComponentPatch | None = None
    expression: ComponentPatch | None = None
    emotion: SourceName | None = None
    """Name of a preset of the bundle, `neutral` for none."""
    emotion_strength: Share | None = None
    blink: Gain | None = None
    """How often the eyes blink, 1 = as people do, 0 = never."""
    gaze: Gain | None = None
    """How far the gaze wanders, 1 = as people do, 0 = fixed."""
    sliders: Annotated[dict[CoefficientName, Coefficient], Field(max_length=64)] | None = None
    """Coefficients of the source `sliders`; those that are not named stay as they are."""
    voice_first: bool | None = None
    """While a voice speaks the mouth follows it, whatever the mouth's source is."""
    fade_ms: Annotated[int, Field(ge=0, le=2000)] | None = None
    """How long a component takes from one source to the next."""
    steadiness: Share | None = None
    """How calmly a driver is followed: 0 at once, with every tremor; 1 calm, and late."""
    mirror: bool | None = None
    """Whether the driver's left is the face's right, as in a mirror."""


class ComponentState(Message):
    """Where a component takes its motion from."""

    source: str
    gain: float
    smoothing: float
    hold: bool
    limit: float


class Controls(Message):
    """All controls of a session as they are now."""

    mouth: ComponentState
    pose: ComponentState
    expression: ComponentState
    emotion: str
    emotion_strength: float
    blink: float
    gaze: float
    sliders: dict[str, float]
    voice_first: bool
    fade_ms: int
    steadiness: float
    mirror: bool


class Presenter(Message):
    """An invented person that ships with the bundle."""

    id: str
    name: str
    picture: str
    """Address of the portrait (JPEG, 512 px), relative to the server."""


class CoefficientRange(Message):
    """One number of a face's motion, and its limits."""

    name: str
    low: float
    high: float


class PresenterList(Message):
    """Answer of `GET /v1/presenters`: who there is, and what can be asked of them."""

    presenters: list[Presenter]
    emotions: list[str]
    sizes: list[int]
    sources: dict[str, list[str]]
    """Sources by component, the default first."""
    coefficients: dict[str, list[CoefficientRange]]
    """By component, in the order of `MotionMessage.vector`: mouth, expression, pose."""


class SessionRequest(Message):
    """Body of `POST /v1/sessions`; with an uploaded portrait it is the form field `settings`."""

    presenter: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")] | None = None
    size: Literal[256, 512] = 512
    """Width and height of the pictures, in pixels."""
    controls: ControlsPatch = ControlsPatch()
    quality: Quality = "high"
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    """Seed of blinks and small motions; random when left out."""


class IceServer(Message):
    """A STUN or TURN server, in the shape that `RTCPeerConnection` takes."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class SessionCreated(Message):
    """Answer of `POST /v1/sessions`."""

    id: str
    presenter: str | None
    size: int
    controls: Controls
    ice_servers: list[IceServer]
    voice: str
    """Address of the WebSocket that takes speech, relative to the server."""
    motion: str
    """Address of the WebSocket that takes motion, relative to the server."""
    whip: str
    """Address that takes a microphone and a camera from OBS, FFmpeg or a browser."""
    whep: str
    """Address that gives picture and sound to any player."""
    ai_generated: Literal[True] = True
    """The pictures of this session are made by a machine; show that to people."""


class SessionDescription(Message):
    """Offer and answer of `POST /v1/sessions/{id}/offer`."""

    type: Literal["offer", "answer"]
    sdp: Annotated[str, Field(max_length=65_536)]


class Ticket(Message):
    """Answer of `POST /v1/tickets`: opens one WebSocket as `?ticket=`, once."""

    ticket: str
    seconds: int
    """Until it is worthless."""


class ErrorBody(Message):
    """Body of every 4xx and 5xx answer."""

    code: str
    message: str


class ControlMessage(Message):
    """Client: change controls."""

    type: Literal["control"] = "control"
    controls: ControlsPatch


class InterruptMessage(Message):
    """Client: drop all sound that has not been played, close the mouth."""

    type: Literal["interrupt"] = "interrupt"


class QualityMessage(Message):
    """Client: how many bits the pictures may take; the network may allow fewer."""

    type: Literal["quality"] = "quality"
    quality: Quality


class RecordMessage(Message):
    """Client: start to keep the call as MP4 on the server, or finish the file."""

    type: Literal["record"] = "record"
    on: bool


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
    steadied, and it is the source `camera`. False: taken as it is, the source `motion`."""
    coefficients: Annotated[dict[CoefficientName, Coefficient], Field(max_length=96)] | None = None
    """By name; those that are not named are 0, unknown names are passed over."""
    vector: Annotated[list[Coefficient], Field(max_length=96)] | None = None
    """In place of names: all coefficients in the order of `PresenterList.coefficients`."""
    matrix: Annotated[list[Coefficient], Field(min_length=16, max_length=16)] | None = None
    """In place of the pose: where the head is, as MediaPipe's face landmarker tells it
    (column by column, centimetres)."""
    face: bool = True
    """False: the tracker sees no face now."""


class RecordingMessage(Message):
    """Server: what became of a recording."""

    type: Literal["recording"] = "recording"
    kind: Literal["call", "motion"] = "call"
    """An MP4 of the call, or a motion file."""
    state: Literal["running", "ready", "failed"]
    address: str | None = None
    """Where the finished file is fetched from, relative to the server; kept for minutes."""
    seconds: float = 0.0
    message: str | None = None
    """What went wrong, and what to do."""


class HelloMessage(Message):
    """Client, first on the voice WebSocket: how its PCM is to be read."""

    type: Literal["hello"] = "hello"
    rate: Annotated[int, Field(ge=8_000, le=96_000)]
    channels: Literal[1, 2] = 1
    format: Literal["s16le", "f32le"] = "s16le"


class ReadyMessage(Message):
    """Server, answer to a hello: send sound now, as fast as you like."""

    type: Literal["ready"] = "ready"
    buffer_ms: int
    """Sound that is taken ahead of its time; then the WebSocket takes no more until
    some has been played."""


class EndMessage(Message):
    """Client: the utterance is complete; `ended` follows when it has been played."""

    type: Literal["end"] = "end"


class SpeechMessage(Message):
    """Server: what has truly been played of a voice stream or a sound file."""

    type: Literal["speech"] = "speech"
    event: Literal["started", "ended", "interrupted"]
    utterance: int
    """Counts from 1 in a session."""
    position_ms: float
    """Sound of this utterance that has been handed over to RTP."""


class MotionAccepted(Message):
    """Answer of `PUT /v1/sessions/{id}/motion`: what the source `file` plays from now on."""

    seconds: float
    loop: bool


class Look(Message):
    """A set of controls with a name."""

    name: str
    controls: ControlsPatch


class LookList(Message):
    """Answer of `GET /v1/looks`."""

    looks: list[Look]


class SpeechAccepted(Message):
    """Answer of `POST /v1/sessions/{id}/speech`: it will be spoken after what waits."""

    utterance: int
    seconds: float


class PingMessage(Message):
    """Client, every 2 s: I am still here. `time` comes back in the pong."""

    type: Literal["ping"] = "ping"
    time: float


class PongMessage(Message):
    """Server: answer to a ping."""

    type: Literal["pong"] = "pong"
    time: float


class StateMessage(Message):
    """Server: the session's state changed."""

    type: Literal["state"] = "state"
    state: Literal["idle", "speaking", "interrupted", "lost", "draining", "ended"]
    """lost: nothing has come from the page for seconds. draining: the server stops soon."""
    reason: str | None = None


class StageStats(Message):
    """Time that one stage takes, over the last seconds."""

    p50_ms: float
    p95_ms: float


class QueueStats(Message):
    """A bounded queue."""

    depth: int
    capacity: int
    dropped: int
    """Ever thrown away because it was full."""


class CameraStats(Message):
    """How a driver is followed."""

    state: Literal["absent", "learning", "following", "lost"]
    """learning: the driver's face at rest, in the first second. lost: no face is seen."""
    tracker: Literal["page", "server"] | None
    """Who reads the camera's pictures; the page's readings come as MotionMessage."""
    rate: float
    """Readings in the last second."""
    quality: float
    """Share of them in which a face was seen."""
    latency_ms: float
    """95th percentile: picture (or reading) in to the picture that shows it handed to RTP."""
    late: int
    """Readings that came after newer ones had been used."""
    dropped: int
    """Pictures for which no worker had time."""


class StatsMessage(Message):
    """Server, every second: how the session goes."""

    type: Literal["stats"] = "stats"
    pictures: int
    repeated: int
    """Pictures shown twice because the next was late."""
    dropped_ms: float
    """Sound that was dropped because it came faster than it is played."""
    latency_ms: float
    """95th percentile: sound in to its picture handed to RTP, over the last seconds."""
    render_ms: float
    """Median time to make a picture."""
    stages: dict[str, StageStats] = {}
    """Where the time goes, in the order of the way from sound to picture."""
    queues: dict[str, QueueStats] = {}
    bitrate: int = 0
    """Of the pictures, bits a second."""
    codec: str | None = None
    viewers: int = 0
    """Everybody who is sent this session, the page included."""
    lost: int = 0
    """Packets of the microphone that never came."""
    camera: CameraStats | None = None
    """None before a driver was there."""


class ControlsMessage(Message):
    """Server: all controls, after a change and once at the start."""

    type: Literal["controls"] = "controls"
    controls: Controls


class ErrorMessage(Message):
    """Server: a message could not be used; the session goes on."""

    type: Literal["error"] = "error"
    code: str
    message: str


class SessionState(Message):
    """Answer of `GET /v1/sessions/{id}`."""

    id: str
    state: Literal["waiting", "connecting", "idle", "speaking", "lost", "ended"]
    """waiting: nobody is connected. lost: nothing comes from who was."""
    seconds: float
    """Since the session was created."""
    controls: Controls
    stats: StatsMessage


class Health(Message):
    """Answer of `GET /health` and `GET /ready`."""

    status: Literal["ok"] = "ok"
    sessions: int
    """Places that are taken."""
    capacity: int
    """Places that there are."""


ClientMessage = Annotated[
    ControlMessage
    | InterruptMessage
    | QualityMessage
    | RecordMessage
    | RecordMotionMessage
    | CalibrateMessage
    | PingMessage,
    Field(discriminator="type"),
]
DrivingMessage = Annotated[MotionMessage | CalibrateMessage, Field(discriminator="type")]
VoiceMessage = Annotated[HelloMessage | EndMessage | InterruptMessage, Field(discriminator="type")]
ServerMessage = Annotated[
    StateMessage
    | SpeechMessage
    | StatsMessage
    | ControlsMessage
    | RecordingMessage
    | ReadyMessage
    | PongMessage
    | ErrorMessage,
    Field(discriminator="type"),
]
