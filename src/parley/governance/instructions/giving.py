"""The customer's documented instructions: given, suspended when they infringe, confirmed, modified, withdrawn.

An instruction that infringes is never carried out silently, nor dropped silently: it is suspended at once and the
customer told (GDPR Art. 28(3)). The purpose rests until the customer confirms in writing or gives another version. A
confirmation ends the suspension; what the gate refuses by itself (a transfer without a measure) it still refuses.
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from parley.agreement.api import AREAS, CATEGORIES, OFFERINGS, PURPOSES, Event, area_of, read_span
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.governance.instructions.errors import InstructionRefused, UnknownInstruction
from parley.governance.instructions.law import law
from parley.governance.instructions.models import InstructionRecord
from parley.governance.instructions.rules import Details, Infringement, Setting, infringements
from parley.governance.instructions.settling import settle_on_commit
from parley.governance.instructions.telling import meet, tell
from parley.governance.instructions.types import Instruction, State
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy


def give(*, purpose: str, text: str, details: Details | None = None, by: UUID, at: datetime) -> Instruction:
    """The customer in scope instructs `purpose` in its own words; what it said of it before is replaced.

    In force at once, or suspended when a rule says that it infringes. Raises InstructionRefused for what is no
    instruction.
    """
    said = checked(purpose, text, details or Details())
    with transaction.atomic():
        binding = contract.binding().agreement
        found = infringements(purpose, said, _setting(at))
        terms = binding.terms.instructions
        row = _new_version(purpose, text, by=by, at=at, state="suspended" if found else "in-force")
        row.details = details_to_json(said)
        row.findings = [asdict(one) for one in found]
        row.clause = terms.infringing_clause if found else terms.clause
        row.suspended_at = at if found else None
        row.save(force_insert=True)
        obligations.evidence(
            kind="instruction.given", clause=terms.clause, details=_facts(row) | {"user": str(by)}, at=at
        )
        if found:
            _suspend(row, found, at=at)
        settle_on_commit(row.id)
    return view(row)


def confirm(instruction_id: UUID, *, text: str, by: UUID, at: datetime) -> Instruction:
    """The customer confirms a suspended instruction in writing, on its own responsibility.

    Raises UnknownInstruction when it is not suspended, InstructionRefused without words or for a purpose that the
    agreement forbids.
    """
    if not text.strip():
        raise InstructionRefused(
            _("a confirmation needs words"), remedy=_("Say why the instruction is lawful."), field="confirmation"
        )
    with transaction.atomic():
        row = InstructionRecord.objects.select_for_update().filter(id=instruction_id, state="suspended").first()
        if row is None:
            raise UnknownInstruction(
                _("this instruction is not suspended"), remedy=_("Look at its newest version on the page.")
            )
        if any(one["rule"] == "forbidden-purpose" for one in row.findings):
            raise InstructionRefused(
                _("the agreement forbids this purpose: no confirmation changes that"), remedy=_("Withdraw it.")
            )
        row.state, row.confirmed_by, row.confirmed_at, row.confirmation = "in-force", str(by), at, text.strip()
        row.save(update_fields=["state", "confirmed_by", "confirmed_at", "confirmation"])
        obligations.evidence(
            kind="instruction.confirmed", clause=row.clause, details=_facts(row) | {"user": str(by)}, at=at
        )
        meet(f"instruction-suspended:{row.id}", at=at, by=str(by))
        settle_on_commit(new_id(at=at))
    return view(row)


def withdraw(*, purpose: str, text: str, by: UUID, at: datetime) -> Instruction:
    """The customer takes an instruction back, one given by signing too: the gate refuses the purpose from now on."""
    said = checked(purpose, text, Details())
    with transaction.atomic():
        before = InstructionRecord.objects.filter(purpose=purpose).exclude(state="replaced").first()
        if before is not None and before.state == "suspended":
            meet(f"instruction-suspended:{before.id}", at=at, by=str(by))
        row = _new_version(purpose, text, by=by, at=at, state="withdrawn")
        row.details = details_to_json(said)
        row.clause = contract.binding().agreement.terms.instructions.clause
        row.save(force_insert=True)
        obligations.evidence(
            kind="instruction.withdrawn", clause=row.clause, details=_facts(row) | {"user": str(by)}, at=at
        )
        settle_on_commit(row.id)
    return view(row)


def instructions(*, purpose: str = "", state: State | None = None, limit: int = 200) -> tuple[Instruction, ...]:
    """Instructions of the customer in scope with all their versions, the newest first."""
    rows = InstructionRecord.objects.order_by("-given_at", "-id")
    if purpose:
        rows = rows.filter(purpose=purpose)
    if state is not None:
        rows = rows.filter(state=state)
    return tuple(view(row) for row in rows[:limit])


def instruction(instruction_id: UUID) -> Instruction:
    """One version. Raises UnknownInstruction."""
    row = InstructionRecord.objects.filter(id=instruction_id).first()
    if row is None:
        raise UnknownInstruction(_("there is no such instruction"), remedy=_("Choose one of the list."))
    return view(row)


def instruction_for(purpose: str) -> str:
    """What instructs `purpose` now, for the evidence of a deed: an instruction's id, else that of the signature whose
    agreement covers it, else ""."""
    row = InstructionRecord.objects.filter(purpose=purpose, state="in-force").values_list("id", flat=True).first()
    if row is not None:
        return str(row)
    for signature in contract.signatures():
        if signature.replaced_at is None:
            return str(signature.id)
    return ""


def checked(purpose: str, text: str, details: Details) -> Details:
    """The details when all of it can be an instruction. Raises InstructionRefused naming the field."""
    for field, message, remedy in _mistakes(purpose, text, details):
        raise InstructionRefused(message, remedy=remedy, field=field)
    return details


def _mistakes(purpose: str, text: str, details: Details) -> Iterator[tuple[str, str, str]]:
    if purpose not in PURPOSES:
        yield "purpose", _("this purpose is not known"), _("Choose one of the list.")
    if not text.strip():
        yield "text", _("an instruction needs words"), _("Say in writing what is to be done, and for what.")
    if details.offering not in OFFERINGS and details.offering != "*":
        yield "offering", _("this offering is not known"), _("Choose one of the list.")
    for field in ("region", "recipient_area"):
        place = getattr(details, field)
        if place and area_of(place) not in AREAS:
            yield field, _("this place is not known"), _("Begin it with one of: %s") % ", ".join(AREAS)
    for category in sorted(details.categories - CATEGORIES.keys()):
        yield "categories", _('"%s" is no category of data') % category, _("Choose some of the list.")


def _setting(at: datetime) -> Setting:
    return Setting(
        agreement=contract.binding().agreement,
        confirmed_transfers=tenancy.standing().confirmed_transfers,
        law=law(),
        at=at,
    )


def _new_version(purpose: str, text: str, *, by: UUID, at: datetime, state: State) -> InstructionRecord:
    """The row of the next version, not yet saved; the present one is replaced."""
    before = InstructionRecord.objects.select_for_update().filter(purpose=purpose).order_by("-version").first()
    if before is not None:
        before.state, before.replaced_at = "replaced", at
        before.save(update_fields=["state", "replaced_at"])
        meet(f"instruction-suspended:{before.id}", at=at, by=str(by))
    return InstructionRecord(
        id=new_id(at=at),
        purpose=purpose,
        version=before.version + 1 if before is not None else 1,
        state=state,
        text=text.strip(),
        given_by=str(by),
        given_at=at,
    )


def _suspend(row: InstructionRecord, found: tuple[Infringement, ...], *, at: datetime) -> None:
    """Evidence, the duty to tell the customer at once, and the message that does."""
    rules: list[Any] = [one.rule for one in found]
    obligations.evidence(kind="instruction.suspended", clause=row.clause, details=_facts(row) | {"rules": rules}, at=at)
    event = Event(kind="instruction-suspended", id=str(row.id), at=at)
    obligations.open_duties(contract.binding().agreement, event, zone=contract.order().zone, subject=row.purpose)
    reasons = "\n".join(f"- {one.why} ({one.clause}; {one.law}).\n  {_('What helps')}: {one.remedy}." for one in found)
    tell(
        key=f"instruction-suspended:{row.id}",
        subject=_("Your instruction is suspended: %s") % PURPOSES[row.purpose].meaning,
        text=_(
            "Your instruction, version %(version)d, to %(purpose)s is not carried out.\n\n"
            "It would infringe:\n%(reasons)s\n\n"
            "It rests until you confirm it in writing, give another version or withdraw it, on the page Instructions."
        )
        % {"version": row.version, "purpose": PURPOSES[row.purpose].meaning, "reasons": reasons},
        clause=row.clause,
        duty=True,
    )


def _facts(row: InstructionRecord) -> dict[str, Any]:
    return {"instruction": str(row.id), "purpose": row.purpose, "version": row.version}


def details_to_json(details: Details) -> dict[str, Any]:
    """As plain JSON; `details_from_json` is the way back."""
    return {
        name: sorted(value)
        if isinstance(value, frozenset)
        else str(value)
        if name.startswith("keep") and value
        else value
        for name, value in ((name, getattr(details, name)) for name in Details.__slots__)
    }


def details_from_json(raw: dict[str, Any]) -> Details:
    """The details that `details_to_json` wrote."""
    made: dict[str, Any] = dict(raw)
    for name in ("categories", "citizens"):
        made[name] = frozenset(made.get(name, ()))
    for name in ("keep", "keep_after_end"):
        made[name] = read_span(made[name]) if made.get(name) else None
    return Details(**made)


def view(row: InstructionRecord) -> Instruction:
    """The row as others see it."""
    return Instruction(
        id=row.id,
        purpose=row.purpose,
        version=row.version,
        state=cast(State, row.state),
        text=row.text,
        details=details_from_json(row.details),
        findings=tuple(Infringement(**MappingProxyType(one)) for one in row.findings),
        clause=row.clause,
        given_by=row.given_by,
        given_at=row.given_at,
        suspended_at=row.suspended_at,
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
        confirmation=row.confirmation,
        replaced_at=row.replaced_at,
    )
