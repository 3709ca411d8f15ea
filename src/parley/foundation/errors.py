"""The base of every error that Parley raises on purpose."""

from datetime import datetime
from typing import ClassVar


class ParleyError(Exception):
    """Says what happened, and what to do about it.

    `error_id` is stable: people quote it, tests and alarms match it. `remedy` is one sentence for whoever reads the
    message; it never holds personal data or a secret. `again_at` is when the same may succeed, where that is known.
    """

    error_id: ClassVar[str] = "parley.error"
    again_at: datetime | None = None

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} ({self.remedy})" if self.remedy else message
