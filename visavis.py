"""The `visavis` command: where the parts of the application are put together.

Each command imports what it needs when it runs, so that `--help` is quick and a missing
extra is missed only by the command that wants it.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from client import commands
from client.options import BackgroundOption, FramingOption, SizeOption
from engine.errors import VisavisError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from engine.backends import Tell
    from engine.backends.available import Say
    from engine.render import Identity

app = typer.Typer(
    help="A real-time avatar server: one portrait, live, 25 pictures a second with their sound.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

EXTRAS = {
    **dict.fromkeys(("httpx", "sounddevice", "websockets"), "client"),
    **dict.fromkeys(("torch", "onnx", "onnxscript", "huggingface_hub"), "export"),
}
"""Packages that a server does without, and the extra that brings them."""
BundleOption = Annotated[
    Path | None, typer.Option(help="Folder of a bundle; the built-in one when left out.")
]
BackendOption = Annotated[
    Literal["auto", "onnx", "cuda", "tensorrt"],
    typer.Option(help="What runs the bundle's networks; `auto` is the best there is."),
]
SecretOption = Annotated[
    Path | None,
    typer.Option(help="File with the secret that signs tokens; or set VISAVIS_SECRET."),
]
SOURCE = "SOURCE"
LOCAL_PROXIES = ("127.0.0.1", "::1")


@app.callback()
def main() -> None:
    """Start here: `visavis serve`, then open the page."""


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port; 0 takes a free one.")] = 8080,
    bundle: BundleOption = None,
    backend: BackendOption = "auto",
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
    from functools import partial

    from engine import mark
    from engine.backends.available import Available
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

    def tell(name: str, share: float) -> None:
        if share in (0.0, 1.0):
            step = "compiling, once for this GPU" if share == 0.0 else "compiled"
            typer.echo(f"Visavis: graph '{name}': {step}")

    web = Path(__file__).parent / "client" / "web"
    run(
        host,
        port,
        bundle=bundle,
        backends=partial(Available(compiled(), tell).choose, backend, typer.echo),
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
    sound_first: Annotated[
        Path | None, typer.Argument(metavar="[SOUND]", help="What is spoken; as --sound.")
    ] = None,
    output_last: Annotated[
        Path | None, typer.Argument(metavar="[OUTPUT]", help="The MP4 file to write; as -o.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The MP4 file to write.")
    ] = None,
    sound: Annotated[
        Path | None,
        typer.Option(help="Sound file, or film with sound. Left out: the mouth's, or silence."),
    ] = None,
    presenter: Annotated[
        str | None, typer.Option(help="An invented person of the bundle; the first by default.")
    ] = None,
    portrait: Annotated[
        Path | None,
        typer.Option(help="A picture of one person; or a film, whose mouth alone is replaced."),
    ] = None,
    mouth: Annotated[str | None, typer.Option(metavar=SOURCE, help="What moves it.")] = None,
    pose: Annotated[str | None, typer.Option(metavar=SOURCE, help="What moves the head.")] = None,
    expression: Annotated[
        str | None, typer.Option(metavar=SOURCE, help="What moves eyes and brows; or a look.")
    ] = None,
    crop: Annotated[
        bool, typer.Option(help="Cut the portrait as the bundle's faces are, or show it as it is.")
    ] = True,
    emotion: Annotated[str, typer.Option(help="A look of the bundle.")] = "neutral",
    driver: Annotated[
        Path | None, typer.Option(help="Film or picture that moves what nothing else does.")
    ] = None,
    motion: Annotated[
        Path | None, typer.Option(help="Motion file that moves what nothing else does.")
    ] = None,
    save_motion: Annotated[
        Path | None, typer.Option(help="Motion file to write: what the face does.")
    ] = None,
    size: SizeOption = 512,
    framing: FramingOption = "face",
    background: BackgroundOption = "as_is",
    seed: Annotated[int, typer.Option(min=0, help="Of blinks and small motions.")] = 0,
    bundle: BundleOption = None,
    backend: BackendOption = "auto",
) -> None:
    """Make a film of a face; each part of it may be moved by a file of its own.

    A SOURCE is a word (voice, idle, still; camera for --driver, file for --motion; happy or
    another look for --expression) or a file: sound for the mouth; a film, a picture or a motion
    file for each part. The film is as long as its sound; without sound, as what moves the face.

    Examples: `visavis render speech.wav film.mp4`,
    `visavis render talk.mp3 film.mp4 --portrait me.jpg --framing whole --background blur`,
    `visavis render -o film.mp4 --mouth talk.mp3 --pose nods.mp4 --expression smile.jpg`,
    `visavis render speech.wav film.mp4 --portrait talk.mp4` (new lips on a film),
    `visavis render me.mp4 film.mp4 --driver me.mp4 --mouth camera --save-motion me.motion.npz`
    """
    from functools import partial

    from rich.progress import Progress

    from engine.arrangement import Asked, arrange
    from engine.backends.available import Available
    from engine.background import named
    from engine.crop import UNCROPPED
    from engine.film import make_film
    from engine.material import Kind, kind_of
    from engine.scene import Framing, Scene
    from engine.soundtrack import silence
    from engine.studio import Studio
    from engine.types import TICKS_PER_SECOND, Component

    target = _one(output_last, output, "--output")
    if target is None:
        raise typer.BadParameter("say where the film goes: -o film.mp4", param_hint="--output")
    scene = Scene(Framing(framing), named(background))
    if not crop and (portrait is None or scene.framing is Framing.WHOLE):
        raise typer.BadParameter(
            "it is for a portrait's face alone: give --portrait, and no whole framing",
            param_hint="--no-crop",
        )
    if presenter and portrait:
        raise typer.BadParameter("give one face: this, or --portrait", param_hint="--presenter")
    footage = portrait if portrait and kind_of(portrait) is Kind.FILM else None
    if footage and background != "as_is":
        raise typer.BadParameter("a film keeps its own", param_hint="--background")
    if footage and (not crop or scene.framing is Framing.WHOLE):
        hint = "--framing" if crop else "--no-crop"
        raise typer.BadParameter("a film is shown whole", param_hint=hint)
    said = zip(Component, (mouth, pose, expression), strict=True)
    asked = Asked(
        {part: source for part, source in said if source},
        _one(sound_first, sound, "--sound"),
        driver,
        motion,
        emotion,
        footage,
    )
    with ExitStack() as stack:
        progress = stack.enter_context(Progress(transient=True))
        tell, say = shown_on(progress)
        backends = partial(Available(compiled(), tell).choose, backend, say)
        studio = stack.enter_context(closing(Studio.open(bundle, backends=backends, say=say)))
        arranged = arrange(asked, studio, save_motion)
        identity: Identity
        if footage is not None:
            identity = studio.filmed(footage)
        elif portrait is not None:
            rule = None if crop else UNCROPPED
            identity = studio.portrait(portrait.read_bytes(), size, scene, rule)
        else:
            first = next((it.id for it in studio.presenters), "")
            identity = studio.presenter(presenter or first, size, scene)
        task = progress.add_task("Rendering", total=arranged.seconds * TICKS_PER_SECOND or None)
        count = make_film(
            studio,
            identity,
            arranged.sound or silence(arranged.seconds),
            target,
            seed=seed,
            controls=arranged.controls,
            drive=arranged.drive,
            tell=lambda: progress.advance(task),
        )
    typer.echo(f"{target.name}: {count / TICKS_PER_SECOND:.1f} s, {count} pictures")


def _one(first: Path | None, named: Path | None, option: str) -> Path | None:
    """What may be given in two ways, but once."""
    if first is not None and named is not None:
        raise typer.BadParameter("is given twice", param_hint=option)
    return first or named


commands.add_to(app)


@app.command(name="import")
def import_checkpoints(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="[EDTalk.pt Audio2Lip.pt] FOLDER",
            help="Two checkpoints, and the bundle's folder to make; with --download it alone. "
            "EDTalk_lip_pose.pt may stand for EDTalk.pt.",
        ),
    ],
    expressions: Annotated[
        Path | None, typer.Option(help="Folder predefined_exp_weights, one .npy a look.")
    ] = None,
    fast: Annotated[
        bool, typer.Option(help="Smooth mouths without looking ahead: 40 ms less delay.")
    ] = False,
    half: Annotated[bool, typer.Option(help="Also graphs in half precision, for GPUs.")] = False,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch EDTalk.pt and Audio2Lip.pt, 520 MB.")
    ] = False,
) -> None:
    """Make a bundle of EDTalk's official checkpoints; needs the extra `export`.

    Nothing in them is trusted: they are read in a process of their own, weights only.
    What is downloaded must have the SHA-256 of the published files. Mind the licence
    that is printed.

    Examples: `visavis import --download faces`,
    `visavis import EDTalk.pt Audio2Lip.pt faces --expressions predefined_exp_weights`,
    `visavis import EDTalk_lip_pose.pt Audio2Lip.pt lips --fast`
    """
    import os

    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from export.edtalk.bundle import LICENCE, Sources, check_target, import_bundle
    from export.edtalk.download import fetch

    *checkpoints, output = files
    if len(checkpoints) != (0 if download else 2):
        raise typer.BadParameter("give two checkpoints and a folder, or --download and a folder")
    check_target(output)
    if download:
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read when it is imported
        checkpoints = [fetch("EDTalk.pt"), fetch("Audio2Lip.pt")]
    generator, hearing = checkpoints
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task("", total=None)
        origins = import_bundle(
            Sources(generator, hearing, expressions),
            output,
            smoothing="fast" if fast else "exact",
            half=half,
            tell=lambda step: progress.update(task, description=step),
        )
    for origin in origins:
        typer.echo(str(origin))
    if download and expressions is None:
        typer.echo("no looks: EDTalk keeps its expressions with its code, not on the hub")
    typer.echo(f"{output.name}: use it with --bundle {output.name}")
    typer.echo(LICENCE)


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

    found = findings(compiled())
    for finding in found:
        typer.echo(f"{'ok ' if finding.ok else 'no '} {finding.what}: {finding.detail}")
    if not all(finding.ok or finding.optional for finding in found):
        raise typer.Exit(1)


def shown_on(progress: Progress) -> tuple[Tell, Say]:
    """Shows how far graphs are that are compiled, and what is said meanwhile."""
    tasks: dict[str, TaskID] = {}

    def tell(name: str, share: float) -> None:
        if name not in tasks:
            tasks[name] = progress.add_task(f"Compiling '{name}', once for this GPU", total=1.0)
        progress.update(tasks[name], completed=share)

    def say(word: str) -> None:
        progress.console.print(f"visavis: {word}", markup=False, highlight=False, soft_wrap=True)

    return tell, say


def compiled() -> Path:
    """The folder of what is compiled for this machine's GPU."""
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(caches) / "visavis" / "compiled"


def run() -> None:
    """Run the command; an error that we know is one sentence and exit code 1."""
    try:
        app()
    except VisavisError as error:
        typer.echo(f"visavis: {error.message}", err=True)
        sys.exit(1)
    except ModuleNotFoundError as error:
        extra = EXTRAS.get(error.name or "")
        if extra is None:
            raise
        typer.echo(
            f"visavis: this command needs the package '{error.name}': "
            f"install it with pip install 'visavis[{extra}]'",
            err=True,
        )
        sys.exit(1)


if __name__ == "__main__":
    run()
