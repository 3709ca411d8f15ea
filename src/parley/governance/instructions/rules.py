"""Whether an instruction infringes the agreement or the law (GDPR Art. 28(3), last sentence). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from parley.agreement.api import AREAS, PURPOSES, Agreement, Span, area_of, is_special
from parley.governance.instructions.law import Law

Rule = Literal[
    "forbidden-purpose",
    "transfer-without-measure",
    "special-category-unsealed",
    "kept-too-long",
    "citizens-elsewhere",
    "recipient-uncertified",
    "minors",
]

_SHARES_WITH_MINORS: Final = frozenset({"share-audiences", "provider-marketing"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What an instruction says beside its words: "" and empty where it does not say.

    `region`: where it would be processed. `recipient_area`: where a recipient is; `certified`: the recipient is
    certified under the Data Privacy Framework. `categories`: keys of `agreement.api.CATEGORIES`; `sealed`: content is
    sealed on receipt. `keep`: how long; `keep_after_end`: how long after the end of the contract; `legal_ground`: the
    law that asks for it. `persons_in` and `citizens`: ISO 3166 countries of the persons. `minors`: children are
    concerned; `guardians_agreed`: their guardians agreed.
    """

    offering: str = "call-recording"
    region: str = ""
    recipient: str = ""
    recipient_area: str = ""
    certified: bool = False
    categories: frozenset[str] = frozenset()
    sealed: bool = True
    keep: Span | None = None
    keep_after_end: Span | None = None
    legal_ground: str = ""
    persons_in: str = ""
    citizens: frozenset[str] = frozenset()
    minors: bool = False
    guardians_agreed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Infringement:
    """One rule that the instruction infringes: the clause that says so here, the law behind it, why, what helps."""

    rule: Rule
    clause: str
    law: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What an instruction is held against: the binding agreement, the areas whose transfer measure is confirmed, the
    law, the time."""

    agreement: Agreement
    confirmed_transfers: frozenset[str]
    law: Law
    at: datetime


def infringements(purpose: str, details: Details, setting: Setting) -> tuple[Infringement, ...]:
    """Every rule that an instruction of this purpose would infringe, the gravest first; none: it may be carried out."""
    checks = (_forbidden, _transfer, _special, _kept, _citizens, _recipient, _minors)
    return tuple(found for check in checks for found in check(purpose, details, setting))


def _forbidden(purpose: str, _details: Details, setting: Setting) -> Iterator[Infringement]:
    for term in setting.agreement.terms.forbidden:
        if purpose in term.purposes:
            yield Infringement(
                rule="forbidden-purpose",
                clause=term.clause,
                law="GDPR Art. 28(3)(a)",
                why=f"nobody may {PURPOSES[purpose].meaning}: the agreement forbids it",
                remedy="withdraw the instruction",
            )


def _transfer(_purpose: str, details: Details, setting: Setting) -> Iterator[Infringement]:
    term = setting.agreement.terms.regions
    places = [area_of(text) for text in (details.region, details.recipient_area) if text]
    for area in dict.fromkeys(places):
        if area in term.areas or area in setting.confirmed_transfers:
            continue
        elsewhere = term.elsewhere == "confirmed-measure"
        yield Infringement(
            rule="transfer-without-measure",
            clause=term.clause,
            law="GDPR Art. 44 to 46",
            why=f"it would transfer data to {AREAS.get(area, area)}, for which no measure is confirmed",
            remedy="confirm the measure first: adequacy, binding corporate rules or standard clauses"
            if elsewhere
            else "name a place in: " + ", ".join(AREAS[one] for one in term.areas),
        )


def _special(_purpose: str, details: Details, setting: Setting) -> Iterator[Infringement]:
    special = sorted(word for word in details.categories if is_special(word))
    if special and not details.sealed:
        yield Infringement(
            rule="special-category-unsealed",
            clause=setting.agreement.terms.encryption.clause,
            law="GDPR Art. 9 and 32",
            why=f"it would process special categories without sealing them: {', '.join(special)}",
            remedy="instruct it through an offering that seals content on receipt, or leave these categories out",
        )


def _kept(purpose: str, details: Details, setting: Setting) -> Iterator[Infringement]:
    terms = setting.agreement.terms
    if details.keep is not None and not details.legal_ground.strip():
        for limit in setting.law.keep:
            fits = purpose in limit.purposes or "*" in limit.purposes
            if fits and limit.persons_in in {"", details.persons_in} and longer(details.keep, limit.most):
                yield Infringement(
                    rule="kept-too-long",
                    clause=terms.retention.clause,
                    law=limit.source,
                    why=f"it would keep data for {details.keep}, and without a legal ground {limit.most} is the most",
                    remedy=f"keep it for {limit.most} at most, or state the law that asks for more",
                )
                break
    after_end = details.keep_after_end
    if after_end is not None and longer(after_end, terms.end.destroy):
        yield Infringement(
            rule="kept-too-long",
            clause=setting.agreement.clause_of("end.destroy"),
            law="GDPR Art. 28(3)(g)",
            why=f"it would keep data for {after_end} after the end; by {terms.end.destroy} everything is destroyed",
            remedy="take an export before the end; only a law that binds the provider itself keeps data longer",
        )
    support = terms.support_data
    if purpose == "support-access" and details.keep and support is not None and longer(details.keep, support.keep):
        yield Infringement(
            rule="kept-too-long",
            clause=support.clause,
            law="GDPR Art. 5(1)(e)",
            why=f"it would keep data of support cases for {details.keep}; the agreement says {support.keep}",
            remedy=f"keep it for {support.keep} at most",
        )


def _citizens(_purpose: str, details: Details, setting: Setting) -> Iterator[Infringement]:
    terms, area = setting.agreement.terms, area_of(details.region)
    agreed = {term.country: term for term in terms.residency if term.applies_to == "citizens"}
    lawful = {rule.country: rule for rule in setting.law.citizens}
    for country in sorted(details.citizens & (agreed.keys() | lawful.keys())):
        term, rule = agreed.get(country), lawful.get(country)
        hosted_in = term.hosted_in if term else rule.hosted_in if rule else ""
        measure = f"{country.lower()}:{term.measure}" if term and term.measure else ""
        if area == hosted_in or (measure and measure in setting.confirmed_transfers):
            continue
        yield Infringement(
            rule="citizens-elsewhere",
            clause=term.clause if term else terms.regions.clause,
            law=rule.source if rule else "the agreement's own rule of residency",
            why=f"data of citizens of {country} would be hosted outside {AREAS[hosted_in]}",
            remedy=f"host it in {AREAS[hosted_in]}, or leave these persons out",
        )


def _recipient(_purpose: str, details: Details, setting: Setting) -> Iterator[Infringement]:
    terms, area = setting.agreement.terms, area_of(details.recipient_area)
    agreed = {term.hosted_in: term for term in terms.residency if term.applies_to == "recipients"}
    for rule in setting.law.recipients:
        if not details.recipient or area != rule.area or details.certified:
            continue
        term = agreed.get(area)
        if term is None and area in setting.confirmed_transfers:
            continue  # another measure carries the transfer: standard clauses or binding corporate rules
        yield Infringement(
            rule="recipient-uncertified",
            clause=term.clause if term else terms.regions.clause,
            law=rule.source,
            why=f"the recipient in {AREAS[area]} is not certified under the Data Privacy Framework",
            remedy="name a certified recipient" + ("" if term else ", or confirm standard clauses for it"),
        )


def _minors(purpose: str, details: Details, setting: Setting) -> Iterator[Infringement]:
    if not details.minors:
        return
    term, law = setting.agreement.terms.minors, setting.law
    age = term.minimum_age if term is not None else law.minors_age
    if term is None and details.guardians_agreed and purpose not in _SHARES_WITH_MINORS:
        return
    yield Infringement(
        rule="minors",
        clause=term.clause if term is not None else setting.agreement.terms.instructions.infringing_clause,
        law=law.minors_source,
        why=f"it concerns persons under {age}"
        + (", whom the agreement keeps out" if term is not None else " without their guardians' word"),
        remedy="leave these persons out"
        + ("" if term is not None else ", or instruct it with their guardians' agreement"),
    )


def longer(one: Span, other: Span) -> bool:
    """Whether `one` is longer than `other`, about: never used to compute a date."""
    return one.rough_hours > other.rough_hours * 1.001
