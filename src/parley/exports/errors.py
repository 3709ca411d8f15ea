"""What can go wrong with exports."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class NoSuchExport(ParleyError):
    """There is no such export, or it is gone: a link that expired and one that never was are never told apart."""

    error_id: ClassVar[str] = "exports.no-such-export"


class ExportRefused(ParleyError):
    """The agreement does not allow it, or it is not possible in the state that the export is in."""

    error_id: ClassVar[str] = "exports.refused"

    def __init__(self, message: str, *, remedy: str = "", clause: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.clause = clause


class NotYetProven(ParleyError):
    """The log has not taken up yet what a package must prove: ours, and over in a moment."""

    error_id: ClassVar[str] = "exports.not-yet-proven"


class ExportDamaged(ParleyError):
    """The stored package is not the one whose hash is in the log. Nothing of it is served."""

    error_id: ClassVar[str] = "exports.damaged"
