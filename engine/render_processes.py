"""Identities that are drawn in processes of their own, one a core.

Python runs one thread of a process at a time, and half of what draws a face is Python: with
threads alone a third session at 512 pixels makes everybody's pictures late, on however many
cores, and holds up the event loop besides. An identity never changes once it is made, so a copy in
another process draws the same pictures, to the bit. Motions go there through a pipe, pictures come
back in memory that both processes see; it has no name and is on no disk.
"""

from __future__ import annotations

import itertools
import mmap
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Pipe
from typing import Final, TypeVar

import numpy as np

from engine.errors import BackendError
from engine.render import Identity
from engine.render_child import MEMORY, Draw, Drawn, Failed, Forget, Learn, Ready
from engine.types import Component, Floats, Motion, Picture

T = TypeVar("T")
START_SECONDS: Final = 20.0
"""For a process to start: half a second, and more on a busy machine."""
DRAW_SECONDS: Final = 2.0
"""For a picture; a process that takes longer hangs, and is ended."""
END_SECONDS: Final = 2.0
"""For a process to end by itself."""
HERE: Final = (
    "pictures cannot be drawn in processes of their own here: threads draw them, "
    "and from the third session on they are late"
)
CHILD: Final = "from engine.render_child import main; main()"
"""What it runs. Not `-m`: its messages would be of other types than ours."""


class RenderProcesses:
    """A few processes; each draws one picture at a time, for whoever asks.

    Args:
        count: of processes.

    Raises:
        BackendError: they cannot be had on this machine.
    """

    def __init__(self, count: int) -> None:
        self._keys = itertools.count()
        self._changed = threading.Condition()
        self._all: list[RenderProcess] = []
        try:
            while len(self._all) < count:
                self._all.append(RenderProcess())
        except (AttributeError, OSError) as error:  # no such memory here, or nothing may be started
            self.close()
            raise BackendError(HERE) from error
        self._free = list(self._all)

    def remote(self, identity: Identity) -> RemoteIdentity:
        """The same avatar, drawn by these processes; to be closed after its last picture."""
        return RemoteIdentity(identity, next(self._keys), self)

    def wait(self) -> None:
        """Until all of them have started (BackendError if one does not)."""
        for process in self._all:
            with self._borrowed(process), _ended_is_an_error():
                process.wait()

    def draw(self, key: int, identity: Identity, motion: Motion) -> Picture:
        """Draw in the process that drew last of those at rest: what it needs is at hand there."""
        with self._borrowed() as process:
            return process.draw(key, identity, motion)

    def forget(self, key: int) -> None:
        """Let no process keep that identity."""
        for process in self._all:
            with self._borrowed(process):
                process.forget(key)

    def close(self) -> None:
        """End them."""
        for process in self._all:
            process.close()

    @contextmanager
    def _borrowed(self, wanted: RenderProcess | None = None) -> Iterator[RenderProcess]:
        """One for this thread alone: that one, or any."""
        with self._changed:
            while not (self._free if wanted is None else wanted in self._free):
                self._changed.wait()
            process = self._free[-1] if wanted is None else wanted
            self._free.remove(process)
        try:
            yield process
        finally:
            with self._changed:
                self._free.append(process)
                self._changed.notify_all()


class RemoteIdentity:
    """An avatar that other processes draw; see `engine.render.Identity`.

    Args:
        identity: the avatar.
        key: that no other has.
        processes: that draw it.
    """

    def __init__(self, identity: Identity, key: int, processes: RenderProcesses) -> None:
        self._identity, self._key, self._processes = identity, key, processes

    @property
    def width(self) -> int:
        """See `Identity.width`."""
        return self._identity.width

    @property
    def height(self) -> int:
        """See `Identity.height`."""
        return self._identity.height

    @property
    def own(self) -> Mapping[Component, Floats]:
        """See `Identity.own`."""
        return self._identity.own

    def draw(self, motion: Motion) -> Picture:
        """See `Identity.draw`; blocks without holding up other threads.

        Raises:
            BackendError: it failed, or its process ended or hung: the next picture has another.
        """
        return self._processes.draw(self._key, self._identity, motion)

    def close(self) -> None:
        """Let no process keep it; may wait for a picture of somebody else's."""
        self._processes.forget(self._key)


class RenderProcess:
    """One of them, and which identities it knows. Used by one thread at a time.

    It ends by itself when this process does, however that comes about.
    """

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._started = False
        self._start()

    def wait(self) -> None:
        """Until it has started (EOFError, OSError if it does not)."""
        if not self._started:
            self._expect(Ready, START_SECONDS)
            self._started = True

    def draw(self, key: int, identity: Identity, motion: Motion) -> Picture:
        """A picture of an identity, which it is sent if it does not know it yet."""
        with _ended_is_an_error(self._restart):
            self.wait()
            if key not in self._known:
                self._teach(key, identity)
            self._pipe.send(Draw(key, motion))
            drawn = self._expect(Drawn, DRAW_SECONDS)
        size = int(np.prod(drawn.shape))
        picture = np.frombuffer(self._memory, np.uint8, size).reshape(drawn.shape)
        return picture.copy()

    def forget(self, key: int) -> None:
        """Give back an identity's memory, if it is known."""
        if key in self._known:
            self._known.remove(key)
            with suppress(OSError):  # whoever draws next finds that it has ended
                self._pipe.send(Forget(key))

    def close(self) -> None:
        """End it."""
        self._pipe.close()
        try:
            self._child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._memory.close()

    def _start(self) -> None:
        memory = os.memfd_create("visavis-picture")
        self._pipe, theirs = Pipe()
        try:
            os.ftruncate(memory, MEMORY)
            self._memory = mmap.mmap(memory, MEMORY)
            self._child = subprocess.Popen(  # noqa: S603 (ourselves)
                [sys.executable, "-c", CHILD, str(theirs.fileno()), str(memory)],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), memory),
                process_group=0,  # Ctrl+C is the server's, which lets calls end first
            )
        finally:
            theirs.close()
            os.close(memory)
        self._known, self._started = set(), False

    def _restart(self) -> None:
        self._child.kill()
        self.close()
        self._start()

    def _teach(self, key: int, identity: Identity) -> None:
        """Send an identity: its arrays as they are, after all that is small."""
        arrays: list[pickle.PickleBuffer] = []
        small = pickle.dumps(identity, 5, buffer_callback=arrays.append)
        buffers = [array.raw() for array in arrays]
        self._pipe.send(Learn(key, small, [buffer.nbytes for buffer in buffers]))
        for buffer in buffers:
            self._pipe.send_bytes(buffer)
        self._known.add(key)

    def _expect(self, kind: type[T], seconds: float) -> T:
        """Its next message, which must be of that kind.

        Raises:
            EOFError, OSError: it ended, or says nothing for so long.
            VisavisError: it could not draw.
        """
        if not self._pipe.poll(seconds):
            raise EOFError("it hangs")
        told = self._pipe.recv()
        if isinstance(told, Failed):
            raise told.error
        assert isinstance(told, kind)
        return told


@contextmanager
def _ended_is_an_error(instead: Callable[[], None] = lambda: None) -> Iterator[None]:
    """A process that ended, or hangs, is a BackendError; something is done about it first."""
    try:
        yield
    except (OSError, EOFError) as error:
        instead()
        raise BackendError("a process that draws ended or hung: try again") from error
