"""Duties: opened once, met, breached, waived, cancelled, each with its evidence and its line in the calendar."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from tests.support.installation import MakeCustomer, tenancy
from tests.support.left_evidence import trail

from parley.agreement.api import Event, load
from parley.ledger import api as ledger
from parley.obligations import api as obligations
from parley.obligations.models import CalendarLine, Duty

pytestmark = pytest.mark.usefixtures("unblocked")
KNOWN = datetime(2031, 3, 4, 9, 0, tzinfo=UTC)
NOTIFY, FOLLOW_UP = "incident-known:i1:notify", "incident-known:i1:follow-up"


@pytest.fixture
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


def incident(number: str = "i1", *, agreement: str = "imagicle-dpa", at: datetime = KNOWN) -> list[object]:
    event = Event(kind="incident-known", id=number, at=at)
    with transaction.atomic():
        return [*obligations.open_duties(load(agreement), event, zone="UTC", subject="Incident 1", at=at)]


def kinds(of: str = "i1") -> list[str]:
    """The kinds of evidence about duties of the event `of`, the oldest first; signing opened duties of its own."""
    return [entry.kind for entry in reversed(trail()) if f":{of}:" in str((entry.details or {}).get("key"))]


def run(customer: tenancy.Customer, at: datetime) -> None:
    obligations.run_due(customer, handlers=obligations.handlers(), now=at)


def line(key: str = NOTIFY) -> CalendarLine:
    return CalendarLine.objects.get(key=key, customer_id=tenancy.current().id)


def test_an_event_opens_its_duties_once(customer: tenancy.Customer) -> None:
    opened = incident()
    assert len(opened) == len(set(opened)) > 1
    assert incident() == []
    found = obligations.duty(NOTIFY, at=KNOWN)
    assert found is not None
    assert (found.state, found.late, found.due, found.statutory) == ("open", False, KNOWN + timedelta(hours=48), True)
    assert (found.clause, found.event_kind, found.event_id) == ("IM-3f.breach", "incident-known", "i1")
    assert kinds().count("duty.opened") == len(opened)
    assert line().state == "open"


def test_a_duty_that_is_rolled_back_was_never_there(customer: tenancy.Customer) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        incident("ghost")
        raise RuntimeError
    assert not Duty.objects.filter(event_id="ghost").exists()
    assert not CalendarLine.objects.filter(customer_id=customer.id, event_id="ghost").exists()


def test_a_duty_met_in_time_is_met(customer: tenancy.Customer) -> None:
    incident()
    met = obligations.meet(NOTIFY, at=KNOWN + timedelta(hours=2), by="incidents", details={"message": "m1"})
    assert (met.state, met.late, met.met_at) == ("met", False, KNOWN + timedelta(hours=2))
    obligations.meet(NOTIFY, at=KNOWN + timedelta(hours=9), by="incidents")
    run(customer, KNOWN + timedelta(hours=49))
    assert kinds().count("duty.breached") == 0
    assert kinds().count("duty.met") == 1
    assert (line().state, line().late) == ("met", False)


def test_an_unmet_duty_is_breached_when_it_is_due_and_then_met_late(customer: tenancy.Customer) -> None:
    incident()
    due = KNOWN + timedelta(hours=48)
    run(customer, due)
    breached = obligations.duty(NOTIFY, at=due)
    assert breached is not None
    assert (breached.state, breached.late, breached.waiting) == ("breached", True, True)
    assert (line().state, line().late, line().next_at) == ("breached", True, None)
    run(customer, due + timedelta(minutes=1))
    assert kinds().count("duty.breached") == 1
    met = obligations.meet(NOTIFY, at=due + timedelta(hours=1), by="incidents")
    assert (met.state, met.late, met.waiting) == ("met", True, False)


def test_a_duty_met_after_its_due_date_is_breached_first(customer: tenancy.Customer) -> None:
    incident()
    obligations.meet(NOTIFY, at=KNOWN + timedelta(hours=50), by="incidents")
    assert [kind for kind in kinds() if kind != "duty.opened"] == ["duty.breached", "duty.met"]


def test_warnings_come_before_the_due_date_and_never_after(customer: tenancy.Customer) -> None:
    heard: list[tuple[str, str]] = []

    def note(duty: obligations.DutyView) -> None:
        if duty.key == NOTIFY:
            heard.append((duty.key, duty.state))

    obligations.on_warning(note)
    incident()
    run(customer, KNOWN + timedelta(hours=23))
    assert heard == []
    run(customer, KNOWN + timedelta(hours=24))
    assert heard == [(NOTIFY, "due")]
    assert NOTIFY in {duty.key for duty in obligations.duties(state="due", at=KNOWN + timedelta(hours=24))}
    # Whoever was asleep for the other two is told once, of the breach.
    run(customer, KNOWN + timedelta(hours=49))
    assert len(heard) == 1


def test_who_wants_to_hear_of_what_is_overdue_hears_once(customer: tenancy.Customer) -> None:
    heard: list[str] = []

    def note(duty: obligations.DutyView) -> None:
        heard.append(duty.key)

    obligations.on_overdue(note)
    incident()
    for hours in (48, 49):
        run(customer, KNOWN + timedelta(hours=hours))
    assert heard.count(NOTIFY) == 1


def test_a_window_closes_by_itself(customer: tenancy.Customer) -> None:
    with transaction.atomic():
        obligations.open_duties(load("imagicle-dpa"), Event(kind="export-made", id="e1", at=KNOWN), zone="UTC")
    moment = obligations.duties(event_id="e1", at=KNOWN)[0]
    run(customer, moment.due)
    passed = obligations.duty(moment.key)
    assert passed is not None
    assert (passed.state, passed.late, passed.met_at) == ("met", False, moment.due)
    assert "duty.passed" in kinds("e1")


def test_only_the_protected_party_waives_in_writing_and_never_a_statute(customer: tenancy.Customer) -> None:
    incident()
    with pytest.raises(obligations.WaiverRefused, match="statute"):
        obligations.waive(NOTIFY, at=KNOWN, by="u1", reason="we agreed", party="customer")
    with transaction.atomic():
        event = Event(kind="audit-requested", id="a1", at=KNOWN, facts={"cause": "none"})
        obligations.open_duties(load("imagicle-dpa"), event, zone="UTC")
    key = "audit-requested:a1:answer-request"
    with pytest.raises(obligations.WaiverRefused, match="protects the customer"):
        obligations.waive(key, at=KNOWN, by="u1", reason="we agreed", party="provider")
    with pytest.raises(obligations.WaiverRefused, match="in writing"):
        obligations.waive(key, at=KNOWN, by="u1", reason=" ", party="customer")
    waived = obligations.waive(key, at=KNOWN, by="u1", reason="Ann agreed by letter", party="customer")
    assert (waived.state, waived.reason) == ("waived", "Ann agreed by letter")
    with connection.cursor() as cursor:
        entry = ledger.entry(cursor, entry_id=waived.evidence_id)
    assert entry.kind == "duty.waived"
    assert "Ann" not in str(entry.details)
    with pytest.raises(obligations.WaiverRefused, match="already"):
        obligations.waive(key, at=KNOWN, by="u1", reason="again", party="customer")


def test_what_an_event_opened_ends_with_the_event(customer: tenancy.Customer) -> None:
    opened = incident()
    assert obligations.cancel("incident-known", "i1", at=KNOWN, reason="no incident after all") == len(opened)
    assert {duty.state for duty in obligations.duties(event_id="i1")} == {"cancelled"}
    run(customer, KNOWN + timedelta(days=60))
    assert "duty.breached" not in kinds()


def test_an_unknown_duty_is_named(customer: tenancy.Customer) -> None:
    with pytest.raises(obligations.UnknownDuty):
        obligations.meet("no:such:duty", at=KNOWN, by="u1")


def test_the_calendar_shows_all_customers_by_due_date(make_customer: MakeCustomer) -> None:
    made = [make_customer(), make_customer(agreement="ixcloud-dpa", custody="customer-held")]
    start = KNOWN + timedelta(days=400)
    for number, one in enumerate(made):
        with tenancy.scope(one):
            incident(f"c{number}", agreement=one.agreement, at=start + timedelta(hours=number))
    found = obligations.calendar(since=start, at=start, limit=3)
    assert [entry.duty.due for entry in found] == sorted(entry.duty.due for entry in found)
    following = obligations.calendar(since=start, at=start, after=found[-1].cursor)
    everything = obligations.calendar(since=start, at=start)
    assert [entry.duty.key for entry in (*found, *following)] == [entry.duty.key for entry in everything]
    assert {entry.customer_id for entry in everything} == {one.id for one in made}
    assert {entry.customer_id for entry in obligations.calendar(since=start, customer=made[0].id)} == {made[0].id}
    with pytest.raises(obligations.BadPlace):
        obligations.calendar(after="nowhere")


def test_a_calendar_that_lost_lines_is_mended_by_the_sweep(customer: tenancy.Customer) -> None:
    incident()
    truth = sorted(CalendarLine.objects.filter(customer_id=customer.id).values_list("key", "revision"))
    CalendarLine.objects.filter(customer_id=customer.id, key=NOTIFY).delete()
    obligations.sweep(kinds=obligations.handlers())
    assert sorted(CalendarLine.objects.filter(customer_id=customer.id).values_list("key", "revision")) == truth
    CalendarLine.objects.filter(customer_id=customer.id, key=NOTIFY).update(revision=0, state="met")
    obligations.sweep(kinds=obligations.handlers())
    assert line().state == "open"


def test_a_line_of_a_duty_that_never_was_goes(customer: tenancy.Customer) -> None:
    incident()
    stray = line()
    stray.id, stray.key = uuid4(), "incident-known:never:notify"
    stray.save(force_insert=True)
    obligations.sweep(kinds=obligations.handlers())
    assert not CalendarLine.objects.filter(key=stray.key).exists()
    assert line().state == "open"


def test_weeks_count_what_is_late_and_what_is_coming(customer: tenancy.Customer) -> None:
    before = obligations.due_by_week(at=KNOWN, weeks=5)
    incident()
    now = KNOWN + timedelta(hours=49)
    found = [have - had for have, had in zip(obligations.due_by_week(at=now, weeks=5), before, strict=True)]
    assert found[0] >= 1  # the notice, and whatever signing asked for long before 2031
    assert found[1] == 1  # the rest of the notice, a day later
    assert sum(found[2:]) == 1  # the closing report
    assert obligations.calendar_due_by_week(at=now, weeks=5, customer=customer.id) == obligations.due_by_week(
        at=now, weeks=5
    )


def test_months_tell_what_was_kept_on_time(customer: tenancy.Customer) -> None:
    incident()
    obligations.meet(NOTIFY, at=KNOWN + timedelta(hours=1), by="incidents")
    obligations.meet(FOLLOW_UP, at=KNOWN + timedelta(hours=80), by="incidents")
    months = obligations.kept_on_time(KNOWN - timedelta(days=31))
    assert [(month.on_time, month.late) for month in months] == [(1, 1)]
    assert obligations.by_clause(at=KNOWN)["IM-3f.breach"].met >= 1
