"""Why somebody listens: asked where the customer's rule says so, kept beside the recording, a word of it in the ledger.

The server hands out no sound, and no sealed part, to whoever has to say why and has not. A reason holds for eight hours
for one person and one recording: a player asks for many ranges, and comes back after lunch.
"""

from datetime import datetime, timedelta
from typing import Final, Literal, cast
from uuid import UUID

from django.db import transaction

from parley.agreement.api import FIND_RECORDINGS
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.recordings.errors import NoSuchRecording, ReasonRefused, ReasonRequired
from parley.recordings.keys import keys
from parley.recordings.models import ListeningReason, ListeningRule
from parley.recordings.search import visible
from parley.recordings.views import Viewer

ListeningRuleName = Literal["off", "optional", "required"]
LISTENING_RULES: Final[tuple[ListeningRuleName, ...]] = ("off", "optional", "required")
LISTENING_REASONS: Final = ("complaint", "dispute", "quality", "training", "legal", "person", "other")
HOLDS_FOR: Final = timedelta(hours=8)
_LONGEST: Final = 500


def listening_rule() -> ListeningRuleName:
    """The rule of the customer in scope; "off" where nobody set one."""
    found = ListeningRule.objects.order_by("-id").values_list("rule", flat=True).first()
    return cast(ListeningRuleName, found or "off")


def set_listening_rule(rule: str, *, by: UUID, at: datetime) -> None:
    """Ask for reasons or not, from now on. Raises ReasonRefused for a rule that is none."""
    if rule not in LISTENING_RULES:
        raise ReasonRefused("there is no such rule", remedy="Choose off, optional or required.")
    clause = contract.ask(FIND_RECORDINGS, at=at).clause
    with transaction.atomic():
        ListeningRule.objects.create(id=new_id(at=at), rule=rule, by=by, at=at)
        obligations.evidence(kind="listening.ruled", clause=clause, details={"rule": rule, "user": str(by)}, at=at)


def give_reason(viewer: Viewer, recording_id: UUID, *, code: str, text: str = "", by: UUID, at: datetime) -> None:
    """Say why `by` listens now; `text` (at most 500 characters) is sealed. Raises NoSuchRecording, ReasonRefused."""
    text = text.strip()
    if code not in LISTENING_REASONS:
        raise ReasonRefused("a reason is one of the list", remedy=f"Choose one: {', '.join(LISTENING_REASONS)}.")
    if len(text) > _LONGEST or (code == "other" and not text):
        raise ReasonRefused("a reason of your own has 1 to 500 characters", remedy="Write why, in a sentence.")
    if not visible(viewer).filter(id=recording_id).exists():
        raise NoSuchRecording("there is no such recording")
    clause = contract.ask(FIND_RECORDINGS, at=at).clause
    reason_id = new_id(at=at)
    with transaction.atomic():
        epoch, sealed = keys().seal(text, place=b"reason:" + reason_id.bytes, at=at) if text else (None, None)
        ListeningReason.objects.create(
            id=reason_id, recording_id=recording_id, by=by, at=at, code=code, epoch_id=epoch, sealed=sealed
        )
        obligations.evidence(
            kind="recording.reason", clause=clause, at=at,
            details={"recording": str(recording_id), "reason": code, "id": str(reason_id), "user": str(by)},
        )  # fmt: skip


def reason_holds(recording_id: UUID, *, by: UUID, at: datetime) -> bool:
    """Whether this person said why it listens to this recording, not too long ago."""
    return ListeningReason.objects.filter(recording=recording_id, by=by, at__gt=at - HOLDS_FOR).exists()


def require_reason(recording_id: UUID, *, by: UUID, at: datetime) -> None:
    """Raises ReasonRequired where the rule asks for a reason and this person gave none."""
    if listening_rule() == "required" and not reason_holds(recording_id, by=by, at=at):
        raise ReasonRequired(
            "nobody listens here without a reason", remedy="Say why on the recording's page, or post it to its reasons."
        )
