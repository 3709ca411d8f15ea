"""What can go wrong with recordings."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class NoSuchRecording(ParleyError):
    """There is no such recording, or not for this viewer: the two are never told apart."""

    error_id: ClassVar[str] = "recordings.no-such-recording"


class NoSuchRendition(ParleyError):
    """The recording has no rendition of that kind (yet), or only the customer holds the key to it."""

    error_id: ClassVar[str] = "recordings.no-such-rendition"


class SubstitutedObject(ParleyError):
    """A stored object is not the one whose hash is in the ledger. Nothing of it is served. Permanent."""

    error_id: ClassVar[str] = "recordings.substituted-object"


class BadCursor(ParleyError):
    """The place in the list that was asked for does not exist: the caller's mistake."""

    error_id: ClassVar[str] = "recordings.bad-cursor"


class SpoolDamaged(ParleyError):
    """A closed recording in the spool is not what its closed file says. It is left there for people to look at."""

    error_id: ClassVar[str] = "recordings.spool-damaged"


class ResealingRefused(ParleyError):
    """A recording stays sealed as it is: `why` is a word for counting, the message says it to people."""

    error_id: ClassVar[str] = "recordings.resealing-refused"

    def __init__(self, why: str, what: str, *, remedy: str) -> None:
        self.why = why
        super().__init__(what, remedy=remedy)


class HeaderRefused(ParleyError):
    """A new header for a sealed file that is none for the customer's present keys: the caller's mistake."""

    error_id: ClassVar[str] = "recordings.header-refused"


class NoSuchAnnotation(ParleyError):
    """There is no such note or tag, or not for this viewer."""

    error_id: ClassVar[str] = "recordings.no-such-annotation"


class ReasonRequired(ParleyError):
    """The customer's rule asks why somebody listens, and this person has not said it."""

    error_id: ClassVar[str] = "recordings.reason-required"


class ReasonRefused(ParleyError):
    """A reason for listening, or the rule about reasons, that cannot be taken: the message says why."""

    error_id: ClassVar[str] = "recordings.reason-refused"


class AnnotationRefused(ParleyError):
    """A note or tag cannot be kept or removed: the message says what is wrong with it, or who may."""

    error_id: ClassVar[str] = "recordings.annotation-refused"


class DeletionRefused(ParleyError):
    """A deletion that this account may not ask for or decide, or a rule that it may not set: the message says."""

    error_id: ClassVar[str] = "recordings.deletion-refused"
