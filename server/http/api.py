"""The HTTP addresses under /v1: presenters, and sessions from creation to end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from engine import controls as engine
from engine.bundle import ComponentSpec
from engine.errors import RequestRefused
from engine.motion_file import SUFFIX
from engine.studio import Studio
from server.controls import patched
from server.doors.doorkeeper import Granted
from server.http.opening import read_opening
from server.limits import Limits
from server.looks import Looks
from server.motion.messages import ORDER
from server.protocol import (
    CoefficientRange,
    Controls,
    ControlsPatch,
    ErrorBody,
    IceServer,
    Look,
    LookList,
    LookName,
    MotionAccepted,
    Presenter,
    PresenterList,
    SessionCreated,
    SessionDescription,
    SessionRequest,
    SessionState,
)
from server.recordings import Recordings
from server.session import Session
from server.sessions import Sessions

FILE_CACHE: Final = "public, max-age=86400"
PIECE_BYTES: Final = 65_536
"""Of a file that is in memory: the next is written when one has been taken."""
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    code: {"model": ErrorBody} for code in (401, 403, 404, 408, 413, 415, 422, 429, 500, 503)
}
BINARY: Final = "application/octet-stream"
MOTION_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {BINARY: {"schema": {"type": "string", "format": "binary"}}},
    }
}
SESSION_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": SessionRequest.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "portrait": {
                            "type": "string",
                            "format": "binary",
                            "description": "in place of a presenter",
                        },
                        "background": {
                            "type": "string",
                            "format": "binary",
                            "description": "for a background of type picture",
                        },
                        "settings": {"type": "string", "description": "SessionRequest as JSON"},
                    },
                }
            },
        },
    }
}


class Api:
    """The endpoints of one server."""

    def __init__(
        self,
        studio: Studio,
        sessions: Sessions,
        recordings: Recordings,
        looks: Looks,
        limits: Limits,
    ) -> None:
        self._studio, self._sessions = studio, sessions
        self._recordings, self._looks, self._limits = recordings, looks, limits

    def router(self) -> APIRouter:
        """All addresses."""
        router = APIRouter(prefix="/v1", responses=REFUSALS)
        session = "/sessions/{session_id}"
        router.get("/presenters")(self.presenters)
        router.get("/presenters/{presenter}/picture", response_class=Response)(self.picture)
        router.get("/tracker", response_class=Response)(self.tracker)
        router.post("/sessions", status_code=201, openapi_extra=SESSION_BODY)(self.create)
        router.get(session)(self.state)
        router.get(session + "/ice_servers")(self.ice_servers)
        router.post(session + "/offer")(self.offer)
        router.patch(session + "/controls")(self.controls)
        router.post(session + "/interrupt", status_code=204)(self.interrupt)
        router.delete(session, status_code=204)(self.end)
        router.put(session + "/motion", openapi_extra=MOTION_BODY)(self.play)
        router.delete(session + "/motion", status_code=204)(self.stop)
        router.get("/looks")(self.looks)
        router.put("/looks/{name}")(self.save_look)
        router.delete("/looks/{name}", status_code=204)(self.delete_look)
        router.get("/recordings/{name}", response_class=FileResponse)(self.recording)
        return router

    async def presenters(self) -> PresenterList:
        """Who there is to talk to, and what can be asked of them."""
        studio = self._studio
        return PresenterList(
            presenters=[
                Presenter(id=it.id, name=it.name, picture=f"/v1/presenters/{it.id}/picture")
                for it in studio.presenters
            ],
            emotions=list(studio.emotions),
            sizes=list(studio.sizes),
            sources={part.value: list(names) for part, names in studio.sources.items()},
            coefficients={part.value: _ranges(studio.manifest.components[part]) for part in ORDER},
            trackers=["server"] if studio.reads_faces else ["page", "server"],
        )

    async def picture(self, presenter: str) -> Response:
        """A presenter's portrait, JPEG, 512 px."""
        data = self._studio.presenter_picture(presenter)
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": FILE_CACHE})

    def tracker(self) -> Response:
        """The model with which a page tracks faces itself (MediaPipe's face landmarker)."""
        data = self._studio.tracker_model()  # read and checked outside of the event loop
        headers = {"Cache-Control": FILE_CACHE}
        headers["Content-Length"] = str(len(data))
        return StreamingResponse(_pieces(data), media_type=BINARY, headers=headers)

    async def create(self, request: Request, response: Response, grant: Granted) -> SessionCreated:
        """Open a session for a presenter (JSON), or with a portrait or a background (form)."""
        asked = await read_opening(request, self._limits)
        session = await self._sessions.create(asked.settings, asked.portrait, grant, asked.backdrop)
        response.headers["Location"] = f"/v1/sessions/{session.id}"
        return self._created(session)

    async def state(self, session_id: str, grant: Granted) -> SessionState:
        """How a session goes."""
        return self._sessions.find(session_id, grant).state

    async def ice_servers(self, session_id: str, grant: Granted) -> list[IceServer]:
        """STUN and TURN servers for connecting now: passwords last for minutes."""
        return list(self._sessions.find(session_id, grant).ice_servers)

    async def offer(
        self, session_id: str, offer: SessionDescription, grant: Granted
    ) -> SessionDescription:
        """Connect: the page's offer in, the answer with all of the server's addresses out."""
        session = self._sessions.find(session_id, grant)
        if offer.type != "offer":
            raise RequestRefused("type: an offer is expected here, not an answer")
        return SessionDescription(type="answer", sdp=await session.answer(offer.sdp))

    async def controls(self, session_id: str, patch: ControlsPatch, grant: Granted) -> Controls:
        """Change what is named; all controls come back."""
        return self._sessions.find(session_id, grant).change(patch)

    async def interrupt(self, session_id: str, grant: Granted) -> None:
        """Drop all sound that has not been played, close the mouth."""
        self._sessions.find(session_id, grant).interrupt()

    async def end(self, session_id: str, grant: Granted) -> None:
        """End a session and give its place back."""
        await self._sessions.end(session_id, "its page ended it", grant)

    async def recording(self, name: str, grant: Granted) -> FileResponse:
        """A finished recording: an MP4, or a motion file."""
        path = self._recordings.find(name, grant.sub)
        kind = BINARY if path.name.endswith(SUFFIX) else "video/mp4"
        filename = path.name.replace("recording", "visavis")
        return FileResponse(path, media_type=kind, filename=filename)

    async def play(
        self, session_id: str, request: Request, grant: Granted, loop: bool = False
    ) -> MotionAccepted:
        """Let the source `file` play a motion file (the body) from its start."""
        session = self._sessions.find(session_id, grant)
        return await session.driving.play(await request.body(), loop)

    async def stop(self, session_id: str, grant: Granted) -> None:
        """Play no motion file any more; idle motion stands in for it."""
        self._sessions.find(session_id, grant).driving.stop()

    async def looks(self, grant: Granted) -> LookList:
        """Your looks: sets of controls with names."""
        return LookList(looks=self._looks.of(grant.sub))

    async def save_look(self, name: LookName, controls: ControlsPatch, grant: Granted) -> Look:
        """Keep controls by a name; an older look of that name goes."""
        look = Look(name=name, controls=controls)
        self._studio.check(patched(engine.Controls(), controls))
        await self._looks.save(grant.sub, look)
        return look

    async def delete_look(self, name: LookName, grant: Granted) -> None:
        """Forget a look."""
        await self._looks.delete(grant.sub, name)

    def _created(self, session: Session) -> SessionCreated:
        return SessionCreated(
            id=session.id,
            presenter=session.presenter,
            size=session.size,
            width=session.width,
            height=session.height,
            controls=session.controls,
            ice_servers=list(session.ice_servers),
            voice=f"/v1/sessions/{session.id}/voice",
            motion=f"/v1/sessions/{session.id}/motion",
            whip=f"/whip/{session.id}",
            whep=f"/whep/{session.id}",
        )


def _ranges(spec: ComponentSpec) -> list[CoefficientRange]:
    return [
        CoefficientRange(name=name, low=low, high=high)
        for name, low, high in zip(spec.names, spec.low, spec.high, strict=True)
    ]


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), PIECE_BYTES):
        yield data[start : start + PIECE_BYTES]
