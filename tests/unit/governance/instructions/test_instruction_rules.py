"""Which instructions infringe what, and what would help."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.made_agreements import made_agreement, span

from parley.agreement import types
from parley.agreement.api import CATEGORIES, is_special, load
from parley.governance.instructions.api import Details, Setting, adequacy, infringements, law
from parley.governance.instructions.giving import details_from_json, details_to_json
from parley.governance.instructions.rules import longer

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


def setting(agreement: types.Agreement | None = None, *confirmed: str) -> Setting:
    return Setting(agreement=agreement or made_agreement(), confirmed_transfers=frozenset(confirmed), law=law(), at=NOW)


def rules(purpose: str, details: Details, held: Setting) -> list[str]:
    return [found.rule for found in infringements(purpose, details, held)]


def test_an_ordinary_instruction_infringes_nothing() -> None:
    said = Details(region="eu-frankfurt", categories=frozenset({"user.biometric.voice"}), keep=span("1 year"))
    assert rules("record-calls", said, setting()) == []


def test_a_transfer_needs_a_confirmed_measure() -> None:
    said = Details(recipient="helper", recipient_area="il")
    (found,) = infringements("record-calls", said, setting())
    assert (found.rule, found.clause) == ("transfer-without-measure", "TT-5.regions")
    assert "Israel" in found.why
    assert "confirm the measure" in found.remedy
    assert rules("record-calls", said, setting(None, "il")) == []


def test_where_nothing_may_leave_no_measure_helps() -> None:
    never = made_agreement(
        regions=types.RegionTerm(chosen_by="customer", areas=("eu",), elsewhere="never", clause="TT-5.regions")
    )
    (found,) = infringements("record-calls", Details(region="me-dubai"), setting(never))
    assert found.remedy == "name a place in: European Economic Area"


@pytest.mark.parametrize("category", sorted(word for word in CATEGORIES if is_special(word)))
def test_special_categories_are_sealed(category: str) -> None:
    said = Details(categories=frozenset({category}), sealed=False)
    assert rules("record-calls", said, setting()) == ["special-category-unsealed"]
    assert rules("record-calls", replace(said, sealed=True), setting()) == []


@pytest.mark.parametrize(
    ("purpose", "keep", "persons_in", "excess"),
    [
        ("record-calls", "5 years", "", False),
        ("record-calls", "6 years", "", True),
        ("record-calls", "7 months", "FR", True),
        ("record-calls", "6 months", "FR", False),
        ("keep-contacts", "3 years", "", False),
        ("keep-contacts", "4 years", "", True),
        ("secure-service", "10 years", "", False),
        ("secure-service", "11 years", "", True),
    ],
)
def test_nothing_is_kept_for_longer_than_the_law_allows(purpose: str, keep: str, persons_in: str, excess: bool) -> None:
    said = Details(keep=span(keep), persons_in=persons_in)
    assert rules(purpose, said, setting()) == (["kept-too-long"] if excess else [])
    assert rules(purpose, replace(said, legal_ground="2014/65/EU Art. 16(7)"), setting()) == []


def test_nothing_outlives_the_end_of_the_contract_for_longer_than_agreed() -> None:
    said = Details(keep_after_end=span("91 days"), legal_ground="because")
    (found,) = infringements("record-calls", said, setting())
    assert (found.rule, found.clause) == ("kept-too-long", "TT-4.end")
    assert rules("record-calls", Details(keep_after_end=span("90 days")), setting()) == []


@pytest.mark.parametrize(("country", "area"), [("RU", "ru"), ("CN", "cn")])
def test_citizens_data_is_where_their_law_asks(country: str, area: str) -> None:
    said = Details(citizens=frozenset({country, "IT"}), region="eu")
    (found,) = infringements("record-calls", said, setting())
    assert found.rule == "citizens-elsewhere"
    assert country in found.why
    at_home = replace(said, region=area)
    assert "citizens-elsewhere" not in rules("record-calls", at_home, setting(None, area))


def test_the_agreement_s_own_rule_of_residency_names_its_clause() -> None:
    held = load("imagino-policy")
    (found,) = infringements("run-campaigns", Details(citizens=frozenset({"RU"}), region="eu"), setting(held))
    assert found.clause == "IG-2.residency"
    dedicated = setting(held, "cn:dedicated-site")
    assert rules("run-campaigns", Details(citizens=frozenset({"CN"}), region="eu"), dedicated) == []


def test_a_recipient_in_the_us_is_certified() -> None:
    said = Details(recipient="mailer", recipient_area="us")
    held = load("imagino-policy")
    assert "recipient-uncertified" in rules("run-campaigns", said, setting(held, "us"))
    assert rules("run-campaigns", replace(said, certified=True), setting(held, "us")) == []
    # Where the agreement has no rule of its own, standard clauses carry the transfer as well.
    assert rules("record-calls", said, setting(None, "us", "us:scc")) == []


def test_minors_need_their_guardians_and_are_never_shared() -> None:
    said = Details(minors=True)
    assert rules("record-calls", said, setting()) == ["minors"]
    assert rules("record-calls", replace(said, guardians_agreed=True), setting()) == []
    assert rules("share-audiences", replace(said, guardians_agreed=True), setting()) == ["minors"]


def test_what_the_agreement_forbids_cannot_be_instructed() -> None:
    (found,) = infringements("sale", Details(), setting())
    assert (found.rule, found.remedy) == ("forbidden-purpose", "withdraw the instruction")


def test_adequacy_is_dated() -> None:
    known = adequacy()
    assert known.of_area("uk", at=datetime(2026, 5, 4, tzinfo=UTC))
    assert known.of_area("uk", at=datetime(2031, 12, 27, 23, tzinfo=UTC))
    assert known.of_area("uk", at=datetime(2031, 12, 28, tzinfo=UTC)) is None
    assert known.of_area("us", at=datetime(2023, 7, 9, tzinfo=UTC)) is None
    assert known.of_area("me", at=NOW) is None
    assert len({one.country for one in known.decisions}) == len(known.decisions)


spans = st.one_of(st.none(), st.sampled_from([span(text) for text in ("1 day", "30 days", "6 months", "7 years")]))
countries = st.frozensets(st.sampled_from(["IT", "RU", "CN", "US"]))
details = st.builds(
    Details,
    region=st.sampled_from(["", "eu", "us", "me-dubai", "ru"]),
    recipient=st.sampled_from(["", "helper"]),
    recipient_area=st.sampled_from(["", "us", "il"]),
    certified=st.booleans(),
    categories=st.frozensets(st.sampled_from(sorted(CATEGORIES)), max_size=4),
    sealed=st.booleans(),
    keep=spans,
    keep_after_end=spans,
    legal_ground=st.sampled_from(["", "a law"]),
    persons_in=st.sampled_from(["", "FR"]),
    citizens=countries,
    minors=st.booleans(),
    guardians_agreed=st.booleans(),
)


@given(details)
def test_details_keep_through_json(said: Details) -> None:
    assert details_from_json(details_to_json(said)) == said


@given(details, st.sampled_from(["record-calls", "share-audiences", "sale", "support-access"]))
def test_every_infringement_says_what_would_help(said: Details, purpose: str) -> None:
    held = setting()
    for found in infringements(purpose, said, held):
        assert found.clause in held.agreement.clauses
        assert found.why and found.remedy and found.law


@given(details)
def test_confirming_more_transfers_never_adds_an_infringement(said: Details) -> None:
    bare, confirmed = setting(), setting(None, "us", "il", "me", "ru", "cn", "uk")
    assert set(rules("record-calls", said, confirmed)) <= set(rules("record-calls", said, bare))


def test_longer_compares_across_units() -> None:
    assert longer(span("13 months"), span("1 year"))
    assert not longer(span("12 months"), span("1 year"))
    assert not longer(span("30 days"), span("1 month"))
