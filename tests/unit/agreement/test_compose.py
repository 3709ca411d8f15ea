"""Composition: which clause holds where agreements say different things, and why; what an order form may set."""

from dataclasses import replace

import pytest
from tests.support.made_agreements import audit, breach, end, made_agreement, made_terms, span, subprocessors

from parley.agreement.compose import STANDARD_CLAUSES, Contradiction, compose
from parley.agreement.files import available, load
from parley.agreement.order import OrderFormError, override
from parley.agreement.types import AlsoTerm, AttestationTerm, ForbiddenTerm, LimitTerm, RegionTerm


def dpa(agreement_id="first-dpa", prefix="DP", **terms):
    return made_agreement(agreement_id, prefix=prefix, **terms)


def terms_of_service(**terms):
    return made_agreement("some-terms", prefix="TS", kind="terms", **terms)


def win(composition, term):
    return next((won for won in composition.wins if won.term == term), None)


def test_one_agreement_alone_composes_to_itself():
    alone = dpa()
    made = compose([alone])
    assert made.wins == ()
    assert replace(made.agreement, gate_table={}) == replace(alone, gate_table={})
    assert made.agreement.gate_table


def test_the_data_processing_agreement_prevails_even_where_the_terms_are_stricter():
    made = compose(
        [terms_of_service(end=end("TS", destroy=span("80 days"))), dpa(end=end("DP", destroy=span("90 days")))]
    )
    assert made.agreement.id == "first-dpa+some-terms"
    assert made.agreement.terms.end.destroy == span("90 days")
    won = win(made, "end.destroy")
    assert (won.winner, won.clause, won.value) == ("first-dpa", "DP-4.end", "90 days")
    assert "prevails" in won.why
    assert won.losers == (("some-terms", "TS-4.end", "80 days"),)


def test_between_two_data_processing_agreements_the_stricter_holds():
    made = compose([dpa(breach=breach("DP")), dpa("second-dpa", "SE", breach=breach("SE", within=span("24 hours")))])
    assert made.agreement.terms.breach.within == span("24 hours")
    assert made.agreement.terms.breach.clause == "SE-12.breach"
    assert "sooner" in win(made, "breach.within").why


def test_our_own_number_gives_way_to_what_another_text_says():
    made = compose(
        [
            dpa(breach=breach("DP")),
            made_agreement(
                "a-policy",
                prefix="PO",
                kind="policy",
                breach=breach("PO", within=span("24 hours"), promised=False, authored=True),
            ),
        ]
    )
    assert made.agreement.terms.breach.within == span("48 hours")
    assert not made.agreement.is_ours("breach.within")


def test_where_the_agreement_is_silent_the_stricter_holds_be_it_ours():
    ours = RegionTerm(chosen_by="customer", areas=("eu", "uk"), elsewhere="confirmed-measure", clause="DP-5.regions",
                      authored=True)  # fmt: skip
    said = RegionTerm(chosen_by="customer", areas=("eu", "us"), elsewhere="never", clause="TS-5.regions")
    regions = compose([dpa(regions=ours), terms_of_service(regions=said)]).agreement.terms.regions
    assert (regions.areas, regions.elsewhere) == (("eu",), "never")


def test_each_field_keeps_the_clause_that_it_came_from():
    silent = end("DP", renew=span("0 days"), link_life=span("0 days"))
    made = compose([dpa(end=silent), terms_of_service()]).agreement
    assert made.terms.end.renew == span("30 days")
    assert made.clause_of("end.renew") == "TS-4.end"
    assert made.clause_of("end.destroy") == "DP-4.end"


def test_no_window_outlives_what_prevails():
    made = compose(
        [dpa(end=end("DP", destroy=span("15 days"), export=span("0 days"), access=span("0 days"),
                     renew=span("0 days"), ours=("export", "access"))),
         terms_of_service()]
    )  # fmt: skip
    term = made.agreement.terms.end
    assert [str(getattr(term, name)) for name in ("renew", "access", "export", "destroy")] == ["15 days"] * 4
    won = win(made, "end.renew")
    assert won.clause == "DP-4.end"
    assert "cut short" in won.why
    assert ("some-terms", "TS-4.end", "30 days") in won.losers


def test_what_a_text_says_less_strictly_elsewhere_is_shown_beside_what_holds():
    also = (AlsoTerm(term="end.destroy", says="180 days", clause="TS-4.other"),)
    made = compose([terms_of_service(also=also)])
    assert win(made, "end.destroy").losers == (("some-terms", "TS-4.other", "180 days"),)
    assert "less strictly" in win(made, "end.destroy").why


def test_an_objection_that_is_a_veto_and_the_longer_windows_hold_between_equals():
    made = compose(
        [dpa(), dpa("second-dpa", "SE", subprocessors=subprocessors(
            "SE", notice=span("10 days"), objection=span("1 month"), effect="veto", resolution=None))]
    ).agreement  # fmt: skip
    term = made.terms.subprocessors
    assert (str(term.notice), str(term.objection), term.effect, term.resolution) == ("30 days", "1 month", "veto", None)
    assert made.clause_of("subprocessors.objection") == "SE-11.notice"
    assert made.clause_of("subprocessors.notice") == "DP-11.notice"


def test_audits_without_a_limit_are_the_stricter_and_exceptions_add_up():
    made = compose(
        [
            dpa(audit=audit("DP", at_most=None, period=None, exceptions=("authority",))),
            dpa("second-dpa", "SE", audit=audit("SE", exceptions=("authority", "incident"))),
        ]
    ).agreement.terms.audit
    assert (made.at_most, made.period) == (None, None)
    assert made.exceptions == ("authority", "incident")


def test_what_one_forbids_nobody_instructs():
    forbidding = (ForbiddenTerm(purposes=("play-recordings",), clause="DP-1.purposes"),)
    made = compose([dpa(forbidden=forbidding), terms_of_service()]).agreement
    assert "play-recordings" not in made.instructed_purposes
    assert "record-calls" in made.instructed_purposes
    assert made.gate_table["play-recordings"].refusal.clause == "DP-1.purposes"
    assert len({term.key for term in made.terms.purposes}) == len(made.terms.purposes)


def test_an_attestation_of_both_is_due_as_often_as_the_stricter_says():
    yearly = AttestationTerm(key="t", statement="t", every=span("1 year"), responsible="hr", clause="DP-1.purposes")
    twice = replace(yearly, every=span("6 months"), clause="TS-1.purposes")
    made = compose([dpa(attestations=(yearly,)), terms_of_service(attestations=(twice,))]).agreement
    assert [(term.key, str(term.every)) for term in made.terms.attestations] == [("t", "6 months")]


def test_standard_clauses_prevail_over_both_and_certify_unasked():
    made = compose([dpa(), terms_of_service()], standard_clauses=True)
    assert made.agreement.terms.end.certificate == "always"
    assert win(made, "end.certificate").winner == STANDARD_CLAUSES


def test_every_single_term_of_terms_is_composed():
    from parley.agreement.compose_rules import PARTS

    composed = {(part.term, name) for part in PARTS for name in part.fields}
    terms = made_terms()
    for name in type(terms).__slots__:
        term = getattr(terms, name)
        for held in getattr(type(term), "__slots__", ()) if not isinstance(term, tuple) else ():
            if held not in ("clause", "authored", "ours"):
                assert (name, held) in composed, f"{name}.{held} is composed by nobody"


@pytest.mark.parametrize("wrong", [[], ["first-dpa", "first-dpa"]])
def test_a_composition_of_nothing_or_of_the_same_twice_is_a_mistake(wrong):
    with pytest.raises(ValueError, match="agreement"):
        compose([dpa(name) for name in wrong])


def test_agreements_that_have_no_place_in_common_cannot_bind_together():
    here = RegionTerm(chosen_by="customer", areas=("eu",), elsewhere="never", clause="DP-5.regions")
    there = RegionTerm(chosen_by="customer", areas=("us",), elsewhere="never", clause="SE-5.regions")
    with pytest.raises(Contradiction, match=r"regions.areas in common \(DP-5.regions: eu; SE-5.regions: us\)"):
        compose([dpa(regions=here), dpa("second-dpa", "SE", regions=there)])


LIMITED = (
    LimitTerm(term="breach.within", least=span("12 hours"), most=span("48 hours"), clause="DP-12.breach"),
    LimitTerm(term="end.export", least=span("30 days"), most=span("120 days"), clause="DP-4.end"),
)


def test_an_order_form_sets_a_term_within_its_limits_and_it_is_then_promised():
    own = dpa(limits=LIMITED, breach=breach("DP", promised=False, authored=True))
    made = override(own, {"breach.within": "24 hours"})
    assert made.terms.breach.within == span("24 hours")
    assert made.terms.breach.promised
    assert not made.is_ours("breach.within")
    assert made.digest == own.digest
    assert override(own, {}) is own


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"breach.within": "72 hours"}, "from 12 hours to 48 hours"),
        ({"breach.within": "1 hour"}, "from 12 hours to 48 hours"),
        ({"breach.within": "soon"}, "not a span"),
        ({"audit.notice": "1 day"}, "it may set: breach.within, end.export"),
        ({"end.export": "100 days"}, "run backwards"),
        ({"nonsense": "1 day"}, "cannot set"),
    ],
)
def test_an_order_form_beyond_the_limits_is_refused_with_term_limits_and_remedy(overrides, words):
    with pytest.raises(OrderFormError) as caught:
        override(dpa(limits=LIMITED), overrides)
    assert words in str(caught.value)
    assert caught.value.remedy


def test_a_suite_with_its_processing_agreement_and_its_terms_ends_after_90_days_not_3_months_nor_180_days():
    made = compose([load("ucx-terms"), load("imagicle-dpa")])
    assert made.agreement.id == "imagicle-dpa+ucx-terms"
    won = win(made, "end.destroy")
    assert (won.winner, won.clause, won.value) == ("imagicle-dpa", "IM-8.cloud", "90 days")
    assert "prevails" in won.why
    assert won.losers == (
        ("ucx-terms", "UX-11.forgotten", "3 months"),
        ("ucx-terms", "UX-6.processing", "180 days"),
    )
    assert {won.term: (won.winner, won.value) for won in made.wins if won.term in ("end.renew", "breach.within")} == {
        "end.renew": ("ucx-terms", "30 days"),  # the terms offer it, the processing agreement has no word about it
        "breach.within": ("imagicle-dpa", "48 hours"),  # promised; 24 hours would be our own target
    }
    assert made.agreement.clause_of("end.renew") == "UX-11.forgotten"
    assert made.agreement.terms.availability == load("ucx-terms").terms.availability


@pytest.mark.parametrize("first", available())
@pytest.mark.parametrize("second", available())
def test_any_two_agreements_compose_and_every_win_is_explained(first, second):
    made = compose([load(name) for name in dict.fromkeys((first, second))])
    assert set(made.agreement.clauses) == set(load(first).clauses) | set(load(second).clauses)
    for won in made.wins:
        assert won.why
        assert won.losers
        assert won.clause in made.agreement.clauses
        assert all(clause in made.agreement.clauses for _, clause, _ in won.losers)
    spans = [getattr(made.agreement.terms.end, name).rough_hours for name in ("renew", "access", "export", "destroy")]
    assert spans == sorted(spans)
