"""What can go wrong with assessments, disclosures, complaints and findings."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class AssistanceError(ParleyError):
    """The base of this package's errors."""

    error_id: ClassVar[str] = "assistance.error"


class AssistanceFormError(AssistanceError):
    """A form was filled in wrongly; `field` names where."""

    error_id: ClassVar[str] = "assistance.form"

    def __init__(self, message: str, *, field: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.field = field


class NoSuchRecord(AssistanceError):
    """There is no such assessment, disclosure, complaint or finding here."""

    error_id: ClassVar[str] = "assistance.no-such"


class NotYet(AssistanceError):
    """Something has to happen first: the customer is told before data is disclosed; a complaint is answered before it
    is closed."""

    error_id: ClassVar[str] = "assistance.not-yet"
