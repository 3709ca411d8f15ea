"""Transfers to another country: none without a measure that the customer confirmed (GDPR Art. 44 to 46).

An adequacy decision is held against the dated list; binding corporate rules need the authority's approval; standard
clauses (Implementing Decision (EU) 2021/914) need their importer, and prevail over what was signed from then on.
"""

from datetime import UTC, datetime
from typing import cast, get_args
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from parley.agreement.api import AREAS, Agreement
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.governance.instructions.errors import InstructionRefused, UnknownInstruction
from parley.governance.instructions.law import Adequacy, AdequacyList, adequacy
from parley.governance.instructions.models import TransferRecord
from parley.governance.instructions.settling import day_after, settle_on_commit
from parley.governance.instructions.types import Measure, Transfer
from parley.obligations import api as obligations


def confirm_transfer(
    *, area: str, measure: Measure, reference: str = "", importer: str = "", by: UUID, at: datetime
) -> Transfer:
    """The customer in scope confirms the measure under which its data may go to `area`, instead of any before.

    `reference`: the approval of binding corporate rules, or where the signed clauses are; `importer` who receives under
    standard clauses, or is certified where adequacy asks for it. Raises InstructionRefused.
    """
    binding = contract.binding().agreement
    term = binding.terms.regions
    if area not in AREAS:
        raise InstructionRefused(_("this area is not known"), remedy=", ".join(AREAS), field="area")
    if term.elsewhere == "never":
        raise InstructionRefused(
            _("the agreement lets no data leave its places, under whatever measure"),
            remedy=_("Clause %s would have to be changed first, by signing another version.") % term.clause,
            field="area",
        )
    if measure not in get_args(Measure):
        raise InstructionRefused(_("this measure is not known"), remedy=", ".join(get_args(Measure)), field="measure")
    found = _decided(adequacy(), area, at=at) if measure == "adequacy" else None
    _check_words(measure, reference=reference, importer=importer, certified=found is not None and found.certified)
    _check_residency(binding, area, measure)
    ends_on = found.until if found is not None else None
    with transaction.atomic():
        _withdraw_present(area, by=by, at=at)
        row = TransferRecord(
            id=new_id(at=at),
            area=area,
            measure=measure,
            module=("3" if contract.order().processes_for_others else "2") if measure == "scc" else "",
            reference=found.reference if found is not None else reference.strip(),
            importer=importer.strip(),
            confirmed_by=str(by),
            confirmed_at=at,
            ends_on=ends_on,
        )
        row.save(force_insert=True)
        obligations.evidence(
            kind="transfer.confirmed",
            clause=term.clause,
            details={
                "user": str(by),
                "transfer": str(row.id),
                "area": area,
                "measure": measure,
                "reference": row.reference if found is not None else "",
                "module": row.module,
            },
            at=at,
        )
        again = day_after(datetime.combine(ends_on, datetime.min.time(), UTC)) if ends_on is not None else None
        settle_on_commit(row.id, again=again)
    return _view(row)


def withdraw_transfer(transfer_id: UUID, *, by: UUID, at: datetime) -> Transfer:
    """The measure holds no longer: nothing goes to the area from now on. Raises UnknownInstruction."""
    with transaction.atomic():
        row = TransferRecord.objects.filter(id=transfer_id, withdrawn_at__isnull=True).first()
        if row is None:
            raise UnknownInstruction(_("there is no such transfer"), remedy=_("Choose one of the list."))
        _withdraw_present(row.area, by=by, at=at)
        obligations.evidence(
            kind="transfer.withdrawn",
            clause=contract.binding().agreement.terms.regions.clause,
            details={"user": str(by), "transfer": str(row.id), "area": row.area},
            at=at,
        )
        settle_on_commit(new_id(at=at))
        row.refresh_from_db()
    return _view(row)


def transfers(*, history: bool = False) -> tuple[Transfer, ...]:
    """The measures of the customer in scope, the newest first; `history`: those withdrawn too."""
    rows = TransferRecord.objects.order_by("-confirmed_at", "-id")
    return tuple(_view(row) for row in (rows if history else rows.filter(withdrawn_at__isnull=True)))


def _check_words(measure: Measure, *, reference: str, importer: str, certified: bool) -> None:
    """Raises InstructionRefused when what the measure rests on is not named."""
    if measure in {"bcr", "dedicated-site"} and not reference.strip():
        raise InstructionRefused(
            _("binding corporate rules need the approval that they rest on")
            if measure == "bcr"
            else _("a dedicated site needs its name"),
            remedy=_("Name the authority, the number and the date, or the site and its address."),
            field="reference",
        )
    if (measure == "scc" or certified) and not importer.strip():
        raise InstructionRefused(
            _("the recipient that the measure is about is not named"),
            remedy=_("Name the organisation with its address: the importer, or the one that is certified."),
            field="importer",
        )


def _check_residency(binding: Agreement, area: str, measure: Measure) -> None:
    """Raises InstructionRefused where the agreement's own rule of residency asks for another measure."""
    terms = [term for term in binding.terms.residency if term.hosted_in == area]
    if measure == "dedicated-site" and not any(term.measure == measure for term in terms):
        raise InstructionRefused(
            _("no rule of residency asks for a dedicated site there"), remedy=_("Confirm another measure."),
            field="measure",
        )  # fmt: skip
    for term in terms:
        if term.applies_to == "recipients" and term.measure == "dpf" and measure != "adequacy":
            raise InstructionRefused(
                _("clause %s asks for recipients that are certified under the Data Privacy Framework") % term.clause,
                remedy=_("Confirm adequacy, and name the certified recipient."),
                field="measure",
            )


def _withdraw_present(area: str, *, by: UUID, at: datetime) -> None:
    TransferRecord.objects.filter(area=area, withdrawn_at__isnull=True).update(withdrawn_at=at, withdrawn_by=str(by))


def _decided(known: AdequacyList, area: str, *, at: datetime) -> Adequacy:
    found = known.of_area(area, at=at)
    if found is None:
        raise InstructionRefused(
            _("no adequacy decision is in force for %(area)s (list of %(day)s)")
            % {"area": AREAS[area], "day": known.as_of.isoformat()},
            remedy=_("Confirm binding corporate rules or standard clauses instead."),
            field="measure",
        )
    return found


def _view(row: TransferRecord) -> Transfer:
    return Transfer(
        id=row.id,
        area=row.area,
        measure=cast(Measure, row.measure),
        module=row.module,
        reference=row.reference,
        importer=row.importer,
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
        ends_on=row.ends_on,
        withdrawn_at=row.withdrawn_at,
    )
