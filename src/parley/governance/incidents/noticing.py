"""What happens in an affected customer's own database: its clock starts, its notices are written, sent, acknowledged.

Every step is one transaction of that database and idempotent: the incident by its id, the notice by its number, the
mail by its key. What the provider's pages show is copied from here (`mirroring`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from parley.agreement.api import Agreement, Event, after
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.governance.incidents import words
from parley.governance.incidents.errors import IncidentRefused, NoSuchIncident
from parley.governance.incidents.models import Affected, Declaration, Notice, Phase
from parley.governance.incidents.types import ContactPoint, CountLine, Criteria, Knowledge, PhaseKind, Why
from parley.inventory.api import Census
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

EVENT: Final = "incident-known"
DISPATCHED: Final = "incident.dispatched"
MIRROR: Final = "incident.mirror"
NO_ADDRESS: Final = "no-address"
REFUSED: Final = "mail-refused"
_FOLLOW_UP: Final = timedelta(hours=72)
"""Where no duty says when: the controller's own time towards its authority (GDPR Art. 33(1))."""
_MET_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "first": ("notify",),
    "further": ("notify", "follow-up"),
    "closing": ("notify", "follow-up", "closing-report"),
}
"""Which duties a dispatched notice of each kind fulfils: a later one says all that the earlier had to."""


def open_affair(declaration: Declaration, *, census: Census, criteria: Criteria, why: Why, at: datetime) -> Affected:
    """The incident in the database of the customer in scope, with its duties; as it is when it was opened before."""
    known = Affected.objects.filter(id=declaration.id).first()
    if known is not None:
        return known
    agreement, zone = contract.binding().agreement, contract.order().zone
    row = affair_of(declaration, agreement=agreement, zone=zone, census=census, criteria=criteria)
    row.save(force_insert=True)
    obligations.evidence(
        kind="incident.opened",
        clause=row.clause,
        details={
            "incident": str(row.id),
            "known_at": row.known_at.isoformat(),
            "due": row.due.isoformat(),
            "records": row.records,
            "persons": row.persons,
            "why": why,
        },
        at=at,
    )
    event = Event(kind="incident-known", id=str(row.id), at=row.known_at)
    obligations.open_duties(agreement, event, zone=zone, subject=reference(row.id), at=at)
    return row


def affair_of(
    declaration: Declaration, *, agreement: Agreement, zone: str, census: Census, criteria: Criteria
) -> Affected:
    """What an incident is to one customer, not stored: for a preview, and for `open_affair`."""
    term = agreement.terms.breach
    return Affected(
        id=declaration.id,
        title=declaration.title,
        kind=declaration.kind,
        known_at=declaration.known_at,
        declared_at=declaration.declared_at,
        contact_name=declaration.contact_name,
        contact_email=declaration.contact_email,
        contact_phone=declaration.contact_phone,
        clause=term.clause,
        agreement=agreement.id,
        within=str(term.within),
        promised=term.promised,
        due=after(declaration.known_at, term.within, zone=zone),
        persons=census.total_persons,
        records=census.total_records,
        counts=[
            {"category": one.category, "subject": one.subject, "records": one.records, "persons": one.persons}
            for one in census.lines
        ],
        since=criteria.since,
        until=criteria.until,
    )


def write_notice(affected: Affected, phase: Phase, *, at: datetime) -> Notice:
    """Notice `phase.number` of the customer in scope, in the outbox; as it is when it was written before."""
    known = Notice.objects.filter(affected=affected, number=phase.number).first()
    if known is not None:
        return known
    written = words.notice(facts_of(affected, phase, at=at))
    row = Notice(
        id=new_id(at=at),
        affected=affected,
        number=phase.number,
        kind=phase.kind,
        facts={name: getattr(phase, name) for name in ("nature", "consequences", "measures", "unknown", "news")},
        subject=written.subject,
        text=written.text,
        html=written.html,
        written_at=at,
    )
    if phase.kind == "closing":
        Affected.objects.filter(id=affected.id, closed_at=None).update(closed_at=at)
    _post(row)
    row.save(force_insert=True)
    return row


def facts_of(affected: Affected, phase: Phase, *, at: datetime) -> words.NoticeFacts:
    """What the notice of `phase` says to the customer in scope; `affected` need not be stored."""
    customer = tenancy.current()
    told = Notice.objects.filter(affected_id=affected.id, dispatched_at__isnull=False, number__lt=phase.number)
    follow_up = obligations.duty(f"{EVENT}:{affected.id}:follow-up")
    return words.NoticeFacts(
        number=phase.number,
        kind=cast(PhaseKind, phase.kind),
        customer=customer.name,
        reference=reference(affected.id),
        title=affected.title,
        breach_kind=affected.kind,
        known_at=affected.known_at,
        at=at,
        knowledge=knowledge_of(phase),
        contact=contact_of(affected),
        counts=counts_of(affected),
        persons=affected.persons,
        records=affected.records,
        since=affected.since,
        until=affected.until,
        clause=affected.clause,
        agreement=affected.agreement,
        within=affected.within,
        promised=affected.promised,
        due=affected.due,
        follow_up=follow_up.due if follow_up else affected.known_at + _FOLLOW_UP,
        zone=contract.order().zone,
        link=f"{settings.PARLEY_PUBLIC_URL}/c/{customer.handle}/incidents/{affected.id}/",
        told=[(one.number, one.dispatched_at) for one in told.order_by("number") if one.dispatched_at],
    )


def dispatched(work: obligations.Work) -> None:
    """The engine's handler for `incident.dispatched`: the mail of a notice left, or will not leave."""
    message = mail.message(UUID(work.payload["message"]))
    row = Notice.objects.select_for_update().select_related("affected").filter(message=message.id).first()
    if row is None:
        return
    if message.state == "sent" and message.sent_at is not None and row.dispatched_at is None:
        agreement, zone = contract.binding().agreement, contract.order().zone
        row.dispatched_at, row.problem = message.sent_at, ""
        row.assumed_at = after(message.sent_at, agreement.terms.notices.assumed_after, zone=zone)
        obligations.evidence(
            kind="incident.notified",
            clause=row.affected.clause,
            details={
                "incident": str(row.affected_id),
                "notice": row.number,
                "message": str(message.id),
                "message_id": message.message_id,
                "sha256": message.sha256,
                "due": row.affected.due.isoformat(),
            },
            at=message.sent_at,
        )
        meet(row, at=message.sent_at)
    elif message.state == "failed":
        row.problem = REFUSED
    row.save()
    mirror_later(row.affected_id, at=work.due)


def meet(notice: Notice, *, at: datetime) -> None:
    """The duties that this notice fulfils are met."""
    for word in _MET_BY[notice.kind]:
        try:
            obligations.meet(
                f"{EVENT}:{notice.affected_id}:{word}", at=at, by="incidents", details={"notice": notice.number}
            )
        except obligations.UnknownDuty:
            continue


def post_again(affected_id: UUID, *, at: datetime) -> int:
    """Notices of the customer in scope that could not be sent are tried once more; how many."""
    tried = 0
    with transaction.atomic():
        rows = Notice.objects.select_for_update().filter(affected_id=affected_id).exclude(problem="")
        for row in rows.order_by("number"):
            if row.problem == REFUSED and row.message is not None:
                mail.send_again(row.message, at=at)
                row.problem = ""
            else:
                _post(row)
            row.save(update_fields=["problem", "message"])
            tried += 1
        mirror_later(affected_id, at=at)
    return tried


def told_otherwise(affected_id: UUID, *, how: str, told_at: datetime, by: UUID, at: datetime) -> None:
    """The customer in scope was told by another suitable means, by telephone say: its latest notice counts as given.

    Raises NoSuchIncident, and IncidentRefused for a time at which it cannot have been.
    """
    with transaction.atomic():
        rows = Notice.objects.select_for_update(of=("self",)).select_related("affected")
        row = rows.filter(affected_id=affected_id).order_by("-number").first()
        if row is None:
            raise NoSuchIncident
        if not row.affected.known_at <= told_at <= at:
            raise IncidentRefused(
                _("The customer was told neither before staff knew nor in the future."), remedy=_("Correct the time."),
                field="told_at",
            )  # fmt: skip
        if not how.strip():
            raise IncidentRefused(
                _("How the customer was told is missing."), remedy=_("Say who told whom, by which means."), field="how"
            )
        if row.dispatched_at is None:
            row.dispatched_at = told_at
        row.told_how, row.problem = how.strip(), ""
        row.save(update_fields=["dispatched_at", "told_how", "problem"])
        obligations.evidence(
            kind="incident.told-otherwise",
            clause=row.affected.clause,
            details={
                "incident": str(affected_id),
                "notice": row.number,
                "user": str(by),
                "told_at": told_at.isoformat(),
                "how_sha256": hashlib.sha256(row.told_how.encode()).hexdigest(),
            },
            at=at,
        )
        meet(row, at=told_at)
        mirror_later(affected_id, at=at)


def acknowledge(notice_id: UUID, *, by: UUID, at: datetime) -> None:
    """Somebody of the customer in scope says that the notice was received. Raises NoSuchIncident."""
    with transaction.atomic():
        row = Notice.objects.select_for_update().select_related("affected").filter(id=notice_id).first()
        if row is None:
            raise NoSuchIncident
        if row.acknowledged_at is not None:
            return
        row.acknowledged_at, row.acknowledged_by = at, by
        row.save(update_fields=["acknowledged_at", "acknowledged_by"])
        obligations.evidence(
            kind="incident.acknowledged",
            clause=row.affected.clause,
            details={"incident": str(row.affected_id), "notice": row.number, "user": str(by)},
            at=at,
        )
        mirror_later(row.affected_id, at=at)


def mirror_later(affected_id: UUID, *, at: datetime) -> None:
    """Have the provider's copy follow, in the caller's transaction."""
    obligations.enqueue(kind=MIRROR, key=f"{MIRROR}:{new_id(at=at)}", due=at, payload={"incident": str(affected_id)})


def reference(incident_id: UUID) -> str:
    """What people quote."""
    return f"INC-{incident_id.hex[-8:].upper()}"


def contact_of(row: Affected | Declaration) -> ContactPoint:
    return ContactPoint(name=row.contact_name, email=row.contact_email, phone=row.contact_phone)


def counts_of(row: Affected) -> tuple[CountLine, ...]:
    return tuple(CountLine(**one) for one in row.counts)


def knowledge_of(phase: Phase) -> Knowledge:
    return Knowledge(
        nature=phase.nature,
        consequences=phase.consequences,
        measures=phase.measures,
        unknown=phase.unknown,
        news=phase.news,
    )


def _post(row: Notice) -> None:
    """Into the outbox, or the reason why not: a notice that cannot be sent must be seen, not lost."""
    addresses: Sequence[str] = contract.notice_addresses()
    if not addresses:
        row.problem = NO_ADDRESS
        return
    try:
        row.message = mail.send(
            key=f"incident:{row.affected_id}:notice:{row.number}",
            to=addresses,
            subject=row.subject,
            text=row.text,
            html=row.html,
            purpose="incident-notice",
            clause=row.affected.clause,
            then=DISPATCHED,
        )
    except mail.MailRefused:
        row.problem = REFUSED
    else:
        row.problem = ""
