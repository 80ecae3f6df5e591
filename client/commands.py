"""The commands of those who call a server: `call`, `devices`, `open`, `speak`.

Each imports what it needs when it runs, as those of `visavis` do.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from client.options import (
    BackgroundOption,
    BareOptions,
    ExpressionOption,
    FramingOption,
    MouthOption,
    PoseOption,
    SizeOption,
    TokenOption,
)

if TYPE_CHECKING:
    from server.protocol import ControlsPatch

WIDE = (1280, 720)
"""Width and height of a virtual camera that shows whole pictures: what meetings expect."""


def add_to(app: typer.Typer) -> None:
    """Make them commands of an application."""
    app.command(cls=BareOptions)(call)
    app.command()(devices)
    app.command(name="open")(open_session)
    app.command()(speak)


def call(
    url: Annotated[str, typer.Argument(help="Address of a server.")] = "http://127.0.0.1:8080",
    presenter: Annotated[
        str | None, typer.Option(help="Whose face it is: `--presenter ada`.")
    ] = None,
    portrait: Annotated[
        Path | None, typer.Option(help="A picture, instead: `--portrait me.jpg`.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="Sound to speak: `--file speech.wav`.")] = None,
    microphone: Annotated[
        str | None,
        typer.Option(
            metavar="[NAME|NUMBER]", help="Speak with it: `--microphone`, `--microphone USB`."
        ),
    ] = None,
    camera: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER|PATH|FILE",
            help="The face follows it, or a video in its place: `--camera 0`, `--camera me.mp4`.",
        ),
    ] = None,
    speaker: Annotated[
        str | None,
        typer.Option(
            metavar="[NAME|NUMBER]", help="Hear the avatar there: `--speaker`, `--speaker pulse`."
        ),
    ] = None,
    virtual_camera: Annotated[
        str | None,
        typer.Option(
            metavar="[DEVICE]",
            help="Show the avatar to other programs there: `--virtual-camera /dev/video10`.",
        ),
    ] = None,
    mouth: MouthOption = None,
    pose: PoseOption = None,
    expression: ExpressionOption = None,
    record: Annotated[
        Path | None, typer.Option(help="MP4 file to keep the call in: `--record call.mp4`.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Length: `--seconds 60`.")] = None,
    size: SizeOption = 512,
    framing: FramingOption = "face",
    background: BackgroundOption = "as_is",
    token: TokenOption = None,
) -> None:
    """Call a server from the terminal, as the page does, until Ctrl+C.

    With a camera the face follows it, where no other source is named; `visavis devices` lists
    what this machine has.

    Examples: `visavis call --file speech.wav --record call.mp4`,
    `visavis call --camera 0 --microphone --virtual-camera --speaker`
    `visavis call --microphone --portrait me.jpg --framing whole --background '#203040'`
    """
    import asyncio

    from client.call import call as dial
    from client.camera import Camera
    from client.devices import Microphone
    from client.errors import ClientError
    from client.speaker import Speaker
    from client.virtual_camera import VirtualCamera

    if size not in (256, 512):
        raise typer.BadParameter("pictures have 256 or 512 pixels", param_hint="--size")
    if presenter and portrait:
        raise typer.BadParameter("give one face: this, or --portrait", param_hint="--presenter")
    if file and microphone is not None:
        raise typer.BadParameter("speak with one: this, or --microphone", param_hint="--file")
    pixels: Literal[256, 512] = 256 if size == 256 else 512
    controls = _controls(mouth=mouth, pose=pose, expression=expression)
    hears = Microphone(microphone) if microphone is not None else None
    sees = Camera(camera) if camera is not None else None
    speaks = Speaker(speaker) if speaker is not None else None
    shown = (pixels, pixels) if framing == "face" else WIDE
    shows = VirtualCamera(shown, virtual_camera) if virtual_camera is not None else None

    try:
        report = asyncio.run(
            dial(
                url,
                presenter=presenter,
                portrait=portrait,
                size=pixels,
                framing=framing,
                background=background,
                controls=controls,
                file=file,
                microphone=hears,
                camera=sees,
                speaker=speaks,
                virtual_camera=shows,
                seconds=seconds,
                record=record,
                token=token,
                progress=True,
            )
        )
    except ClientError as error:
        typer.echo(f"visavis: {error}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        return
    for said in filter(None, (report, hears, sees, speaks, shows)):
        typer.echo(str(said))
    if report.ended is not None:
        typer.echo(f"The server ended it: {report.ended}", err=True)


def _controls(**sources: str | None) -> ControlsPatch:
    """Sources by component as a change of controls; the server knows which there are."""
    from pydantic import ValidationError

    from server.protocol import ComponentPatch, ControlsPatch

    parts = {}
    for name, source in sources.items():
        try:
            parts[name] = ComponentPatch(source=source) if source is not None else None
        except ValidationError as error:
            raise typer.BadParameter(
                "a source is a word of small letters, such as voice or idle",
                param_hint=f"--{name}",
            ) from error
    return ControlsPatch.model_validate(parts)


def devices() -> None:
    """List the cameras, microphones, speakers and virtual cameras that `visavis call` can use.

    Examples: `visavis devices`, then `visavis call --microphone 3 --camera 0`
    """
    from rich.console import Console

    from client.listing import listed, table

    Console().print(table(listed()))


def open_session(
    url: Annotated[str, typer.Argument(help="Address of a server.")] = "http://127.0.0.1:8080",
    presenter: Annotated[
        str | None, typer.Option(help="Whose face it is; the first by default.")
    ] = None,
    size: SizeOption = 512,
    background: BackgroundOption = "as_is",
    token: TokenOption = None,
) -> None:
    """Open a session for OBS, FFmpeg, a player or a voice, and say where they find it.

    Examples: `visavis open --presenter ada`, `visavis open https://faces.example --size 256`
    """
    import asyncio

    from client import backgrounds
    from client.errors import ClientError
    from client.speak import addresses
    from client.speak import open_session as create
    from server.protocol import SessionRequest

    if size not in (256, 512):
        raise typer.BadParameter("pictures have 256 or 512 pixels", param_hint="--size")
    try:
        behind, backdrop = backgrounds.named(background)
        settings = SessionRequest(
            presenter=presenter, size=256 if size == 256 else 512, background=behind
        )
        session = asyncio.run(create(url, settings, token, backdrop))
    except ClientError as error:
        typer.echo(f"visavis: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"session  {session.id}")
    for name, address in addresses(url, session).items():
        typer.echo(f"{name:7}  {address}")
    typer.echo("It ends if nobody connects within 30 s.", err=True)


def speak(
    sound: Annotated[Path, typer.Argument(help="Sound file; - reads raw PCM from a pipe.")],
    session: Annotated[str, typer.Option(help="Id of an open session.")],
    url: Annotated[str, typer.Option(help="Address of a server.")] = "http://127.0.0.1:8080",
    rate: Annotated[int, typer.Option(help="Of raw PCM, Hz.", min=8_000, max=96_000)] = 48_000,
    channels: Annotated[int, typer.Option(help="Of raw PCM.", min=1, max=2)] = 1,
    floats: Annotated[bool, typer.Option(help="Raw PCM is f32le, not s16le.")] = False,
    token: TokenOption = None,
) -> None:
    """Speak a sound file, or what a program writes, through an open session.

    Ctrl+C interrupts it. Exit code 0: spoken to its end; 3: somebody else interrupted it.

    Examples: `visavis speak speech.wav --session ID`,
    `tts "Good morning" | visavis speak --session ID --rate 24000 -`
    """
    import asyncio

    from client.errors import ClientError
    from client.sources import from_file, from_pipe
    from client.speak import speak as say
    from server.protocol import HelloMessage, SpeechMessage

    def tell(message: SpeechMessage) -> None:
        position = f"{message.position_ms / 1000:.2f} s"
        typer.echo(f"utterance {message.utterance}: {message.event} at {position}")

    hello = HelloMessage(
        rate=rate, channels=1 if channels == 1 else 2, format="f32le" if floats else "s16le"
    )
    try:
        source = from_pipe(sys.stdin.fileno(), hello) if str(sound) == "-" else from_file(sound)
        last = asyncio.run(say(url, session, source, token=token, on_event=tell))
    except ClientError as error:
        typer.echo(f"visavis: {error}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as stop:
        raise typer.Exit(130) from stop
    if last.event == "interrupted":
        raise typer.Exit(3)
