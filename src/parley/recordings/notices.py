"""Letters about new recordings, to the people who want to hear of them and may see them. In the scope of its customer.

A recording that is ready is owed to whoever chose to be told (`people.notices`), in a job of its own; another job
writes one letter to one person about all that is owed to it. Each is done exactly once, whatever is killed when.
Whether the person may see a recording is asked when the letter is written. What a letter said goes when it has left.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from parley.agreement.api import FIND_RECORDINGS
from parley.governance.contract import api as contract
from parley.inventory.api import Held
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.people import api as people
from parley.recordings.models import NumberIndex, Recording
from parley.recordings.search import visible
from parley.recordings.types import Party
from parley.recordings.unsealing import PartyReader
from parley.retention import api as retention
from parley.sealing.api import SealingError
from parley.tenancy import api as tenancy

TELL: Final = "recordings.tell"
LETTER: Final = "recordings.letter"
TOLD: Final = "recordings.told"
PURPOSE: Final = "recording-notice"
MOST_NAMED: Final = 20
"""A letter lists this many recordings, and counts the rest."""
_STORE: Final = "recordings"
_log = structlog.get_logger(__name__)


def expect(recording_id: UUID, *, at: datetime) -> None:
    """A recording is ready: whoever wants to hear of it will, once. In the caller's transaction."""
    if people.notices.anybody_wants():
        obligations.enqueue(
            kind=TELL, key=f"{TELL}:{recording_id}", due=at, payload={"recording": str(recording_id)}
        )  # fmt: skip


def forget(ids: Sequence[UUID], *, at: datetime) -> None:
    """Recordings are being erased, in the caller's transaction: no letter tells of them any more. One that waits for a
    mail server is withdrawn, and what else it told is told by the next."""
    _withdraw(people.notices.forget_notices(ids), at=at)


def let_write(letters: people.notices.Letters, *, by: UUID, at: datetime) -> None:
    """From now on letters say this much, or none leaves; those that wait for a mail server and say more are withdrawn.
    Leaves evidence. Raises AccountRefused."""
    with transaction.atomic():
        _withdraw(people.notices.let_write(letters, by=by, at=at), at=at)


def handlers() -> Mapping[str, obligations.Handler]:
    """What the worker does for letters about recordings, by the kind of its deadline."""
    return {TELL: _tell, LETTER: _letter, TOLD: _told}


def _tell(work: obligations.Work) -> None:
    recording_id = UUID(work.payload["recording"])
    numbers = NumberIndex.objects.filter(recording=recording_id).values_list("value", flat=True)
    if not Recording.objects.filter(id=recording_id).exists():
        return
    for user_id, due in people.notices.owe(recording_id, numbers=[bytes(one) for one in numbers], at=work.now):
        _expect_letter(user_id, due)


def _letter(work: obligations.Work) -> None:
    user_id = UUID(work.payload["user"])
    owed = people.notices.owed(user_id, at=work.now)
    if owed is None:
        return
    if owed.not_before is not None:
        _expect_letter(user_id, owed.not_before)
        return
    shown = _may_be_told(owed, at=work.now)
    letter = _write(owed.user, shown, work=work) if shown else None
    people.notices.told(owed, letter=letter, ids=[one.id for one in shown], at=work.now)


def _told(work: obligations.Work) -> None:
    """The letter has left, or never will: what it said goes."""
    letter = UUID(work.payload["message"])
    people.notices.forget_letter(letter)
    mail.blank(letter, whatever=True)


def _withdraw(letters: Collection[tuple[UUID, UUID]], *, at: datetime) -> None:
    """Letters to these people do not leave, unless they have; what they told is owed anew, if it is owed still."""
    for user_id, letter in sorted(letters):
        mail.blank(letter, whatever=True)
        kept = [one for one in mail.messages(ids=[letter]) if one.state == "failed"]
        if kept and (due := people.notices.owe_again(letter, user_id, at=at)):
            obligations.enqueue(
                kind=LETTER, key=f"{LETTER}:{user_id}:again:{letter}", due=due, payload={"user": str(user_id)}
            )


def _expect_letter(user_id: UUID, due: datetime) -> None:
    key = f"{LETTER}:{user_id}:{due.isoformat()}"
    obligations.enqueue(kind=LETTER, key=key, due=due, payload={"user": str(user_id)})


def _may_be_told(owed: people.notices.Owed, *, at: datetime) -> list[Recording]:
    """The recordings that this person may see and hear of, the oldest first: neither held nor restricted, in the time
    of a contract that lets people find them."""
    if not contract.ask(FIND_RECORDINGS, at=at).allowed:
        return []
    rows = visible(people.viewer(owed.user)).filter(id__in=owed.ids)
    if owed.own:
        mine = NumberIndex.objects.filter(recording__in=owed.ids, value__in=sorted(owed.numbers)).values("recording")
        rows = rows.filter(id__in=mine)
    found = list(rows.select_related("epoch").order_by("started_at", "id"))
    records = [Held(store=_STORE, kind="recording", id=one.id, at=one.started_at) for one in found]
    kept = {*retention.held(_STORE, records), *retention.restricted(_STORE, [one.id for one in found])}
    return [one for one in found if one.id not in kept]


def _write(user: people.User, shown: Sequence[Recording], *, work: obligations.Work) -> UUID | None:
    """The letter in the outbox; None when no mail server would take this person's address."""
    customer = tenancy.current()
    console = f"{settings.PARLEY_PUBLIC_URL}/c/{customer.handle}/"
    parties = PartyReader.for_current_customer()
    named = people.notices.notice_letters() == "named" and parties.can_open
    count = len(shown)
    lines = [_line(one, parties if named else None, console=console) for one in shown[-MOST_NAMED:]]
    if count > MOST_NAMED:
        lines.append(
            _("And %(count)d before: %(link)s") % {"count": count - MOST_NAMED, "link": f"{console}recordings/"}
        )
    opening = ngettext("%(count)d new recording that you may see.", "%(count)d new recordings that you may see.", count)
    closing = _("You chose to be told of new recordings. Which, and whether, you change under Your account: %(link)s")
    try:
        return mail.send(
            key=f"{PURPOSE}:{work.id}",
            to=[user.email],
            subject=ngettext("A new recording", "%(count)d new recordings", count) % {"count": count},
            text="\n\n".join(
                [opening % {"count": count}, *lines, closing % {"link": f"{console}account/"}]
            ) + "\n",
            purpose=PURPOSE,
            clause=contract.ask(FIND_RECORDINGS, at=work.now).clause,
            then=TOLD,
        )  # fmt: skip
    except mail.MailRefused as error:
        _log.warning("recording.cannot_tell", user=str(user.id), error_id=error.error_id)
        return None


def _line(recording: Recording, parties: PartyReader | None, *, console: str) -> str:
    zone = tenancy.current().standing.zone
    said = [
        f"{recording.started_at.astimezone(ZoneInfo(zone)):%d %B %Y, %H:%M:%S} ({zone})",
        _direction(recording.direction),
        _length(recording.ended_at.timestamp() - recording.started_at.timestamp()),
    ]
    if parties is not None:
        said += _parties(recording, parties)
    return f"{', '.join(said)}\n{console}recordings/{recording.id}/"


def _parties(recording: Recording, parties: PartyReader) -> list[str]:
    try:
        sheet = parties.read(recording_id=recording.id, sealed=recording.sealed, wrapped=recording.epoch.wrapped)
    except SealingError:  # altered: its page says so, and the letter about the others is written all the same
        return []
    return [" – ".join(_name(party) for party in sheet.parties)] if sheet.parties else []


def _name(party: Party) -> str:
    return " ".join(filter(None, (party.name, party.number)))


def _direction(direction: str) -> str:
    words = {"inbound": _("inbound"), "outbound": _("outbound"), "internal": _("internal")}
    return words.get(direction, _("direction unknown"))


def _length(seconds: float) -> str:
    """An hour, four minutes and a second are 1:04:01."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
