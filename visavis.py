"""The `visavis` command: where the parts of the application are put together.

Each command imports what it needs when it runs, so that `--help` is quick and a missing
extra is missed only by the command that wants it.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from client.options import BareOptions
from engine.errors import VisavisError

if TYPE_CHECKING:
    from server.protocol import ControlsPatch

app = typer.Typer(
    help="A real-time avatar server: one portrait, live, 25 pictures a second with their sound.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

EXTRA = ("httpx", "sounddevice", "websockets")
"""Packages of the extra `client`, which a server does without."""
BundleOption = Annotated[
    Path | None, typer.Option(help="Folder of a bundle; the built-in one when left out.")
]
SecretOption = Annotated[
    Path | None,
    typer.Option(help="File with the secret that signs tokens; or set VISAVIS_SECRET."),
]
TokenOption = Annotated[
    str | None,
    typer.Option(envvar="VISAVIS_TOKEN", show_envvar=True, help="Where the server asks for one."),
]
LOCAL_PROXIES = ("127.0.0.1", "::1")


@app.callback()
def main() -> None:
    """Start here: `visavis serve`, then open the page."""


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port; 0 takes a free one.")] = 8080,
    bundle: BundleOption = None,
    ice_host: Annotated[
        str | None, typer.Option(help="Only local address to offer to callers.")
    ] = None,
    secret_file: SecretOption = None,
    host_name: Annotated[
        list[str] | None, typer.Option(help="Name that pages address the server by.")
    ] = None,
    origin: Annotated[
        list[str] | None, typer.Option(help="Other site whose pages may use it: https://...")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate (PEM), to encrypt.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
    behind_proxy: Annotated[
        bool, typer.Option(help="A proxy in front encrypts, and says who asks.")
    ] = False,
    proxy_address: Annotated[
        list[str] | None, typer.Option(help="Where that proxy is; this machine by default.")
    ] = None,
    allow_private: Annotated[
        bool, typer.Option(help="Callers may be in private networks of this server.")
    ] = False,
    stun: Annotated[list[str] | None, typer.Option(help="As stun:example.org:3478.")] = None,
    turn: Annotated[list[str] | None, typer.Option(help="As turn:example.org:3478.")] = None,
    turn_secret_file: Annotated[
        Path | None, typer.Option(help="The TURN servers' static-auth-secret.")
    ] = None,
    vp8_only: Annotated[
        bool, typer.Option(help="Never encode H.264; there are no recordings then.")
    ] = False,
    badge: Annotated[
        bool, typer.Option(help="Show in a corner that the face was made by a machine.")
    ] = True,
    looks: Annotated[
        Path | None, typer.Option(help="File that keeps saved looks; your own when left out.")
    ] = None,
) -> None:
    """Serve the page, the API and the avatars until Ctrl+C; it then waits for live sessions.

    Only this machine reaches it by default. For others it must have a secret, and encrypt.

    Examples: `visavis serve`, `visavis serve --port 9000 --bundle my-bundle`,
    `visavis serve --host 0.0.0.0 --secret-file secret --tls-cert cert.pem --tls-key key.pem`
    """
    import os

    from engine import mark
    from server.doors.doors import Doors
    from server.doors.listening import Tls
    from server.doors.secret import read_secret
    from server.doors.tokens import Tokens
    from server.doors.turn import Relays
    from server.serve import serve as run

    if (tls_cert is None) != (tls_key is None):
        raise typer.BadParameter("a certificate and its key go together", param_hint="--tls-cert")
    secret = read_secret(secret_file, os.environ)
    doors = Doors(
        tokens=Tokens(secret) if secret else None,
        hosts=frozenset(host_name or ()),
        origins=frozenset(origin or ()),
        allow_private=allow_private,
        relays=Relays(
            tuple(stun or ()),
            tuple(turn or ()),
            read_secret(turn_secret_file, {}, least=1),
        ),
    )

    web = Path(__file__).parent / "client" / "web"
    run(
        host,
        port,
        bundle=bundle,
        web=web,
        ice_host=ice_host,
        doors=doors,
        tls=Tls(tls_cert, tls_key) if tls_cert and tls_key else None,
        behind_proxy=behind_proxy,
        proxies=proxy_address or LOCAL_PROXIES,
        vp8_only=vp8_only,
        mark=mark.badge if badge else mark.unmarked,
        looks=looks or Path(typer.get_app_dir("visavis")) / "looks.json",
        say=typer.echo,
    )


@app.command()
def token(
    name: Annotated[str, typer.Option(help="Who it is for.")],
    secret_file: SecretOption = None,
    minutes: Annotated[float, typer.Option(help="So long it opens sessions.")] = 10.0,
    presenter: Annotated[
        list[str] | None, typer.Option(help="The only one to talk to; again for more.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Longest session.")] = None,
    sessions: Annotated[int | None, typer.Option(help="Sessions at once.")] = None,
) -> None:
    """Print a token that lets somebody in: put it behind the page's address as `#token=...`.

    Examples: `visavis token --secret-file secret --name bob`,
    `visavis token --secret-file secret --name bob --minutes 60 --presenter ada --sessions 1`
    """
    import os

    from engine.errors import DeviceError
    from server.doors.secret import read_secret
    from server.doors.tokens import Grant, Tokens

    secret = read_secret(secret_file, os.environ)
    if secret is None:
        raise DeviceError("tokens need the server's secret: add --secret-file")
    grant = Grant(name, tuple(presenter) if presenter else None, seconds, sessions)
    typer.echo(Tokens(secret).issue(grant, 60 * minutes))


@app.command()
def render(
    sound: Annotated[Path, typer.Argument(help="Speech: a sound file, or a video with sound.")],
    output: Annotated[Path, typer.Argument(help="The MP4 file to write.")],
    presenter: Annotated[
        str | None, typer.Option(help="An invented person of the bundle; the first by default.")
    ] = None,
    portrait: Annotated[
        Path | None, typer.Option(help="A picture of one person, instead of a presenter.")
    ] = None,
    size: Annotated[int, typer.Option(help="Width and height of the pictures.")] = 512,
    emotion: Annotated[str, typer.Option(help="A look of the bundle.")] = "neutral",
    seed: Annotated[int, typer.Option(help="Of blinks and small motions.")] = 0,
    bundle: BundleOption = None,
) -> None:
    """Make a film of a face that speaks a sound file.

    Examples: `visavis render speech.wav film.mp4`,
    `visavis render talk.mp3 film.mp4 --portrait me.jpg --emotion warm`
    """
    from rich.progress import Progress

    from engine.controls import Controls
    from engine.errors import PictureUnreadable
    from engine.film import make_film, sound_seconds
    from engine.studio import Studio
    from engine.types import TICKS_PER_SECOND

    total = sound_seconds(sound) * TICKS_PER_SECOND
    with closing(Studio.open(bundle)) as studio, Progress(transient=True) as progress:
        if portrait is None:
            identity = studio.presenter(presenter or studio.presenters[0].id, size)
        else:
            try:
                content = portrait.read_bytes()
            except OSError as error:
                raise PictureUnreadable("the portrait cannot be read: check its name") from error
            identity = studio.portrait(content, size)
        task = progress.add_task("Rendering", total=total or None)
        count = make_film(
            studio,
            identity,
            sound,
            output,
            seed=seed,
            controls=Controls(emotion=emotion),
            tell=lambda: progress.advance(task),
        )
    typer.echo(f"{output.name}: {count / TICKS_PER_SECOND:.1f} s, {count} pictures")


@app.command(cls=BareOptions)
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
    mouth: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="What moves it: `--mouth voice`.")
    ] = None,
    pose: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="What moves the head: `--pose idle`.")
    ] = None,
    expression: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="What moves eyes and brows: `--expression still`."),
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="MP4 file to keep the call in: `--record call.mp4`.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Length: `--seconds 60`.")] = None,
    size: Annotated[int, typer.Option(help="Of the pictures: `--size 256`, or 512.")] = 512,
    token: TokenOption = None,
) -> None:
    """Call a server from the terminal, as the page does, until Ctrl+C.

    With a camera the face follows it, where no other source is named; `visavis devices` lists
    what this machine has.

    Examples: `visavis call --file speech.wav --record call.mp4`,
    `visavis call --camera 0 --microphone --virtual-camera --speaker`
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
    pixels: Literal[256, 512] = 256 if size == 256 else 512
    controls = _controls(mouth=mouth, pose=pose, expression=expression)
    hears = Microphone(microphone) if microphone is not None else None
    sees = Camera(camera) if camera is not None else None
    speaks = Speaker(speaker) if speaker is not None else None
    shows = VirtualCamera(pixels, virtual_camera) if virtual_camera is not None else None

    try:
        report = asyncio.run(
            dial(
                url,
                presenter=presenter,
                portrait=portrait,
                size=pixels,
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


@app.command()
def devices() -> None:
    """List the cameras, microphones, speakers and virtual cameras that `visavis call` can use.

    Examples: `visavis devices`, then `visavis call --microphone 3 --camera 0`
    """
    from rich.console import Console

    from client.listing import listed, table

    Console().print(table(listed()))


@app.command(name="open")
def open_session(
    url: Annotated[str, typer.Argument(help="Address of a server.")] = "http://127.0.0.1:8080",
    presenter: Annotated[
        str | None, typer.Option(help="Whose face it is; the first by default.")
    ] = None,
    size: Annotated[int, typer.Option(help="Width and height of the pictures.")] = 512,
    token: TokenOption = None,
) -> None:
    """Open a session for OBS, FFmpeg, a player or a voice, and say where they find it.

    Examples: `visavis open --presenter ada`, `visavis open https://faces.example --size 256`
    """
    import asyncio

    from client.errors import ClientError
    from client.speak import addresses
    from client.speak import open_session as create
    from server.protocol import SessionRequest

    if size not in (256, 512):
        raise typer.BadParameter("pictures have 256 or 512 pixels", param_hint="--size")
    settings = SessionRequest(presenter=presenter, size=256 if size == 256 else 512)
    try:
        session = asyncio.run(create(url, settings, token))
    except ClientError as error:
        typer.echo(f"visavis: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"session  {session.id}")
    for name, address in addresses(url, session).items():
        typer.echo(f"{name:7}  {address}")
    typer.echo("It ends if nobody connects within 30 s.", err=True)


@app.command()
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


@app.command()
def bench(
    output: Annotated[Path, typer.Option(help="JSON file to write.")] = Path("out/bench.json"),
    speech: Annotated[
        Path | None, typer.Option(help="Sound for a real call to a real server.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Length of that call.")] = 60.0,
) -> None:
    """Measure this machine: stages, sessions, and a real call.

    Examples: `visavis bench`, `visavis bench --speech speech.wav --seconds 30`
    """
    from bench.report import bench as measure

    measure(output, speech, seconds)


@app.command()
def doctor() -> None:
    """Say what of this machine can be used, and what to install for the rest."""
    from server.doctor import findings

    found = findings()
    for finding in found:
        typer.echo(f"{'ok ' if finding.ok else 'no '} {finding.what}: {finding.detail}")
    if not all(finding.ok or finding.optional for finding in found):
        raise typer.Exit(1)


def run() -> None:
    """Run the command; an error that we know is one sentence and exit code 1."""
    try:
        app()
    except VisavisError as error:
        typer.echo(f"visavis: {error.message}", err=True)
        sys.exit(1)
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        typer.echo(
            f"visavis: this command needs the package '{error.name}': "
            "install it with pip install 'visavis[client]'",
            err=True,
        )
        sys.exit(1)


if __name__ == "__main__":
    run()
