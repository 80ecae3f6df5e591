"""The `visavis` command: where the parts of the application are put together.

Each command imports what it needs when it runs, so that `--help` is quick and a missing
extra is missed only by the command that wants it.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import VisavisError

app = typer.Typer(
    help="A real-time avatar server: one portrait, live, 25 pictures a second with their sound.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

EXTRA = ("httpx", "sounddevice")
"""Packages of the extra `client`, which a server does without."""
BundleOption = Annotated[
    Path | None, typer.Option(help="Folder of a bundle; the built-in one when left out.")
]


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
    insecure_open: Annotated[
        bool, typer.Option(help="Listen beyond this machine without encryption or login.")
    ] = False,
) -> None:
    """Serve the page, the API and the avatars until Ctrl+C.

    Examples: `visavis serve`, `visavis serve --port 9000 --bundle my-bundle`
    """
    from server.serve import serve as run

    web = Path(__file__).parent / "client" / "web"
    run(
        host,
        port,
        bundle=bundle,
        web=web,
        ice_host=ice_host,
        insecure_open=insecure_open,
        say=typer.echo,
    )


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

    from engine.errors import PictureUnreadable
    from engine.film import make_film, sound_seconds
    from engine.mixer import Controls
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


@app.command()
def call(
    url: Annotated[str, typer.Argument(help="Address of a server.")] = "http://127.0.0.1:8080",
    presenter: Annotated[str | None, typer.Option(help="Whose face it is.")] = None,
    portrait: Annotated[Path | None, typer.Option(help="A picture, instead.")] = None,
    file: Annotated[Path | None, typer.Option(help="Sound to speak.")] = None,
    microphone: Annotated[bool, typer.Option(help="Speak with the microphone.")] = False,
    record: Annotated[Path | None, typer.Option(help="MP4 file to keep the call in.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Length of the call.")] = None,
    size: Annotated[int, typer.Option(help="Width and height of the pictures.")] = 512,
) -> None:
    """Call a server from the terminal, as the page does.

    Examples: `visavis call --file speech.wav --record call.mp4`,
    `visavis call --microphone --presenter ada`
    """
    import asyncio

    from client.call import call as dial
    from client.errors import ClientError

    if size not in (256, 512):
        raise typer.BadParameter("pictures have 256 or 512 pixels", param_hint="--size")
    try:
        report = asyncio.run(
            dial(
                url,
                presenter=presenter,
                portrait=portrait,
                size=256 if size == 256 else 512,
                file=file,
                microphone=microphone,
                seconds=seconds,
                record=record,
                progress=True,
            )
        )
    except ClientError as error:
        typer.echo(f"visavis: {error}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        return
    typer.echo(
        f"{report.pictures} pictures in {report.seconds:.1f} s "
        f"({report.pictures_per_second:.1f} a second, longest gap {report.longest_gap_ms:.0f} ms), "
        f"{report.sound_ms / 1000:.1f} s of sound"
    )


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
