"""What must fit together among the terms of one file: spans in order, words that need each other, limits that hold."""

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from parley.agreement.clock import Span
from parley.agreement.section import Section
from parley.agreement.types import EndTerm, LimitTerm, Terms

_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_END_ORDER: Final = ("renew", "access", "export", "destroy")


def check_terms(section: Section, terms: Terms) -> None:
    """Reports every pair of terms that contradict each other."""
    _purposes(section, terms)
    _end(section, terms.end)
    _subprocessors(section, terms)
    _breach(section, terms)
    _audit(section, terms)
    _different(section, "attestation", "key", (term.key for term in terms.attestations))
    _different(section, "data", "offering", (term.offering for term in terms.data))
    _different(section, "availability", "deployment", (term.deployment for term in terms.availability))
    _different(section, "limit", "term", (term.term for term in terms.limits))
    _availability(section, terms)
    _residency(section, terms)
    _limits(section, terms)


def spans_of(terms: Terms) -> dict[str, Span]:
    """Every span that an order form could set anew, by name: "breach.within", "end.destroy", "audit.notice"."""
    held: dict[str, Span] = {}
    for name in ("end", "notices", "subprocessors", "breach", "audit", "rights", "staff", "suspension", "support_data"):
        term = getattr(terms, name)
        for field in getattr(type(term), "__slots__", ()):
            if isinstance(value := getattr(term, field), Span):
                held[f"{name}.{field}"] = value
    return held


def _purposes(section: Section, terms: Terms) -> None:
    _different(section, "purpose", "key", (term.key for term in terms.purposes))
    forbidden = {purpose for term in terms.forbidden for purpose in term.purposes}
    for index, term in enumerate(terms.purposes):
        for purpose in sorted(forbidden & set(term.covers)):
            section.sheet.report(
                (*section.path, "purpose", index, "covers"),
                f'"{purpose}" is also forbidden by this file',
                remedy="remove it here, or from [[terms.forbidden]]",
            )


def _different(section: Section, table: str, field: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            section.sheet.report(
                (*section.path, table, index, field),
                f'"{value}" stands twice',
                remedy=f"give each [[terms.{table}]] its own {field}, or merge the two",
            )
        seen.add(value)


def _end(section: Section, end: EndTerm) -> None:
    spans = [getattr(end, name) for name in _END_ORDER]
    if any(later.rough_hours < earlier.rough_hours for earlier, later in pairwise(spans)):
        section.sheet.report(
            (*section.path, "end_of_contract", "destroy"),
            "the spans run backwards: " + ", ".join(map(str, spans)),
            remedy="all count from the end of the contract: renew <= access <= export <= destroy",
        )


def _subprocessors(section: Section, terms: Terms) -> None:
    term = terms.subprocessors
    place = (*section.path, "subprocessors", "resolution")
    if term.effect == "resolution" and term.resolution is None:
        section.sheet.report(
            place,
            "an objection opens a time for resolution, and its length is missing",
            remedy='write resolution = "30 days"',
        )
    if term.effect != "resolution" and term.resolution is not None:
        section.sheet.report(
            place,
            f'an objection with effect "{term.effect}" stops the change, so there is no time for resolution',
            remedy='remove the line, or write effect = "resolution"',
        )


def _breach(section: Section, terms: Terms) -> None:
    if not terms.breach.promised and not terms.breach.authored:
        section.sheet.report(
            (*section.path, "breach", "promised"),
            f"the text promises no number, so {terms.breach.within} is ours",
            remedy='write authored = true; or promised = true when the text itself says "within"',
        )


def _audit(section: Section, terms: Terms) -> None:
    term = terms.audit
    if (term.at_most is None) != (term.period is None):
        section.sheet.report(
            (*section.path, "audit", "at_most" if term.at_most else "period"),
            "a limit needs both a number of audits and the time that it holds for",
            remedy='write at_most = 1 and period = "1 year", or neither',
        )
    if "authority" not in term.exceptions:
        section.sheet.report(
            (*section.path, "audit", "exceptions"),
            "an authority's audit is never refused",
            remedy='write exceptions = ["authority"], with "incident" where the text says so',
        )


def _availability(section: Section, terms: Terms) -> None:
    for index, term in enumerate(terms.availability):
        if term.percent is None and term.rto is None and term.rpo is None:
            section.sheet.report(
                (*section.path, "availability", index, "deployment"),
                "nothing is promised here",
                remedy='write percent = 99.5, rto = "4 hours" or rpo = "24 hours"',
            )


def _residency(section: Section, terms: Terms) -> None:
    for index, term in enumerate(terms.residency):
        if not _COUNTRY.fullmatch(term.country):
            section.sheet.report(
                (*section.path, "residency", index, "country"),
                f'"{term.country}" is not a country code',
                remedy='write the two capital letters of ISO 3166: country = "CN"',
            )


def _limits(section: Section, terms: Terms) -> None:
    held = spans_of(terms)
    for index, limit in enumerate(terms.limits):
        place = (*section.path, "limit", index)
        if limit.term not in held:
            section.sheet.report(
                (*place, "term"),
                f'"{limit.term}" is no span of this file',
                remedy="an order form can set anew: " + ", ".join(sorted(held)),
            )
        elif not _within(limit, held[limit.term]):
            section.sheet.report(
                (*place, "most"),
                f"{held[limit.term]}, which the file itself says, is not from {limit.least} to {limit.most}",
                remedy="let the limits hold the file's own value: least <= value <= most",
            )


def _within(limit: LimitTerm, value: Span) -> bool:
    return limit.least.rough_hours <= value.rough_hours <= limit.most.rough_hours
