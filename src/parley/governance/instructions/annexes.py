"""The annexes of the standard contractual clauses (Implementing Decision (EU) 2021/914), from what the system knows.

The parties from the order, the data from the agreement and the inventory, the measures from the mechanisms that exist,
the sub-processors from the register. Generated, hence marked as ours. Pure but for `annexes_of`, which gathers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from uuid import UUID

from django.utils.translation import gettext as _

from parley.agreement.api import AREAS, CATEGORIES, MECHANISMS, OFFERINGS, PURPOSES, Agreement, is_special
from parley.foundation.declarations import PersonalData
from parley.governance.contract import api as contract
from parley.governance.contract.api import Order
from parley.governance.instructions.errors import UnknownInstruction
from parley.governance.instructions.transfers import transfers
from parley.governance.instructions.types import Transfer
from parley.inventory import api as inventory
from parley.tenancy import api as tenancy


@dataclass(frozen=True, slots=True, kw_only=True)
class SubProcessor:
    """A link of the chain as Annex III names it."""

    name: str
    address: str
    contact: str
    processing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A numbered part of an annex: its lines are shown one below the other."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Annexes:
    """The annexes of one transfer under the standard clauses."""

    title: str
    module: str
    made_at: datetime
    note: str
    sections: tuple[Section, ...]

    def text(self) -> str:
        """As plain text."""
        parts = [self.title, "=" * len(self.title), "", self.note, ""]
        for section in self.sections:
            parts += [section.heading, "-" * len(section.heading), *(f"* {line}" for line in section.lines), ""]
        return "\n".join(parts)

    def html(self) -> str:
        """As a page of its own: no script, no style from elsewhere."""
        body = "".join(
            f"<h2>{escape(section.heading)}</h2><ul>"
            + "".join(f"<li>{escape(line)}</li>" for line in section.lines)
            + "</ul>"
            for section in self.sections
        )
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(self.title)}</title></head>'
            f"<body><h1>{escape(self.title)}</h1><p>{escape(self.note)}</p>{body}</body></html>"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the annexes are written from."""

    customer: str
    order: Order
    transfer: Transfer
    agreement: Agreement
    declared: tuple[PersonalData, ...]
    subprocessors: Sequence[SubProcessor]
    at: datetime


def annexes_of(transfer_id: UUID, *, subprocessors: Sequence[SubProcessor], at: datetime) -> Annexes:
    """The annexes of a transfer of the customer in scope. Raises UnknownInstruction for one not under the clauses."""
    found = next((one for one in transfers() if one.id == transfer_id and one.measure == "scc"), None)
    if found is None:
        raise UnknownInstruction(
            _("no transfer of that id rests on standard clauses"), remedy=_("Choose one of the list.")
        )
    declared = tuple(inventory.personal(inventory.installed("DECLARATIONS")))
    return annexes(
        Facts(
            customer=tenancy.current().name,
            order=contract.order(),
            transfer=found,
            agreement=contract.binding().agreement,
            declared=declared,
            subprocessors=subprocessors,
            at=at,
        )
    )


def annexes(facts: Facts) -> Annexes:
    """The annexes that `facts` give: I.A parties, I.B transfer, I.C authority, II measures, III sub-processors."""
    module = facts.transfer.module
    return Annexes(
        title=_("Annexes to the standard contractual clauses (EU) 2021/914, module %s") % module,
        module=module,
        made_at=facts.at,
        note=_(
            "Generated on %(day)s from the agreement, the inventory of stored data, the measures that exist and the "
            "register of sub-processors. Where the signed agreement leaves these annexes open, this text is ours."
        )
        % {"day": facts.at.date().isoformat()},
        sections=(
            Section(heading=_("Annex I.A: the parties"), lines=_parties(facts)),
            Section(heading=_("Annex I.B: the persons"), lines=_subjects(facts)),
            Section(heading=_("Annex I.B: the categories of data"), lines=_categories(facts)),
            Section(heading=_("Annex I.B: nature, purposes, time"), lines=_nature(facts)),
            Section(heading=_("Annex I.C: competent supervisory authority"), lines=_authority()),
            Section(heading=_("Annex II: technical and organisational measures"), lines=_measures(facts.agreement)),
            Section(heading=_("Annex III: sub-processors"), lines=_subprocessors(facts.subprocessors)),
        ),
    )


def _parties(facts: Facts) -> tuple[str, ...]:
    exporter = _("processor") if facts.transfer.module == "3" else _("controller")
    importer = _("sub-processor") if facts.transfer.module == "3" else _("processor")
    contact = facts.order.privacy_contact or _("not named in the order yet")
    return (
        _("Data exporter (%(role)s): %(name)s; contact for data protection: %(contact)s")
        % {"role": exporter, "name": facts.customer, "contact": contact},
        _("Data importer (%(role)s): %(name)s") % {"role": importer, "name": facts.transfer.importer},
        _("Place of processing: %s") % AREAS[facts.transfer.area],
        _("Confirmed on %s; this confirmation stands for the signature of the exporter")
        % facts.transfer.confirmed_at.date().isoformat(),
    )


def _subjects(facts: Facts) -> tuple[str, ...]:
    agreed = {word for term in facts.agreement.terms.data for word in term.subjects}
    stored = {one.subject for one in facts.declared}
    return tuple(word.replace("_", " ") for word in sorted(agreed | stored))


def _categories(facts: Facts) -> tuple[str, ...]:
    terms = facts.agreement.terms.data
    lines = []
    for term in terms:
        offering = _("every offering") if term.offering == "*" else OFFERINGS.get(term.offering, term.offering)
        words = ", ".join(CATEGORIES.get(word, word) for word in term.categories)
        lines.append(_("%(offering)s: %(words)s (clause %(clause)s)") % {
            "offering": offering, "words": words, "clause": term.clause,
        })  # fmt: skip
    stored = sorted({one.category for one in facts.declared})
    lines.append(_("Stored in this installation: %s") % ", ".join(stored))
    special = sorted({word for term in terms for word in term.categories if is_special(word)})
    lines.append(
        _("Sensitive data: %s; sealed on receipt to keys of the exporter") % ", ".join(special)
        if special
        else _("Sensitive data: none is agreed; what calls may contain is sealed on receipt to keys of the exporter")
    )
    return tuple(lines)


def _nature(facts: Facts) -> tuple[str, ...]:
    terms = facts.agreement.terms
    covered = sorted({word for term in terms.purposes for word in term.covers})
    return (
        _("Frequency: continuous, as the exporter uses the service"),
        _("Nature: %s") % "; ".join(PURPOSES[word].meaning for word in covered),
        _("Purposes: %s") % "; ".join(term.statement for term in terms.purposes),
        _(
            "Retention: the exporter decides during the contract; within %(span)s of its end it is destroyed "
            "(clause %(clause)s)"
        )
        % {"span": terms.end.destroy, "clause": facts.agreement.clause_of("end.destroy")},
        _("Sub-processors: for the purposes that the register states, and as long as the contract lasts"),
    )


def _authority() -> tuple[str, ...]:
    return (_("The supervisory authority that is competent for the data exporter (clause 13)"),)


def _measures(agreement: Agreement) -> tuple[str, ...]:
    named = {name for clause in agreement.clauses.values() for name in clause.enforced_by}
    kept = [MECHANISMS[name] for name in sorted(named) if name in MECHANISMS]
    return tuple(f"{one.name}: {one.does}" for one in kept if one.kind in {"control", "gate", "attestation"})


def _subprocessors(links: Sequence[SubProcessor]) -> tuple[str, ...]:
    if not links:
        return (_("none"),)
    return tuple(f"{one.name}; {one.address}; {one.contact}; {one.processing}" for one in links)
