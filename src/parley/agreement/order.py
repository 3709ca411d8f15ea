"""What an order form may set anew: single spans, within the limits that the agreement itself gives. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar, Final

from parley.agreement.clock import Span, read_span
from parley.agreement.rules import compile_gate
from parley.agreement.types import Agreement, LimitTerm, Terms
from parley.foundation.errors import ParleyError

_END_ORDER: Final = ("renew", "access", "export", "destroy")


class OrderFormError(ParleyError):
    """The order form asks for something that the agreement does not let it set, or not so far."""

    error_id: ClassVar[str] = "agreement.order-form"


def override(agreement: Agreement, overrides: Mapping[str, str]) -> Agreement:
    """The agreement with some spans set anew: {"breach.within": "24 hours"}; its digest stays that of the text.

    Raises OrderFormError, which names the term, its limits and what would be right.
    """
    limits = {limit.term: limit for limit in agreement.terms.limits}
    terms = agreement.terms
    for path in sorted(overrides):
        terms = _set(terms, path, _span_within(agreement, limits, path, overrides[path]))
    if not overrides:
        return agreement
    _check_end(terms)
    agreed = {path: limits[path].clause for path in overrides}
    return compile_gate(
        replace(agreement, terms=terms, field_clauses=MappingProxyType({**agreement.field_clauses, **agreed}))
    )


def _span_within(agreement: Agreement, limits: Mapping[str, LimitTerm], path: str, text: str) -> Span:
    limit = limits.get(path)
    if limit is None:
        can = ", ".join(sorted(limits)) or "nothing"
        raise OrderFormError(f'the order form cannot set "{path}" under {agreement.id}', remedy=f"it may set: {can}")
    span = read_span(text)
    if span is None:
        raise OrderFormError(
            f'"{text}" for {path} is not a span of time', remedy=f'write it like "{limit.least}" or "{limit.most}"'
        )
    if not limit.least.rough_hours <= span.rough_hours <= limit.most.rough_hours:
        raise OrderFormError(
            f"{path} = {span} is outside the limits of {agreement.id} ({limit.clause})",
            remedy=f"set it from {limit.least} to {limit.most}",
        )
    return span


def _set(terms: Terms, path: str, span: Span) -> Terms:
    """The terms with one span set anew. What both sides signed is no longer our own addition."""
    name, _, held = path.partition(".")
    term = getattr(terms, name)
    changes: dict[str, object] = {held: span}
    if name == "breach":
        changes |= {"promised": True, "authored": False}
    elif held in getattr(term, "ours", ()):
        changes["ours"] = tuple(word for word in term.ours if word != held)
    return replace(terms, **{name: replace(term, **changes)})


def _check_end(terms: Terms) -> None:
    spans = [getattr(terms.end, name) for name in _END_ORDER]
    if spans != sorted(spans, key=lambda span: span.rough_hours):
        raise OrderFormError(
            "the order form lets the end of the contract run backwards: " + ", ".join(map(str, spans)),
            remedy="all count from the end: end.renew <= end.access <= end.export <= end.destroy",
        )
