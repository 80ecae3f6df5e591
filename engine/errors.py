"""Everything that can go wrong in Visavis, and what to do about it.

VisavisError
├── BundleError          a bundle cannot be loaded (missing, altered, too new)
│   └── CheckpointError      a checkpoint cannot become a bundle
├── BackendError         a graph cannot be compiled or run
├── PortraitError        a picture cannot become an avatar
│   ├── PictureUnreadable    not a PNG, JPEG or WebP picture, or damaged
│   ├── PictureTooLarge      more pixels or bytes than are accepted
│   ├── NoFace               no face found
│   ├── SeveralFaces         more than one face found
│   ├── FaceUnsuitable       too small, turned away, cut off
│   ├── PersonUnclear        the person cannot be told from the background
│   ├── BackgroundUnusable   the picture behind the person cannot be used
│   └── TrackerMissing       the face tracker is not installed here
├── SoundError           sound cannot be read
│   ├── SoundUnreadable      not a sound file, or damaged
│   ├── SoundTooLong         more seconds of it than are accepted
│   └── SoundEmpty           no samples in it
├── FilmUnreadable       no film, or a damaged one
├── MotionUnreadable     no motion file, damaged, too long, or for other coefficients
├── UnknownPresenter     no presenter of that name in the bundle
├── ControlError         a control names a source, emotion or value that does not exist
├── SessionError         a session cannot be opened or used
│   ├── Unauthorized         no token, or one that is not valid
│   ├── NotAllowed           the token does not allow that
│   ├── TooOften             asked more often than is allowed
│   ├── UnknownSession       no such session (ended, or never was)
│   ├── ServerFull           all places are taken
│   ├── VoiceTaken           somebody speaks through this session already
│   ├── VoiceFull            too many sound files wait to be spoken
│   ├── MotionTaken          somebody moves this session's face already
│   ├── UnknownLook          no look of that name
│   ├── LooksFull            as many looks are kept as may be
│   ├── OfferRefused         the session description cannot be answered
│   │   ├── OfferUnreadable      it is no session description (SDP)
│   │   └── CodecMismatch        it has no codec in common with ours
│   ├── PublisherTaken       somebody else gives this session its sound already
│   ├── NothingToWatch       there is no such session to watch, not yet or no more
│   └── RequestRefused       a request that is malformed or too large
├── MediaError           pictures and sound cannot be encoded or kept
│   ├── EncoderFailed        no encoder can be opened, or it broke
│   ├── RecordingFailed      a recording cannot be written
│   └── UnknownRecording     no such recording, or not any more
└── DeviceError          a microphone, speaker, port or file of this machine cannot be used

Each leaf has a `code` (stable, for programs), an HTTP `status`, and a message that
says what is wrong and what to do. No message carries a path of the machine, a
secret, or what somebody said.
"""

from __future__ import annotations

from typing import ClassVar


class VisavisError(Exception):
    """Root of the tree; `code` and `status` are overridden by the leaves."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BundleError(VisavisError):
    """A bundle cannot be loaded: missing, altered, or of a newer schema."""

    code = "bundle"


class CheckpointError(BundleError):
    """A checkpoint cannot become a bundle: not to be had, damaged, or more than weights."""

    code = "checkpoint"


class BackendError(VisavisError):
    """A graph cannot be compiled or run by its backend."""

    code = "backend"


class PortraitError(VisavisError):
    """A picture cannot become an avatar."""

    code = "portrait"
    status = 422


class PictureUnreadable(PortraitError):
    """Not a PNG, JPEG or WebP picture, or a damaged one."""

    code = "picture_unreadable"
    status = 415


class PictureTooLarge(PortraitError):
    """More pixels or bytes than are accepted."""

    code = "picture_too_large"
    status = 413


class NoFace(PortraitError):
    """No face was found in the picture."""

    code = "no_face"


class SeveralFaces(PortraitError):
    """More than one face was found in the picture."""

    code = "several_faces"


class FaceUnsuitable(PortraitError):
    """The face is too small, turned away or cut off."""

    code = "face_unsuitable"


class PersonUnclear(PortraitError):
    """The person cannot be told from the background, or is transparent."""

    code = "person_unclear"


class BackgroundUnusable(PortraitError):
    """The picture that is to be behind the person cannot be used."""

    code = "background_unusable"


class TrackerMissing(PortraitError):
    """The face tracker is not installed on this machine."""

    code = "tracker_missing"
    status = 501


class SoundError(VisavisError):
    """Sound cannot be read."""

    code = "sound"
    status = 422


class SoundUnreadable(SoundError):
    """Not a sound file, or a damaged one."""

    code = "sound_unreadable"
    status = 415


class SoundTooLong(SoundError):
    """More seconds or bytes of sound than are accepted."""

    code = "sound_too_long"
    status = 413


class SoundEmpty(SoundError):
    """There are no samples in it."""

    code = "sound_empty"


class FilmUnreadable(VisavisError):
    """No film, or a damaged one."""

    code = "film_unreadable"
    status = 415


class MotionUnreadable(VisavisError):
    """No motion file, damaged, too long, or for other coefficients."""

    code = "motion_unreadable"
    status = 422


class UnknownPresenter(VisavisError):
    """The bundle has no presenter of that name."""

    code = "unknown_presenter"
    status = 404


class ControlError(VisavisError):
    """A control names a source, an emotion or a value that does not exist."""

    code = "control"
    status = 422


class SessionError(VisavisError):
    """A session cannot be opened or used."""

    code = "session"
    status = 409


class Unauthorized(SessionError):
    """There is no token, or it is not valid."""

    code = "unauthorized"
    status = 401


class NotAllowed(SessionError):
    """The token is valid, but does not allow that."""

    code = "not_allowed"
    status = 403


class TooOften(SessionError):
    """It was asked more often than is allowed."""

    code = "too_often"
    status = 429


class UnknownSession(SessionError):
    """No such session: it ended, or never was."""

    code = "unknown_session"
    status = 404


class ServerFull(SessionError):
    """All places are taken."""

    code = "server_full"
    status = 503


class VoiceTaken(SessionError):
    """Somebody else speaks through this session."""

    code = "voice_taken"


class VoiceFull(SessionError):
    """Too many sound files wait to be spoken."""

    code = "voice_full"


class MotionTaken(SessionError):
    """Somebody else moves this session's face."""

    code = "motion_taken"


class UnknownLook(SessionError):
    """No look of that name."""

    code = "unknown_look"
    status = 404


class LooksFull(SessionError):
    """As many looks are kept as may be."""

    code = "looks_full"


class OfferRefused(SessionError):
    """The session description cannot be answered."""

    code = "offer_refused"
    status = 422


class OfferUnreadable(OfferRefused):
    """The offer is no session description (SDP)."""

    code = "offer_unreadable"
    status = 400


class CodecMismatch(OfferRefused):
    """The offer has no codec in common with ours."""

    code = "codec_mismatch"


class PublisherTaken(SessionError):
    """Somebody else gives this session its sound already."""

    code = "publisher_taken"


class NothingToWatch(SessionError):
    """There is no such session to watch: not yet, or no more."""

    code = "nothing_to_watch"


class RequestRefused(SessionError):
    """The request is malformed or too large."""

    code = "request_refused"
    status = 422


class MediaError(VisavisError):
    """Pictures and sound cannot be encoded or kept."""

    code = "media"


class EncoderFailed(MediaError):
    """No encoder can be opened, or it broke."""

    code = "encoder_failed"


class RecordingFailed(MediaError):
    """A recording cannot be written."""

    code = "recording_failed"
    status = 507


class UnknownRecording(MediaError):
    """No such recording: not finished, forgotten, or never made."""

    code = "unknown_recording"
    status = 404


class DeviceError(VisavisError):
    """A microphone, speaker, port or file of this machine cannot be used."""

    code = "device"
