"""The provider's side: an incident is declared, its next rounds are drafted and issued, and at last it is closed."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.governance.incidents import words
from parley.governance.incidents.errors import IncidentRefused, NoSuchIncident
from parley.governance.incidents.models import Affected, Considered, Declaration, Phase
from parley.governance.incidents.noticing import affair_of, facts_of, post_again, told_otherwise
from parley.governance.incidents.rules import check_criteria, check_declaration, check_knowledge
from parley.governance.incidents.spreading import CLAUSE, apart, consider, open_round
from parley.governance.incidents.types import ContactPoint, Criteria, Knowledge, PhaseKind
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy


@dataclass(frozen=True, kw_only=True)
class Extent:
    """Whom a declaration would touch: each affected customer with records and persons, and of how many looked at."""

    affected: tuple[tuple[tenancy.Customer, int, int], ...]
    considered: int


def declare(
    *,
    title: str,
    kind: str,
    known_at: datetime,
    knowledge: Knowledge,
    contact: ContactPoint,
    criteria: Criteria,
    by: UUID,
    at: datetime,
    incident_id: UUID | None = None,
    register_only: str = "",
) -> UUID:
    """Declare an incident of which staff first knew at `known_at`, and have every affected customer told; its id.

    `register_only` is a reason for which nobody is told: the register keeps it all the same (GDPR Art. 33(5)).
    Declaring `incident_id` again changes nothing. Raises IncidentRefused.
    """
    check_declaration(title=title, kind=kind, known_at=known_at, now=at, knowledge=knowledge, contact=contact)
    check_criteria(criteria, handles={one.handle for one in tenancy.customers()})
    identifier = incident_id or new_id(at=at)
    with tenancy.scope(tenancy.provider()), transaction.atomic():
        # In the provider's scope `default` is the provider's database too: row, job and evidence are one transaction.
        row, made = Declaration.objects.using("default").get_or_create(
            id=identifier,
            defaults={
                "title": title.strip(),
                "kind": kind,
                "known_at": known_at,
                "declared_at": at,
                "declared_by": by,
                "contact_name": contact.name.strip(),
                "contact_email": contact.email.strip(),
                "contact_phone": contact.phone.strip(),
                "criteria": criteria.to_json(),
                "notified": not register_only.strip(),
                "reason": register_only.strip(),
            },
        )
        if not made:
            return identifier
        Phase.objects.using("default").create(
            declaration=row, number=1, kind="first", by=by, at=at, finished_at=None if row.notified else at,
            **asdict(knowledge),
        )  # fmt: skip
        _evidence(row, "incident.declared" if row.notified else "incident.registered", by=by, at=at)
        if row.notified:
            open_round(row.id, 1, at=at)
    return identifier


def draft(incident_id: UUID, *, kind: PhaseKind, knowledge: Knowledge, by: UUID) -> int:
    """Keep the draft of the next round; its number. Raises NoSuchIncident and IncidentRefused."""
    check_knowledge(knowledge)
    row = _open(incident_id)
    with tenancy.scope(tenancy.provider()), transaction.atomic():
        number = _next_number(row)
        Phase.objects.using("default").update_or_create(
            declaration_id=row.id, number=number, defaults={"kind": kind, "by": by, **asdict(knowledge)}
        )
    return number


def issue(incident_id: UUID, *, by: UUID, at: datetime) -> int:
    """Send the drafted round to every affected customer; a closing one closes the incident. Returns its number.

    Raises NoSuchIncident, and IncidentRefused while there is no draft or an earlier round is still being written.
    """
    row = _open(incident_id)
    with tenancy.scope(tenancy.provider()), transaction.atomic():
        phases = list(Phase.objects.using("default").select_for_update().filter(declaration_id=row.id))
        drafted = next((phase for phase in phases if phase.at is None), None)
        if drafted is None:
            raise IncidentRefused(_("There is no draft to send."), remedy=_("Write what is known first."))
        if any(phase.at is not None and phase.finished_at is None for phase in phases):
            raise IncidentRefused(
                _("The notices before are still being written."), remedy=_("Wait until they all are, then send.")
            )
        drafted.at, drafted.by = at, by
        drafted.save(using="default", update_fields=["at", "by"])
        _evidence(row, f"incident.{drafted.kind}-issued", by=by, at=at, phase=drafted.number)
        if row.notified:
            open_round(row.id, drafted.number, at=at)
        else:
            drafted.finished_at = at
            drafted.save(using="default", update_fields=["finished_at"])
            if drafted.kind == "closing":
                Declaration.objects.using("default").filter(id=row.id).update(closed_at=at)
    return drafted.number


def post_again_for(incident_id: UUID, customer_id: UUID, *, at: datetime) -> int:
    """Try again what could not be sent to one customer; how many notices. Raises NoSuchIncident."""
    if not Considered.objects.filter(declaration_id=incident_id, customer_id=customer_id, affected=True).exists():
        raise NoSuchIncident

    def again() -> int:
        with tenancy.scope(customer_id):
            return post_again(incident_id, at=at)

    return apart(again)


def told_otherwise_for(
    incident_id: UUID, customer_id: UUID, *, how: str, told_at: datetime, by: UUID, at: datetime
) -> None:
    """One customer was told by other means than mail. Raises NoSuchIncident and IncidentRefused."""
    if not Considered.objects.filter(declaration_id=incident_id, customer_id=customer_id, affected=True).exists():
        raise NoSuchIncident

    def note() -> None:
        with tenancy.scope(customer_id):
            told_otherwise(incident_id, how=how, told_at=told_at, by=by, at=at)

    apart(note)


def extent(criteria: Criteria, *, at: datetime) -> Extent:
    """Whom an incident by these criteria would touch; nothing is written anywhere."""
    check_criteria(criteria, handles={one.handle for one in tenancy.customers()})

    def look() -> Extent:
        found = []
        everybody = tenancy.customers()
        for customer in everybody:
            with tenancy.scope(customer):
                why, counted = consider(criteria, customer=customer, at=at)
            if why in {"affected", "named"}:
                found.append((customer, counted.total_records, counted.total_persons))
        return Extent(affected=tuple(found), considered=len(everybody))

    return apart(look)


def preview(
    *,
    title: str,
    kind: str,
    known_at: datetime,
    knowledge: Knowledge,
    contact: ContactPoint,
    criteria: Criteria,
    customer_id: UUID,
    at: datetime,
    incident_id: UUID,
) -> words.Written:
    """The first notice as this customer would get it; nothing is written anywhere."""
    declaration = Declaration(
        id=incident_id, title=title, kind=kind, known_at=known_at, declared_at=at, contact_name=contact.name,
        contact_email=contact.email, contact_phone=contact.phone, criteria=criteria.to_json(),
    )  # fmt: skip
    phase = Phase(declaration=declaration, number=1, kind="first", **asdict(knowledge))

    def look() -> words.Written:
        with tenancy.scope(customer_id) as customer:
            _why, found = consider(criteria, customer=customer, at=at)
            agreement, zone = contract.binding().agreement, contract.order().zone
            affair = affair_of(declaration, agreement=agreement, zone=zone, census=found, criteria=criteria)
            return words.notice(facts_of(affair, phase, at=at))

    return apart(look)


def preview_draft(incident_id: UUID, customer_id: UUID, *, at: datetime) -> words.Written:
    """The drafted notice as this affected customer would get it. Raises NoSuchIncident."""
    phase = Phase.objects.filter(declaration_id=incident_id, at=None).first()
    if phase is None:
        raise NoSuchIncident

    def look() -> words.Written:
        with tenancy.scope(customer_id):
            affair = Affected.objects.filter(id=incident_id).first()
            if affair is None:
                raise NoSuchIncident
            return words.notice(facts_of(affair, phase, at=at))

    return apart(look)


def _open(incident_id: UUID) -> Declaration:
    row = Declaration.objects.filter(id=incident_id).first()
    if row is None:
        raise NoSuchIncident
    if row.closed_at is not None:
        raise IncidentRefused(_("The incident is closed."), remedy=_("Declare a new one that names it."))
    if Phase.objects.filter(declaration_id=incident_id, kind="closing", at__isnull=False).exists():
        raise IncidentRefused(_("The closing report is on its way."), remedy=_("Declare a new incident if need be."))
    return row


def _next_number(row: Declaration) -> int:
    """The number of the draft, or of the round after the last."""
    phases: Sequence[Phase] = list(
        Phase.objects.using("default").select_for_update().filter(declaration_id=row.id).order_by("number")
    )
    drafted = next((phase for phase in phases if phase.at is None), None)
    return drafted.number if drafted else phases[-1].number + 1


def _evidence(row: Declaration, kind: str, *, by: UUID, at: datetime, **more: Any) -> None:
    """Evidence in the provider's own log; the words are hashed, for they may name somebody."""
    phase = Phase.objects.using("default").filter(declaration_id=row.id).order_by("-number").first()
    said = "\n".join((phase.nature, phase.consequences, phase.measures, phase.unknown)) if phase else ""
    obligations.evidence(
        kind=kind,
        clause=CLAUSE,
        details={
            "incident": str(row.id),
            "known_at": row.known_at.astimezone(UTC).isoformat(),
            "user": str(by),
            "words_sha256": hashlib.sha256(said.encode()).hexdigest(),
            "reason_sha256": hashlib.sha256(row.reason.encode()).hexdigest() if row.reason else "",
            **more,
        },
        at=at,
    )
