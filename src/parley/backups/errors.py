"""What can go wrong with backups."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class BackupError(ParleyError):
    """A backup could not be taken, verified or restored."""

    error_id: ClassVar[str] = "backups.error"


class NoBackup(BackupError):
    """There is no such backup, or none that is ready."""

    error_id: ClassVar[str] = "backups.none"


class BackupDamaged(BackupError):
    """A file of a backup is not the one that was sealed: nothing of it is used. Permanent for this backup."""

    error_id: ClassVar[str] = "backups.damaged"


class ToolMissing(BackupError):
    """pg_dump or pg_restore is absent, or too old for the server. The operator's to mend."""

    error_id: ClassVar[str] = "backups.tool"


class DumpFailed(BackupError):
    """pg_dump or pg_restore ended with an error; its words are not kept, they may quote data. Retryable."""

    error_id: ClassVar[str] = "backups.dump-failed"


class Busy(BackupError):
    """Another process takes, expires or restores backups of this customer now. Retryable."""

    error_id: ClassVar[str] = "backups.busy"
