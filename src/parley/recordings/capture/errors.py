"""What can go wrong while media is received and kept."""

from parley.foundation.errors import ParleyError


class CaptureError(ParleyError):
    """Receiving or keeping media failed."""

    error_id = "capture.error"


class NoFreePort(CaptureError):
    """Every media port is in use or in quarantine. Retryable: ports come back as calls end."""

    error_id = "capture.no_free_port"


class SpoolFull(CaptureError):
    """The disk has too little room for another recording. Retryable: service resumes when space returns."""

    error_id = "capture.spool_full"


class UnknownRecording(CaptureError):
    """No open recording has this id, or it has no such port: it was closed, or never opened. Ours to fix."""

    error_id = "capture.unknown_recording"


class HoldMismatch(CaptureError):
    """The memory that a predecessor left has another layout. Permanent until the supervisor restarts."""

    error_id = "capture.hold_mismatch"
