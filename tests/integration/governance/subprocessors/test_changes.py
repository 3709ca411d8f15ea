"""A planned change under an agreement: what is told, when it counts as received, who may object until when, and when
the gate opens. The instants are arguments."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from tests.support.installation import MakeCustomer
from tests.support.smtp_sink import Sink
from tests.support.subprocessors import OFFICER, STAFF, entry

from parley.governance.contract import api as contract
from parley.governance.subprocessors import api as subprocessors
from parley.governance.subprocessors.models import Delivery
from parley.obligations import api as obligations
from parley.obligations.models import Deadline
from parley.tenancy import api as tenancy

Turn = Callable[..., None]
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def customer_of(make_customer: MakeCustomer, agreement: str, **more: object) -> tenancy.Customer:
    made = make_customer(agreement=agreement, **more)
    with tenancy.scope(made):
        contract.set_notice_addresses([f"notices@{made.handle}.example"], by="test", at=datetime.now(UTC))
    return made


def announced(turn: Turn, *customers: tenancy.Customer, start: timedelta = timedelta(days=60), **more: object) -> UUID:
    now = datetime.now(UTC)
    change = subprocessors.announce(entry(**more), planned_start=now + start, at=now, by=STAFF)
    turn(*customers)
    return change


def allowed(key: str, at: datetime) -> bool:
    return contract.ask("record-calls", at=at, recipient=key).allowed


def test_a_notice_counts_as_received_by_the_stated_assumption(
    make_customer: MakeCustomer, turn: Turn, server: Sink
) -> None:
    customer = customer_of(make_customer, "imagicle-dpa")
    change = announced(turn, customer, start=DAY)
    with tenancy.scope(customer):
        seen = subprocessors.change(change, at=datetime.now(UTC))
        assert (seen.state, seen.received_how) == ("sent", "assumed")
        term = contract.binding().agreement.terms
        assert seen.dispatched_at and seen.received_at and seen.objection_closes and seen.opens_at
        assert seen.received_at > seen.dispatched_at
        letters = server.to(f"notices@{customer.handle}.example")
        [letter] = [one for one in letters if "Sub-processor" in str(one.message["Subject"])]
        assert term.subprocessors.clause in letter.text
        assert f"/c/{customer.handle}/subprocessors/changes/{change}/" in letter.text
        assert subprocessors.change(change, at=seen.received_at + SECOND).state == "window"
        assert subprocessors.change(change, at=seen.objection_closes).state == "waiting"
        assert subprocessors.change(change, at=seen.opens_at).state == "open"
        assert not allowed(seen.key, seen.opens_at - SECOND)
        assert allowed(seen.key, seen.opens_at)
        open_keys = {duty.key.rpartition(":")[2] for duty in obligations.duties(event_id=f"{change}.assumed")}
        assert {"objection-closes", "earliest-start"} <= open_keys


def test_an_acknowledgement_starts_the_window_at_once(make_customer: MakeCustomer, turn: Turn) -> None:
    customer = customer_of(make_customer, "imagicle-dpa")
    change = announced(turn, customer, start=DAY)
    now = datetime.now(UTC)
    with tenancy.scope(customer):
        assumed = subprocessors.change(change, at=now)
        seen = subprocessors.acknowledge(change, by=OFFICER, at=now)
        assert (seen.received_how, seen.received_at, seen.state) == ("acknowledged", now, "window")
        assert seen.opens_at and assumed.opens_at and seen.opens_at < assumed.opens_at
        assert allowed(seen.key, seen.opens_at)
        again = subprocessors.acknowledge(change, by=OFFICER, at=now + DAY)
        assert again.received_at == now
        states = {duty.state for duty in obligations.duties(event_id=f"{change}.assumed")}
        assert states == {"cancelled"}


def test_nothing_opens_while_the_notice_was_not_dispatched(
    make_customer: MakeCustomer, turn: Turn, server: Sink
) -> None:
    customer = customer_of(make_customer, "imagicle-dpa")
    server.mode = "away"
    change = announced(turn, customer, start=DAY)
    with tenancy.scope(customer):
        seen = subprocessors.change(change, at=datetime.now(UTC))
        assert (seen.state, seen.received_at, seen.opens_at) == ("unsent", None, None)
        assert not allowed(seen.key, datetime.now(UTC) + timedelta(days=4000))


def test_a_veto_holds_until_the_customer_withdraws_it(make_customer: MakeCustomer, turn: Turn) -> None:
    customer = customer_of(make_customer, "kavkom-dpa")
    change = announced(turn, customer)
    with tenancy.scope(customer):
        now = datetime.now(UTC)
        seen = subprocessors.object_to(change, by=OFFICER, grounds="", at=now)
        assert (seen.state, seen.received_how, seen.opens_at) == ("vetoed", "acknowledged", None)
        assert not allowed(seen.key, now + timedelta(days=900))
        with pytest.raises(subprocessors.ResolutionRefused, match="overridden"):
            subprocessors.resolve(change, outcome="unavoidable", note="no way", by=STAFF, party="provider", at=now)
        with pytest.raises(subprocessors.TerminationRefused):
            subprocessors.terminate_service(change, services=["call-recording"], by=OFFICER, at=now + 400 * DAY)
        later = now + 100 * DAY
        seen = subprocessors.resolve(change, outcome="withdrawn", note="", by=OFFICER, party="customer", at=later)
        assert seen.opens_at == later
        assert not allowed(seen.key, later - SECOND)
        assert allowed(seen.key, later)


def test_a_late_objection_is_refused_with_clause_and_dates(make_customer: MakeCustomer, turn: Turn) -> None:
    customer = customer_of(make_customer, "imagicle-dpa")
    change = announced(turn, customer)
    with tenancy.scope(customer):
        seen = subprocessors.change(change, at=datetime.now(UTC))
        assert seen.objection_closes
        with pytest.raises(subprocessors.ObjectionRefused) as refused:
            subprocessors.object_to(change, by=OFFICER, grounds="late", at=seen.objection_closes)
        assert "IM-3d.notice" in str(refused.value)
        assert f"{seen.objection_closes:%d %b %Y}" in str(refused.value)
        assert allowed(seen.key, seen.opens_at or seen.objection_closes)
        in_time = subprocessors.object_to(change, by=OFFICER, grounds="", at=seen.objection_closes - SECOND)
        assert in_time.state == "resolving"


def test_an_unresolved_objection_lets_the_service_end(make_customer: MakeCustomer, turn: Turn) -> None:
    customer = customer_of(make_customer, "imagicle-dpa")
    change = announced(turn, customer)
    with tenancy.scope(customer):
        now = datetime.now(UTC)
        seen = subprocessors.object_to(change, by=OFFICER, grounds="", at=now)
        closes = seen.resolution_closes
        assert closes
        with pytest.raises(subprocessors.TerminationRefused, match="resolve"):
            subprocessors.terminate_service(change, services=["call-recording"], by=OFFICER, at=closes - SECOND)
        with pytest.raises(subprocessors.TerminationRefused, match="does not serve"):
            subprocessors.terminate_service(change, services=["fax"], by=OFFICER, at=closes)
        assert contract.ask("record-calls", at=closes).allowed
        seen = subprocessors.terminate_service(change, services=["call-recording"], by=OFFICER, at=closes)
        assert seen.state == "terminated"
        assert not contract.ask("record-calls", at=closes).allowed
        assert contract.ask("play-recordings", at=closes).allowed
        assert not allowed(seen.key, closes + 900 * DAY)


def test_what_the_register_lists_at_signing_is_authorised_from_then_on(make_customer: MakeCustomer) -> None:
    listed = entry()
    early = customer_of(make_customer, "imagicle-dpa")
    subprocessors.engage(listed, at=datetime.now(UTC), by=STAFF)
    late = customer_of(make_customer, "imagicle-dpa")
    at = datetime.now(UTC)
    with tenancy.scope(late):
        signed = contract.signatures()[0].at
        assert subprocessors.authorisations()[listed.key].since == signed
        assert allowed(listed.key, at)
        assert not allowed(listed.key, signed - SECOND)
        refused = subprocessors.may_receive(listed.key, "export-data", at=at)
        assert not refused.allowed and "does not state" in refused.reason
        assert subprocessors.may_receive(listed.key, "record-calls", at=at).allowed
    with tenancy.scope(early):
        assert not allowed(listed.key, at)


def test_affiliates_come_on_request_only_where_the_agreement_says_so(make_customer: MakeCustomer, turn: Turn) -> None:
    guarded = customer_of(make_customer, "ixcloud-dpa")
    general = customer_of(make_customer, "imagicle-dpa")
    change = announced(turn, guarded, general, affiliate=True, start=DAY)
    with tenancy.scope(general):
        key = subprocessors.change(change, at=datetime.now(UTC)).key
    far = datetime.now(UTC) + 400 * DAY
    with tenancy.scope(guarded):
        assert subprocessors.change(change, at=far).state == "on-request"
        assert not allowed(key, far)
        with pytest.raises(subprocessors.ObjectionRefused, match="request"):
            subprocessors.object_to(change, by=OFFICER, grounds="x", at=datetime.now(UTC))
        subprocessors.request_affiliate(key, by=OFFICER, at=datetime.now(UTC))
        assert allowed(key, far)
        subprocessors.revoke_request(key, by=OFFICER, at=datetime.now(UTC))
        assert not allowed(key, far)
    with tenancy.scope(general):
        assert allowed(key, far)
        with pytest.raises(subprocessors.ChangeRefused):
            subprocessors.request_affiliate(key, by=OFFICER, at=far)


def test_a_withdrawn_change_and_an_ended_entry_close_the_gate(make_customer: MakeCustomer, turn: Turn) -> None:
    customer = customer_of(make_customer, "kavkom-dpa")
    now = datetime.now(UTC)
    kept, dropped = announced(turn, customer, start=DAY), announced(turn, customer, start=DAY)
    far = now + 400 * DAY
    with tenancy.scope(customer):
        [kept_key, dropped_key] = [subprocessors.change(one, at=now).key for one in (kept, dropped)]
        assert allowed(kept_key, far) and allowed(dropped_key, far)
    subprocessors.withdraw(dropped, at=now, by=STAFF)
    turn(customer)
    with tenancy.scope(customer):
        assert allowed(kept_key, far) and not allowed(dropped_key, far)
        assert subprocessors.change(dropped, at=far).state == "cancelled"
    subprocessors.end(kept_key, at=now, by=STAFF)
    turn(customer)
    with tenancy.scope(customer):
        assert not allowed(kept_key, far)
        assert subprocessors.change(kept, at=far).state == "cancelled"


def test_a_later_signature_authorises_what_is_listed_then_and_not_what_has_its_windows(
    make_customer: MakeCustomer, turn: Turn
) -> None:
    customer = customer_of(make_customer, "imagicle-dpa")
    change = announced(turn, customer)
    listed = entry()
    subprocessors.engage(listed, at=datetime.now(UTC), by=STAFF)
    with tenancy.scope(customer):
        assert not allowed(listed.key, datetime.now(UTC))
        seen = subprocessors.object_to(change, by=OFFICER, grounds="", at=datetime.now(UTC))
        contract.sign(agreements=["ucx-terms"], by="Officer", reference="order 2", at=datetime.now(UTC))
    turn(customer)
    with tenancy.scope(customer):
        assert allowed(listed.key, datetime.now(UTC))
        assert not allowed(seen.key, datetime.now(UTC) + 4000 * DAY)


def test_who_came_to_be_while_it_was_announced_is_told_at_the_planned_start(
    make_customer: MakeCustomer, turn: Turn
) -> None:
    customer = customer_of(make_customer, "kavkom-dpa")
    now = datetime.now(UTC)
    change = subprocessors.announce(entry(), planned_start=now + SECOND, at=now, by=STAFF)
    Delivery.objects.filter(change_id=change, customer_id=customer.id).delete()
    with tenancy.scope(tenancy.provider()):
        Deadline.objects.filter(key__contains=f"{change}:{customer.id}").delete()
    turn(customer, at=now + 10 * SECOND)
    with tenancy.scope(customer):
        seen = subprocessors.change(change, at=now + 60 * SECOND)
        assert seen.state == "sent"
        assert not allowed(seen.key, now + 20 * DAY)
