"""Event x clause gives dated duties: what an event obliges whom to, by when. Pure: reality and rehearsal ask it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from parley.agreement.clock import Span, after, closes
from parley.agreement.ending import end_instants
from parley.agreement.events import Event, EventFactMissing, EventKind, PlannedDuty, Sheet
from parley.agreement.types import Agreement

ON_RECEIPT: Final = Span(1, "days")
"""Our own target for what an agreement wants passed on "on receipt"."""

PROMPTLY: Final = Span(3, "days")
"""Our own target for "promptly"."""

AT_ONCE: Final = Span(1, "hours")
"""Our own target for "at once"."""

AUTHORITY: Final = Span(72, "hours")
"""How long the customer itself has to notify its authority (GDPR Art. 33(1))."""

CLOSING_REPORT: Final = Span(30, "days")
AUDIT_ANSWER: Final = Span(7, "days")
ASSESSMENT_NOTICE: Final = Span(7, "days")
GRANT_REVIEW: Final = Span(90, "days")
ACCESS_REVIEW: Final = Span(3, "months")
FIRST_PROOF: Final = Span(30, "days")
"""How soon after signing the first proof of an attestation is due, unless it is due more often than that."""


def plan(agreement: Agreement, event: Event, *, zone: str) -> tuple[PlannedDuty, ...]:
    """The duties of `event` under `agreement`, by due date; `zone` is the time zone in which its deadlines fall.

    Facts, each a text; instants in ISO 8601 with an offset:

    - contract-signed: `as_subprocessor` "yes" when the customer processes for somebody else; `processing_at` when
      processing starts (else at once).
    - subprocessor-announced: `key` of the sub-processor; `planned_start`.
    - objection-received: `key`; `announced_at`, from which the window of objection counts.
    - audit-requested: `cause` none, incident, authority or suspicion; `wanted_at`.
    - compulsion-received: `processing_at` (needed). - attestation-due: `key`, else all of them.
    - staff-access-granted: `ends`, else the longest that the agreement lets it last.

    Raises EventFactMissing when a fact is needed and missing or cannot be read, ValueError when `event.at` has no
    time zone.
    """
    sheet = Sheet(agreement=agreement, event=event, zone=zone)
    return tuple(sorted(_PLANNERS[event.kind](sheet), key=lambda duty: duty.due))


def _contract_signed(sheet: Sheet) -> Iterator[PlannedDuty]:
    warranty = sheet.clause_named("warranty", otherwise="")
    if warranty and sheet.event.facts.get("as_subprocessor") == "yes":
        yield sheet.duty(
            "warranty",
            "Confirm that the upstream controller has authorised the provider, before processing starts",
            clause=warranty,
            due=sheet.instant("processing_at") or sheet.start,
            owner="customer",
            protects="provider",
        )
    for term in sheet.terms.attestations:
        first = min(term.every, FIRST_PROOF, key=lambda span: span.rough_hours)
        yield sheet.duty(
            f"attest-{term.key}", f"First proof: {term.statement}", clause=term.clause, due=sheet.after(first),
            authored=True,
        )  # fmt: skip


def _contract_ends(sheet: Sheet) -> Iterator[PlannedDuty]:
    end, support = sheet.terms.end, sheet.terms.support_data
    instants = end_instants(end, sheet.event.at, zone=sheet.zone)
    if end.renew.amount:
        yield sheet.window(
            "renewal-closes", f"Last moment to renew, {end.renew} after the end; until then nothing is touched",
            **sheet.by("end.renew"), due=instants.renewal,
        )  # fmt: skip
    yield sheet.moment(
        "access-ends",
        f"Access to stored data ends, {end.access} after the end of the contract"
        if end.access.amount
        else "Access to stored data ends with the contract",
        **sheet.by("end.access"),
        due=instants.access,
    )
    if end.export.amount:
        yield sheet.window(
            "export-closes", f"Last moment to ask for an export, {end.export} after the end",
            **sheet.by("end.export"), due=instants.export,
        )  # fmt: skip
    # GDPR Art. 28(3)(g) and Art. 5(1)(e): nobody but the persons could waive it, and a hold never moves this limit.
    yield sheet.duty(
        "destroy", f"Destroy all data and all copies, within {end.destroy} of the end",
        **sheet.by("end.destroy"), due=instants.destroy, protects="persons", statutory=True,
    )  # fmt: skip
    if end.certificate == "always":
        yield sheet.duty(
            "certificate", "Hand over the certificate of destruction",
            clause=sheet.clause_named("certificate", otherwise=sheet.agreement.clause_of("end.certificate")),
            due=instants.destroy, authored=sheet.agreement.is_ours("end.certificate"),
        )  # fmt: skip
    if support is not None:
        yield sheet.duty(
            "support-data-destroyed", f"Destroy personal data from support cases, {support.keep} after the service",
            clause=support.clause, due=sheet.after(support.keep), protects="persons", authored=support.authored,
        )  # fmt: skip


def _subprocessor_announced(sheet: Sheet) -> Iterator[PlannedDuty]:
    term = sheet.terms.subprocessors
    closing = sheet.closes(term.objection) if term.objection.amount else sheet.start
    earliest = max(sheet.after(term.notice), closing)
    since = "receipt" if term.counted_from == "receipt" else "the update of the register"
    yield sheet.window(
        "objection-closes", f"Last moment to object to the sub-processor, {term.objection} from {since}",
        **sheet.by("subprocessors.objection"), due=closing,
    )  # fmt: skip
    yield sheet.moment(
        "earliest-start", "First moment at which the sub-processor may receive the customer's data",
        **sheet.by("subprocessors.notice" if earliest > closing else "subprocessors.objection"), due=earliest,
    )  # fmt: skip
    planned = sheet.instant("planned_start")
    if planned is not None:
        yield sheet.moment(
            "planned-start", "The sub-processor starts as planned, when nobody objects",
            clause=term.clause, due=max(planned, earliest), authored=True,
        )  # fmt: skip


def _objection_received(sheet: Sheet) -> Iterator[PlannedDuty]:
    term = sheet.terms.subprocessors
    announced = sheet.instant("announced_at")
    if announced is not None and sheet.start >= closes(announced, term.objection, zone=sheet.zone):
        yield sheet.moment(
            "late", "The objection came after its window had closed; it is answered, and stops nothing",
            **sheet.by("subprocessors.objection"), due=sheet.start,
        )  # fmt: skip
    elif term.effect != "resolution":
        yield sheet.moment(
            "stopped",
            "The objection is a veto: the change does not happen for this customer"
            if term.effect == "veto"
            else "The objection blocks the appointment for this customer",
            **sheet.by("subprocessors.effect"),
            due=sheet.start,
        )
    else:
        span = term.resolution or Span(30, "days")
        by = sheet.by("subprocessors.resolution") | ({"authored": True} if term.resolution is None else {})
        due = sheet.closes(span)
        yield sheet.window(
            "resolution", f"Last moment to resolve the objection, {span} from its receipt",
            **by, due=due, owner="provider",
        )  # fmt: skip
        yield sheet.moment(
            "may-terminate", "From now the customer may end the affected service in writing, without penalty",
            **by, due=due,
        )  # fmt: skip


def _incident_known(sheet: Sheet) -> Iterator[PlannedDuty]:
    term = sheet.terms.breach
    # The duty rests on GDPR Art. 33(2), the number on the agreement, or on us where it says "without undue delay".
    yield sheet.duty(
        "notify", f"Tell the customer of the breach within {term.within} of knowing it",
        **sheet.by("breach.within"), due=sheet.after(term.within), statutory=True,
    )  # fmt: skip
    yield sheet.duty(
        "follow-up", "Complete the notice: the customer's own 72 hours towards its authority end (GDPR Art. 33(1))",
        clause=term.clause, due=sheet.after(AUTHORITY), authored=True,
    )  # fmt: skip
    yield sheet.duty(
        "closing-report", "Hand over the closing report of the incident",
        clause=term.clause, due=sheet.after(CLOSING_REPORT), authored=True,
    )  # fmt: skip


def _rights_request_received(sheet: Sheet) -> Iterator[PlannedDuty]:
    term = sheet.terms.rights
    if term.forward != "no":
        target = ON_RECEIPT if term.forward == "on-receipt" else PROMPTLY
        yield sheet.duty(
            "forward", f"Pass the person's request on to the customer, {term.forward.replace('-', ' ')}",
            clause=sheet.agreement.clause_of("rights.forward"), due=sheet.after(target), authored=True,
        )  # fmt: skip
    due = sheet.after(term.answer)
    yield sheet.duty(
        "answer", f"Answer the person within {term.answer} of receipt (GDPR Art. 12(3))",
        **sheet.by("rights.answer"), due=due, owner="customer" if term.answers == "controller" else "provider",
        protects="persons", statutory=True,
    )  # fmt: skip
    if term.extension.amount:
        yield sheet.window(
            "extend-notice", "Last moment to tell the person that the answer takes longer, and why",
            **sheet.by("rights.extension"), due=due, protects="persons",
        )  # fmt: skip
        yield sheet.moment(
            "longest", f"Last day of an answer that was extended by {term.extension}",
            **sheet.by("rights.extension"), due=_both(sheet, term.answer, term.extension), protects="persons",
        )  # fmt: skip


def _both(sheet: Sheet, first: Span, second: Span) -> datetime:
    """The instant after both spans; months are added before they are counted: 31 January and three is 30 April."""
    if first.unit == second.unit:
        return sheet.after(Span(first.amount + second.amount, first.unit))
    return after(sheet.after(first), second, zone=sheet.zone)


def _audit_requested(sheet: Sheet) -> Iterator[PlannedDuty]:
    term = sheet.terms.audit
    by_authority = sheet.event.facts.get("cause") == "authority"
    earliest = sheet.start if by_authority else sheet.after(term.notice)
    yield sheet.duty(
        "answer-request", "Answer the request for an audit",
        clause=term.clause, due=sheet.after(AUDIT_ANSWER), authored=True,
    )  # fmt: skip
    yield sheet.moment(
        "earliest",
        "An authority's audit may begin at once"
        if by_authority
        else f"First moment at which the audit may begin, {term.notice} from the request",
        **sheet.by("audit.notice"),
        due=earliest,
    )
    if term.at_most == 1 and term.period is not None:
        held = max(earliest, sheet.instant("wanted_at") or earliest)
        yield sheet.moment(
            "next-audit", f"First moment of another audit without special cause, {term.period} after this one",
            **sheet.by("audit.at_most"), due=after(held, term.period, zone=sheet.zone),
        )  # fmt: skip


def _instruction_suspended(sheet: Sheet) -> Iterator[PlannedDuty]:
    yield sheet.duty(
        "tell-customer", "Tell the customer at once that its instruction seems to infringe the law and is suspended",
        clause=sheet.terms.instructions.infringing_clause, due=sheet.after(AT_ONCE), statutory=True, authored=True,
    )  # fmt: skip


def _compulsion_received(sheet: Sheet) -> Iterator[PlannedDuty]:
    processing = sheet.instant("processing_at")
    if processing is None:
        raise EventFactMissing(
            'compulsion-received needs the fact "processing_at": when the processing that a law compels would start',
            remedy="say when: processing_at=2026-03-01T09:00:00+01:00",
        )
    yield sheet.duty(
        "tell-customer", "Tell the customer of the processing that a law compels, before it starts",
        clause=sheet.terms.instructions.compulsion_clause, due=processing, statutory=True,
    )  # fmt: skip


def _misuse_found(sheet: Sheet) -> Iterator[PlannedDuty]:
    term = sheet.terms.suspension
    yield sheet.moment(
        "may-suspend",
        "From now the provider may suspend the service, unless the misuse was corrected"
        if term.after is not None
        else "The provider may suspend the service at once",
        **sheet.by("suspension.after"),
        due=sheet.after(term.after) if term.after is not None else sheet.start,
        protects="provider",
    )


def _attestation_due(sheet: Sheet) -> Iterator[PlannedDuty]:
    key = sheet.event.facts.get("key", "")
    for term in sheet.terms.attestations:
        if key in ("", term.key):
            yield sheet.duty(
                f"attest-{term.key}", f"Prove again: {term.statement}",
                clause=term.clause, due=sheet.after(term.every), authored=term.authored,
            )  # fmt: skip


def _staff_access_granted(sheet: Sheet) -> Iterator[PlannedDuty]:
    term = sheet.terms.staff
    longest = sheet.after(term.longest)
    yield sheet.moment(
        "ends", "The staff access ends by itself",
        **sheet.by("staff.longest"), due=min(sheet.instant("ends") or longest, longest),
    )  # fmt: skip
    yield sheet.duty(
        "review", "Look through what was done with the staff access",
        clause=term.clause, due=sheet.after(GRANT_REVIEW), authored=True,
    )  # fmt: skip


def _access_review_held(sheet: Sheet) -> Iterator[PlannedDuty]:
    yield sheet.duty(
        "next-review", "Review again who has access, and why",
        clause=sheet.terms.staff.clause, due=sheet.after(ACCESS_REVIEW), authored=True,
    )  # fmt: skip


def _assessment_needed(sheet: Sheet) -> Iterator[PlannedDuty]:
    yield sheet.duty(
        "tell-customer", "Tell the customer that the processing is likely high-risk and needs an impact assessment",
        clause=sheet.clause_named("dpia", otherwise=sheet.terms.instructions.clause),
        due=sheet.after(ASSESSMENT_NOTICE), authored=True,
    )  # fmt: skip


def _export_made(sheet: Sheet) -> Iterator[PlannedDuty]:
    end = sheet.terms.end
    yield sheet.moment(
        "link-expires", f"The link to the export expires, {end.link_life} after it was made",
        **sheet.by("end.link_life"), due=sheet.after(end.link_life),
    )  # fmt: skip


_PLANNERS: Final[Mapping[EventKind, Callable[[Sheet], Iterable[PlannedDuty]]]] = MappingProxyType(
    {
        "contract-signed": _contract_signed,
        "contract-ends": _contract_ends,
        "subprocessor-announced": _subprocessor_announced,
        "objection-received": _objection_received,
        "incident-known": _incident_known,
        "rights-request-received": _rights_request_received,
        "audit-requested": _audit_requested,
        "instruction-suspended": _instruction_suspended,
        "compulsion-received": _compulsion_received,
        "misuse-found": _misuse_found,
        "attestation-due": _attestation_due,
        "staff-access-granted": _staff_access_granted,
        "access-review-held": _access_review_held,
        "assessment-needed": _assessment_needed,
        "export-made": _export_made,
    }
)
