"""Rules between their limits, what a preview promises, and what a night then deletes."""

from datetime import timedelta

import pytest
from tests.integration.retention.conftest import BERT, NOW, House, left
from tests.support.left_evidence import entries, kinds_of

from parley.agreement.api import Span
from parley.governance.contract import api as contract
from parley.inventory.api import Subject
from parley.obligations import api as obligations
from parley.retention import api as retention


def keep(house: House, span: Span | None) -> retention.Rule:
    return retention.set_rule(store="recordings", kind="recording", keep=span, by=house.by, at=NOW)


def test_im_8_retention_the_customer_sets_how_long(house: House) -> None:
    """control.retention"""
    rule = keep(house, Span(30, "days"))
    assert (rule.keep, rule.set_by, rule.limits.controlled_by) == (Span(30, "days"), house.by, "customer")
    assert rule.limits.clause == contract.binding().agreement.terms.retention.clause
    assert "retention.rule-set" in kinds_of("IM-8.retention")
    assert next(one for one in retention.rules() if one.kind == "recording").keep == Span(30, "days")
    assert keep(house, None).keep is None


def test_a_law_that_was_declared_limits_rules(house: House) -> None:
    retention.declare_law("mifid2-16-7", by=house.by, at=NOW)
    assert retention.limits("recordings", "recording").shortest == retention.Limit(
        span=Span(5, "years"), by="mifid2-16-7", name="MiFID II Art. 16(7)"
    )
    with pytest.raises(retention.RuleRefused, match="at least 5 years"):
        keep(house, Span(4, "years"))
    keep(house, Span(5, "years"))
    retention.declare_law("mifid2-16-7", by=house.by, at=NOW + timedelta(hours=1), extended=True)
    with pytest.raises(retention.RuleRefused, match="at least 7 years"):
        keep(house, Span(5, "years"))
    retention.withdraw_law("mifid2-16-7", by=house.by, at=NOW)
    retention.declare_law("cnil-calls", by=house.by, at=NOW + timedelta(days=1))
    with pytest.raises(retention.RuleRefused, match="at most 6 months"):
        keep(house, None)
    keep(house, Span(6, "months"))
    assert [one[0] for one in retention.law_history()] == ["cnil-calls", "mifid2-16-7", "mifid2-16-7"]


def test_only_the_side_that_controls_changes_a_rule(house: House) -> None:
    with pytest.raises(retention.RuleRefused, match="the customer controls"):
        retention.set_rule(
            store="recordings", kind="recording", keep=Span(1, "days"), by=house.by, at=NOW, as_provider=True
        )


def test_a_preview_promises_what_the_night_deletes(house: House) -> None:
    old = house.calls(100, 90, 80, 70, 31)
    young = house.calls(29, 1)
    quiet = house.call(days=200, number=BERT)
    named = house.call(days=60)
    hold = retention.place_hold(
        title="Dispute", ground="1 O 7/26", subject=Subject(numbers=(BERT,)), owner=house.by, by=house.by, at=NOW,
        review_at=NOW + timedelta(days=90),
    )  # fmt: skip
    retention.restrict([named], reference="R-1", ground="accuracy is contested", at=NOW, by=house.by)
    night = retention.next_night(NOW)
    shown = retention.preview("recordings", "recording", Span(30, "days"), night)
    assert (shown.count, shown.oldest, shown.newest) == (5, old[0].at, old[-1].at)
    assert (dict(shown.held), dict(shown.kept)) == ({hold.id: 1}, {"restriction": 1})
    keep(house, Span(30, "days"))
    assert len(left()) == 9
    house.night()
    assert left() == {one.id for one in (*young, quiet, named)}
    assert "retention.erased" in {kind for kind, _clause in entries()}
    done = obligations.progress(retention.progress_key(night, "recordings", "recording"))
    assert done is not None and (done.done, done.total) == (7, 7)


def test_a_preview_without_holds_counts_in_the_store(house: House) -> None:
    calls = house.calls(400, 300, 45, 10)
    shown = retention.preview("recordings", "recording", Span(1, "months"), NOW)
    assert (shown.count, shown.oldest) == (3, calls[0].at)
    assert shown.newest is not None and abs(shown.newest - calls[2].at) <= timedelta(seconds=1)
    retention.declare_law("cftc-1-31", by=house.by, at=NOW)
    kept = retention.preview("recordings", "recording", Span(1, "months"), NOW)
    assert (kept.count, dict(kept.kept)) == (1, {"17 CFR 1.31(b)(2)": 2})
    assert retention.preview("recordings", "recording", None, NOW).count == 0


def test_kv_9_customer_what_has_no_rule_stays_and_is_shown(make_customer) -> None:  # type: ignore[no-untyped-def]
    """control.retention"""
    from uuid import uuid4

    from parley.tenancy import api as tenancy

    with tenancy.scope(make_customer(agreement="kavkom-dpa")) as customer:
        house = House(customer=customer, by=uuid4())
        ancient = house.call(days=3000)
        assert next(one for one in retention.rules() if one.kind == "recording").keep is None
        ((_record, verdict),) = retention.verdicts([ancient], cause="rule", at=NOW)
        assert (verdict.outcome, verdict.why, verdict.clause_or_law) == ("keep", "no-rule", "KV-1.duration")
        gone = retention.dispose([ancient], cause="customer", reference="by hand", at=NOW, by=house.by)
        assert gone.erased.records == 1 and not left()
        assert "retention.erased" in kinds_of("KV-1.duration")


def test_the_nights_go_on_by_themselves(house: House) -> None:
    house.call(days=31)
    keep(house, Span(30, "days"))
    first = house.night()
    house.call(days=31)
    second = house.night(first)
    assert second - first == timedelta(days=1)
    assert not left()
