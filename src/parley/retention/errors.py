"""What retention refuses."""

from collections.abc import Sequence
from typing import ClassVar

from parley.foundation.errors import ParleyError


class RetentionError(ParleyError):
    """The base of what retention refuses."""

    error_id: ClassVar[str] = "retention.refused"


class RuleRefused(RetentionError):
    """A rule outside its limits, or set by somebody who may not."""

    error_id: ClassVar[str] = "retention.rule-refused"


class HoldRefused(RetentionError):
    """A hold that cannot be placed or lifted like that."""

    error_id: ClassVar[str] = "retention.hold-refused"


class NoSuchHold(RetentionError):
    """There is no such hold."""

    error_id: ClassVar[str] = "retention.no-such-hold"


class UseRestricted(RetentionError):
    """The record is kept for a hold, or for a restriction that somebody asked for, and may not be used."""

    error_id: ClassVar[str] = "retention.use-restricted"


class ErasureIncomplete(RetentionError):
    """Something of what had to be erased is left, or nobody answers for it: the whole deed is undone.

    `missing` says what, in words without personal data. Not permanent: try again when it is mended.
    """

    error_id: ClassVar[str] = "retention.erasure-incomplete"

    def __init__(self, message: str, *, missing: Sequence[str], remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.missing = tuple(missing)


class ApprovalRequired(RetentionError):
    """The customer's rule asks for a second person before these records are deleted, and nobody has approved it."""

    error_id: ClassVar[str] = "retention.approval-required"


class ApprovalRefused(RetentionError):
    """A deletion cannot be asked for, approved or refused like that: the message says why."""

    error_id: ClassVar[str] = "retention.approval-refused"


class NoSuchDeletion(RetentionError):
    """There is no such request for a deletion."""

    error_id: ClassVar[str] = "retention.no-such-deletion"
