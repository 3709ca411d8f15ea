"""Holds: stronger than rule and request, reviewed, lifted; what rests is not used."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.integration.retention.conftest import ANNA, BERT, NOW, House, left
from tests.support.left_evidence import kinds_of

from parley.agreement.api import Span
from parley.inventory.api import Subject
from parley.obligations.api import run_due
from parley.retention import api as retention
from parley.tenancy import api as tenancy

REVIEW = NOW + timedelta(days=90)


def place(house: House, **reach) -> retention.HoldView:  # type: ignore[no-untyped-def]
    given = {"title": "Dispute", "ground": "Court of X, 1 O 7/26", "owner": house.by, "review_at": REVIEW}
    return retention.place_hold(**{**given, "by": house.by, "at": NOW, **reach})


def test_ix_x_retention_a_hold_beats_rule_and_request(house: House) -> None:
    """control.holds"""
    held, free = house.call(days=50), house.call(days=50, number=BERT)
    hold = place(house, records=[held])
    retention.set_rule(store="recordings", kind="recording", keep=Span(30, "days"), by=house.by, at=NOW)
    house.night()
    assert left() == {held.id}
    asked = retention.dispose([held, free], cause="request", reference="R-7", at=NOW, by=house.by, clause="IM-9.rights")
    assert asked.erased.records == 0
    (kept,) = asked.restricted
    assert (kept.record, kept.verdict.hold) == (held, hold.id)
    assert retention.restricted("recordings", [held.id]) == {held.id}
    by_hand = retention.dispose([held], cause="customer", reference="by hand", at=NOW, by=house.by)
    assert by_hand.kept[0].verdict.outcome == "keep" and left() == {held.id}
    retention.lift_hold(hold.id, reason="settled", by=house.by, at=NOW)
    retention.unrestrict(reference="R-7", at=NOW, by=house.by)
    house.night(NOW + timedelta(days=1))
    assert not left()
    placed = {"retention.hold-placed", "retention.hold-lifted", "retention.erased"}
    assert placed <= kinds_of("IM-8.retention")


def test_a_hold_waits_for_disposals_and_disposals_for_no_other(house: House) -> None:
    one, other = house.call(days=3), house.call(days=2)
    erased, committed = Event(), Event()

    def dispose_slowly() -> None:
        with tenancy.scope(house.customer), transaction.atomic():
            retention.dispose([one], cause="customer", reference="by hand", at=NOW, by=house.by)
            erased.set()
            committed.wait(10)

    with ThreadPoolExecutor(1) as beside:
        slow = beside.submit(dispose_slowly)
        assert erased.wait(10)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '300ms'")
            retention.dispose([other], cause="customer", reference="by hand", at=NOW, by=house.by)
            with pytest.raises(OperationalError, match="lock timeout"):
                place(house, records=[one])
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
        finally:
            committed.set()
        slow.result(10)
    assert place(house, records=[one]).records == 1 and not left()


def test_after_the_end_a_hold_counts_only_where_it_binds_the_provider(house: House) -> None:
    mine, ordered, free = house.call(days=3), house.call(days=2), house.call(days=1)
    place(house, records=[mine])
    place(house, records=[ordered], binds="provider", title="Order", ground="Preservation order 12/26")
    done = retention.dispose([mine, ordered, free], cause="end", reference="end", at=NOW, by="lifecycle")
    assert done.erased.records == 2 and left() == {ordered.id}
    assert done.kept[0].verdict.clause_or_law == "Preservation order 12/26"
    (standing,) = [one for one in retention.holds() if one.binds == "provider"]
    with pytest.raises(retention.HoldRefused, match="binds the provider"):
        retention.lift_hold(standing.id, reason="we want it gone", by=house.by, at=NOW)
    assert retention.lift_hold(standing.id, reason="revoked", by=house.by, at=NOW, as_provider=True).lifted_at == NOW


def test_a_hold_on_a_person_reaches_what_comes_later(house: House) -> None:
    first = house.call(days=9)
    hold = place(house, subject=Subject(numbers=(ANNA,)))
    assert hold.records == 1
    later, other = house.call(days=1), house.call(days=1, number=BERT)
    done = retention.dispose([first, later, other], cause="customer", reference="by hand", at=NOW, by=house.by)
    assert done.erased.records == 1 and left() == {first.id, later.id}
    assert retention.hold(hold.id).records == 2


def test_who_is_held_is_sealed_where_the_customer_alone_has_the_key(make_customer) -> None:  # type: ignore[no-untyped-def]
    with tenancy.scope(make_customer(custody="customer-held")) as customer:
        house = House(customer=customer, by=uuid4())
        first = house.call(days=9)
        hold = place(house, subject=Subject(numbers=(ANNA,)))
        later = house.call(days=1)
        retention.dispose([first, later], cause="customer", reference="by hand", at=NOW, by=house.by)
        assert left() == {first.id}
        with connection.cursor() as cursor:
            cursor.execute("SELECT subject FROM retention_hold WHERE id = %s", [hold.id])
            assert ANNA.encode()[1:] not in bytes(cursor.fetchone()[0])


def test_a_hold_on_a_span_reaches_exactly_its_span(house: House) -> None:
    before, inside, after = house.calls(100, 50, 10)
    place(house, store="recordings", kind="recording", since=NOW - timedelta(days=60), until=NOW - timedelta(days=40))
    assert set(retention.held("recordings", [before, inside, after])) == {inside.id}
    assert set(retention.held("recordings", [before.id])) == {before.id}, "of a bare id rather too much"
    done = retention.dispose([before, inside, after], cause="customer", reference="x", at=NOW, by=house.by)
    assert done.erased.records == 2 and left() == {inside.id}


def test_what_rests_is_not_used_but_by_the_owner_with_a_reason(house: House) -> None:
    call, other = house.calls(5, 4)
    hold = place(house, records=[call])
    retention.require_usable("recordings", other)
    with pytest.raises(retention.UseRestricted, match="a hold keeps"):
        retention.require_usable("recordings", call, by=house.by, at=NOW)
    with pytest.raises(retention.HoldRefused, match="only the owner"):
        retention.look("recordings", call, reason="curious", by=uuid4(), at=NOW)
    with pytest.raises(retention.HoldRefused, match="says why"):
        retention.look("recordings", call, reason=" ", by=house.by, at=NOW)
    until = retention.look("recordings", call, reason="to answer the court", by=house.by, at=NOW)
    retention.require_usable("recordings", call, by=house.by, at=NOW)
    with pytest.raises(retention.UseRestricted):
        retention.require_usable("recordings", call, by=uuid4(), at=NOW)
    with pytest.raises(retention.UseRestricted):
        retention.require_usable("recordings", call, by=house.by, at=until)
    assert "retention.held-used" in kinds_of(hold.clause)
    assert [(one.record, one.person, one.reason) for one in retention.looks(hold.id)] == [
        (call.id, house.by, "to answer the court")
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_detail WHERE details LIKE '%answer the court%'")
        assert cursor.fetchone() == (0,), "what people write stays out of the log"


def test_a_restriction_refuses_use_until_it_is_lifted(house: House) -> None:
    call = house.call(days=5)
    assert retention.restrict([call], reference="R-1", ground="Art. 18(1)(a)", at=NOW, by=house.by) == 1
    assert retention.restrict([call], reference="R-1", ground="Art. 18(1)(a)", at=NOW, by=house.by) == 0
    with pytest.raises(retention.UseRestricted, match="stored and not used"):
        retention.require_usable("recordings", call.id)
    assert [one.record for one in retention.restrictions("R-1")] == [call.id]
    assert retention.unrestrict(reference="R-1", at=NOW, by=house.by) == 1
    retention.require_usable("recordings", call.id)
    assert {"retention.restricted", "retention.unrestricted"} <= kinds_of("IM-9.rights") | kinds_of("IM-9.procedure")


def test_a_page_of_fifty_asks_once_for_holds_and_once_for_restrictions(house: House) -> None:
    calls = [house.call(days=3) for _each in range(50)]
    with CaptureQueriesContext(connection) as nothing:
        assert not retention.held("recordings", calls)
        assert not retention.restricted("recordings", [one.id for one in calls])
    assert len(nothing) == 2
    place(house, records=calls[:25])
    with CaptureQueriesContext(connection) as found:
        assert len(retention.held("recordings", calls)) == 25
    assert len(found) == 2


def test_a_hold_names_its_ground_and_one_reach(house: House) -> None:
    call = house.call(days=5)
    for wrong in (
        {"records": [call], "ground": " "},
        {"records": [call], "review_at": NOW},
        {"records": [call], "store": "recordings", "kind": "recording"},
        {},
        {"store": "recordings", "kind": "nothing"},
    ):
        with pytest.raises(retention.HoldRefused):
            place(house, **wrong)
    hold = place(house, records=[call])
    with pytest.raises(retention.HoldRefused):
        retention.lift_hold(hold.id, reason=" ", by=house.by, at=NOW)
    with pytest.raises(retention.NoSuchHold):
        retention.hold(uuid4())


def test_the_owner_is_reminded_of_a_review_once(house: House) -> None:
    reminded: list[retention.HoldView] = []
    handlers = retention.handlers(reminded.append)
    early = place(house, records=[house.call(days=1)])
    lifted = place(house, records=[house.call(days=1)], review_at=NOW + timedelta(days=80))
    retention.lift_hold(lifted.id, reason="over", by=house.by, at=NOW)
    for days in (79, 91, 92):
        assert run_due(house.customer, handlers=handlers, now=NOW + timedelta(days=days)).failed == 0
    assert [one.id for one in reminded] == [early.id]
    retention.review_hold(early.id, next_review=NOW + timedelta(days=200), by=house.by, at=NOW + timedelta(days=92))
    assert run_due(house.customer, handlers=handlers, now=NOW + timedelta(days=201)).failed == 0
    assert [one.id for one in reminded] == [early.id, early.id]
