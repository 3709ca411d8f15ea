"""Letters to the persons concerned (GDPR Art. 34): drafted and ordered by the customer, who is their controller."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from parley.foundation.ids import new_id
from parley.governance.incidents import words
from parley.governance.incidents.errors import IncidentRefused, NoSuchIncident
from parley.governance.incidents.models import Affected, Letter, Notice
from parley.governance.incidents.noticing import contact_of, mirror_later
from parley.governance.incidents.types import Knowledge, LetterView, Person
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

WRITE: Final = "incident.letters"
MOST: Final = 5000
_SLICE: Final = 50
_SUBJECT_AT_MOST: Final = 200


def read_persons(text: str) -> tuple[Person, ...]:
    """The persons of a list: one a line, "address" or "address; name" or "name, address". Raises IncidentRefused."""
    found: dict[str, Person] = {}
    for number, line in enumerate(text.splitlines(), 1):
        parts = [part.strip() for part in line.replace(";", ",").replace("\t", ",").split(",") if part.strip()]
        if not parts:
            continue
        address = next((part for part in parts if "@" in part), "")
        try:
            address = mail.canonical_address(address)
        except mail.MailRefused as error:
            raise IncidentRefused(
                _("Line %(number)d has no e-mail address that can be written to.") % {"number": number},
                remedy=_("Write one person a line: address; name"),
                field="persons",
            ) from error
        name = " ".join(part for part in parts if "@" not in part)
        found.setdefault(address, Person(address=address, name=name if name.isprintable() else ""))
    if len(found) > MOST:
        raise IncidentRefused(
            _("These are more than %(most)d persons.") % {"most": MOST},
            remedy=_("Order the letters in several parts."),
            field="persons",
        )
    return tuple(found.values())


def letter_draft(incident_id: UUID) -> tuple[str, str]:
    """Subject and text to begin with, from what the customer in scope was told last. Raises NoSuchIncident."""
    row = _affected(incident_id)
    latest = Notice.objects.filter(affected=row).order_by("-number").first()
    knowledge = Knowledge(**latest.facts) if latest else Knowledge(nature="", consequences="", measures="")
    return words.letter_draft(customer=tenancy.current().name, knowledge=knowledge, contact=contact_of(row))


def draft_letters(
    incident_id: UUID, *, persons: Sequence[Person], subject: str, text: str, by: UUID, at: datetime
) -> int:
    """Draft a letter to each person, besides those there are; earlier drafts get the new words. Returns how many.

    Raises NoSuchIncident and IncidentRefused.
    """
    row = _affected(incident_id)
    if not subject.strip() or len(subject) > _SUBJECT_AT_MOST or not subject.isprintable():
        raise IncidentRefused(_("The subject is missing or too long."), remedy=_("Give one line."), field="subject")
    if not text.strip():
        raise IncidentRefused(_("The letter is empty."), remedy=_("Write it, or take the draft."), field="text")
    with transaction.atomic():
        row.letters.filter(ordered_at=None).update(subject=subject.strip(), text=text.strip())
        known = set(row.letters.values_list("address", flat=True))
        fresh = [one for one in persons if one.address not in known]
        if not persons and not known:
            raise IncidentRefused(
                _("There is nobody to write to."), remedy=_("List one person a line."), field="persons"
            )
        Letter.objects.bulk_create(
            Letter(
                id=new_id(at=at),
                affected=row,
                address=one.address,
                name=one.name,
                subject=subject.strip(),
                text=text.strip(),
                drafted_by=by,
                drafted_at=at,
            )
            for one in fresh
        )
        obligations.evidence(
            kind="incident.letters-drafted",
            clause=row.clause,
            details={"incident": str(row.id), "user": str(by), "new": len(fresh)},
            at=at,
        )
    return row.letters.filter(ordered_at=None).count()


def remove_letter(letter_id: UUID) -> None:
    """Take a draft off the list. Raises NoSuchIncident for one that is not there, or was ordered."""
    removed, _rows = Letter.objects.filter(id=letter_id, ordered_at=None).delete()
    if not removed:
        raise NoSuchIncident


def order_letters(incident_id: UUID, *, by: UUID, at: datetime) -> int:
    """The customer's word: all drafts are sent. Returns how many. Raises NoSuchIncident and IncidentRefused."""
    row = _affected(incident_id)
    with transaction.atomic():
        ordered = row.letters.filter(ordered_at=None).update(ordered_at=at, ordered_by=by)
        if not ordered:
            raise IncidentRefused(_("There is no draft to send."), remedy=_("List the persons and save first."))
        obligations.evidence(
            kind="incident.letters-ordered",
            clause=row.clause,
            details={"incident": str(row.id), "user": str(by), "letters": ordered},
            at=at,
        )
        _write_later(row.id, at=at)
        mirror_later(row.id, at=at)
    return ordered


def letters(incident_id: UUID, *, after: UUID | None = None, limit: int = 50) -> list[LetterView]:
    """The letters of an incident of the customer in scope, in the order in which they were drafted."""
    rows = Letter.objects.filter(affected_id=incident_id).order_by("id")
    rows = rows.filter(id__gt=after) if after else rows
    found = list(rows[:limit])
    messages = {one.id: one for one in mail.messages(ids=[one.message for one in found if one.message], limit=limit)}
    return [_view(row, messages) for row in found]


def written(work: obligations.Work) -> None:
    """The engine's handler for `incident.letters`: a slice of what was ordered goes into the outbox."""
    incident_id = UUID(work.payload["incident"])
    waiting = Letter.objects.select_related("affected").filter(
        affected_id=incident_id, ordered_at__isnull=False, message=None
    )
    rows = list(waiting.order_by("id")[: _SLICE + 1])
    for row in rows[:_SLICE]:
        mailed = words.letter(name=row.name, subject=row.subject, text=row.text)
        row.message = mail.send(
            key=f"incident:{incident_id}:letter:{row.id}",
            to=[row.address],
            subject=mailed.subject,
            text=mailed.text,
            html=mailed.html,
            purpose="incident-letter",
            clause=row.affected.clause,
        )
        row.save(update_fields=["message"])
    if len(rows) > _SLICE:
        _write_later(incident_id, at=max(work.due, datetime.now(UTC)), after=rows[_SLICE - 1].id)


def _write_later(incident_id: UUID, *, at: datetime, after: UUID | None = None) -> None:
    obligations.enqueue(
        kind=WRITE,
        key=f"{WRITE}:{incident_id}:{after or at.isoformat()}",
        due=at,
        payload={"incident": str(incident_id)},
    )


def _affected(incident_id: UUID) -> Affected:
    row = Affected.objects.filter(id=incident_id).first()
    if row is None:
        raise NoSuchIncident
    return row


def _view(row: Letter, messages: Mapping[UUID, mail.MessageView]) -> LetterView:
    message = messages.get(row.message) if row.message else None
    state = {"queued": "written", "sent": "sent", "failed": "failed"}[message.state] if message else ""
    return LetterView(
        id=row.id,
        address=row.address,
        name=row.name,
        subject=row.subject,
        text=row.text,
        state=state or ("ordered" if row.ordered_at else "draft"),  # type: ignore[arg-type]
        ordered_at=row.ordered_at,
        sent_at=message.sent_at if message else None,
        answer=message.answer if message else "",
    )
