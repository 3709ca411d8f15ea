"""Agreements made by hand, for tests that want one term to be just so."""

from typing import Any

from parley.agreement import types
from parley.agreement.clock import Span, read_span

_DEED = ("record-calls", "find-recordings", "play-recordings", "make-rendition", "fetch-original", "export-data")


def span(text: str) -> Span:
    """The span that `text` says."""
    read = read_span(text)
    assert read is not None, text
    return read


def made_terms(prefix: str = "TT", **changes: Any) -> types.Terms:
    """Terms of a plain data processing agreement; `changes` replaces whole terms."""
    given: dict[str, Any] = {
        "purposes": (
            types.PurposeTerm(
                key="all", statement="the service", covers=_DEED, offerings=("*",), instructed_by_signing=True,
                clause=f"{prefix}-1.purposes",
            ),
        ),
        "forbidden": (types.ForbiddenTerm(purposes=("sale",), clause=f"{prefix}-1.purposes"),),
        "encryption": types.EncryptionTerm(
            required=True, custody=("local", "customer-held"), clause=f"{prefix}-2.keys"
        ),
        "retention": types.RetentionTerm(
            controlled_by="customer", delete_any_time=True, clause=f"{prefix}-3.retention"
        ),
        "end": end(prefix),
        "regions": types.RegionTerm(
            chosen_by="customer", areas=("eu",), elsewhere="confirmed-measure", clause=f"{prefix}-5.regions"
        ),
        "suspension": types.SuspensionTerm(clause=f"{prefix}-6.suspension", after=span("24 hours")),
        "instructions": types.InstructionsTerm(
            clause=f"{prefix}-1.purposes", infringing_clause=f"{prefix}-1.infringing",
            compulsion_clause=f"{prefix}-1.compulsion",
        ),
        "notices": types.NoticesTerm(assumed_after=span("3 days"), clause=f"{prefix}-7.notices"),
        "subprocessors": subprocessors(prefix),
        "breach": breach(prefix),
        "audit": audit(prefix),
        "rights": types.RightsTerm(
            forward="on-receipt", answers="controller", answer=span("1 month"), extension=span("2 months"),
            clause=f"{prefix}-8.rights",
        ),
        "staff": types.StaffTerm(consent=True, longest=span("8 hours"), clause=f"{prefix}-9.staff"),
        "marketing": types.MarketingTerm(allowed="never", unsubscribe_in_each=True, clause=f"{prefix}-10.marketing"),
    }  # fmt: skip
    return types.Terms(**given | changes)


def end(prefix: str = "TT", **changes: Any) -> types.EndTerm:
    """30 days of renewal and access, 60 of export, destroyed after 90."""
    given: dict[str, Any] = {
        "choices": ("delete", "return"), "renew": span("30 days"), "access": span("30 days"),
        "export": span("60 days"), "destroy": span("90 days"), "link_life": span("30 days"),
        "certificate": "on-request", "clause": f"{prefix}-4.end",
    }  # fmt: skip
    return types.EndTerm(**given | changes)


def subprocessors(prefix: str = "TT", **changes: Any) -> types.SubprocessorTerm:
    """30 days of notice, 14 to object, 30 to resolve."""
    given: dict[str, Any] = {
        "authorisation": "general", "notice": span("30 days"), "objection": span("14 days"),
        "counted_from": "receipt", "effect": "resolution", "resolution": span("30 days"),
        "clause": f"{prefix}-11.notice",
    }  # fmt: skip
    return types.SubprocessorTerm(**given | changes)


def breach(prefix: str = "TT", **changes: Any) -> types.BreachTerm:
    """48 hours, promised."""
    given: dict[str, Any] = {"within": span("48 hours"), "promised": True, "clause": f"{prefix}-12.breach"}
    return types.BreachTerm(**given | changes)


def audit(prefix: str = "TT", **changes: Any) -> types.AuditTerm:
    """30 days of notice, once in 12 months."""
    given: dict[str, Any] = {
        "notice": span("30 days"), "cost": "customer", "cause_required": False, "business_hours": True,
        "at_most": 1, "period": span("12 months"), "clause": f"{prefix}-13.audit",
    }  # fmt: skip
    return types.AuditTerm(**given | changes)


def made_agreement(
    agreement_id: str = "made-dpa",
    *,
    prefix: str = "TT",
    kind: Any = "dpa",
    clauses: tuple[str, ...] = (),
    **terms: Any,
) -> types.Agreement:
    """An agreement with the clauses that its terms name, and `clauses` besides; its gate is not compiled."""
    made = made_terms(prefix, **terms)
    return types.Agreement(
        id=agreement_id,
        version="1",
        title=agreement_id,
        source="made for a test",
        kind=kind,
        takes_effect="by-agreement",
        parties=(),
        clauses={
            name: types.Clause(id=name, subject="roles", statement=name, source="made", waits_for=("governance",))
            for name in sorted({*_named(made), *clauses})
        },
        terms=made,
        digest="0" * 64,
    )


def _named(value: Any) -> set[str]:
    """Every clause that a term names."""
    parts = value if isinstance(value, tuple) else ()
    names = set()
    for name in getattr(type(value), "__dataclass_fields__", {}):
        held = getattr(value, name)
        parts = (*parts, held)
        if name.endswith("clause") and isinstance(held, str):
            names.add(held)
    return names.union(*map(_named, parts))
