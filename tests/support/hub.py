"""A stand-in for the Hugging Face hub: real HTTP on this machine, files kept in memory.

It answers what `huggingface_hub` asks when it fetches a file, as the hub does: a HEAD says
commit, size and SHA-256 in headers and leads elsewhere, a GET there gives the content.
`tests/contract/test_hub.py` holds it and the hub itself to that.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from export.edtalk.published import REPOSITORY, REVISION

STORE = "/store/"


class Hub(ThreadingHTTPServer):
    """Serves the files of one repository at one commit.

    Args:
        files: contents by path.
    """

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.files = files
        self.given: dict[str, bytes] = {}
        """What is given in place of a file, by path, whatever was said of it."""
        self.broken = False
        """Whether it answers nothing but 503."""
        self.asked: list[str] = []
        """Methods and paths, and what they brought along that only owners have."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what was asked is kept in `asked`."""

    def _answer(self) -> None:
        secret = self.headers.get("Authorization", "")
        self.server.asked.append(f"{self.command} {self.path} {secret}".rstrip())
        root = f"/{REPOSITORY}/resolve/"
        if self.server.broken:
            self._send(503)
        elif self.path.startswith(STORE):
            name = self.path.removeprefix(STORE)
            self._send(200, self.server.given.get(name, self.server.files[name]))
        elif not self.path.startswith(root):
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"})
        elif not self.path.startswith(f"{root}{REVISION}/"):
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
        elif (name := self.path.removeprefix(f"{root}{REVISION}/")) not in self.server.files:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": REVISION})
        else:
            content = self.server.files[name]
            described = {
                "X-Repo-Commit": REVISION,
                "X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"',
                "X-Linked-Size": str(len(content)),
                "Location": f"http://localhost:{self.server.server_port}{STORE}{name}",
            }
            self._send(302, b"", described)

    def _send(
        self, status: int, content: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Hub]:
    """A hub that has these files and answers until the block is left."""
    with Hub(files) as hub:
        thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()
