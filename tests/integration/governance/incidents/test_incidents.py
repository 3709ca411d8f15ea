"""An incident from declaration to closing report, in real databases and by real mail."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from tests.support.breaches import CONTACT, CRITERIA, KNOWLEDGE, NOVEMBER, STAFF, declare, furnish, office, turns
from tests.support.installation import MakeCustomer
from tests.support.smtp_sink import Sink

from parley.governance.contract import api as contract
from parley.governance.incidents import api as incidents
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

PERSON = UUID(int=9)


@pytest.fixture
def touched(make_customer: MakeCustomer) -> tenancy.Customer:
    made = make_customer(agreement="imagicle-dpa")
    furnish(made, recordings=3)
    return made


def only(customer: tenancy.Customer) -> incidents.Criteria:
    return incidents.Criteria(
        offering=CRITERIA.offering, since=CRITERIA.since, until=CRITERIA.until, customers=(customer.handle,)
    )


def evidence(kind: str) -> list[dict[str, object]]:
    """The details of the entries of that kind in the log of the customer in scope."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.details FROM ledger_detail d JOIN ledger_pending p USING (entry_id) WHERE p.kind = %s", [kind]
        )
        return [json.loads(row[0]) for row in cursor.fetchall()]


def test_from_declaration_to_closing_report(touched: tenancy.Customer, server: Sink) -> None:
    incident = declare(criteria=only(touched))
    turns([touched], server=server)
    (first,) = server.to(office(touched))
    with tenancy.scope(touched):
        affair = incidents.affair(incident)
        notify = obligations.duty(f"incident-known:{incident}:notify")
        assert notify is not None and notify.state == "met" and not notify.late
        assert notify.due == affair.due == affair.known_at + timedelta(hours=48)
        assert notify.clause == affair.clause == "IM-3f.breach"
        (notice,) = affair.notices
        assert notice.dispatched_at and notice.received_at(datetime.now(UTC)) is None
        assert notice.assumed_at and notice.received_at(notice.assumed_at) == notice.assumed_at
        assert (affair.records, affair.persons) == (3, 3)
        (proof,) = evidence("incident.notified")
        assert proof["message_id"] == first.message_id
        incidents.acknowledge(notice.id, by=PERSON, at=datetime.now(UTC))
        incidents.acknowledge(notice.id, by=PERSON, at=datetime.now(UTC))
        assert len(evidence("incident.acknowledged")) == 1
    for words in (KNOWLEDGE.nature, KNOWLEDGE.unknown, CONTACT.email, "IM-3f.breach", "3 records", "48 hours"):
        assert words in " ".join(first.text.split())
    assert "IM-3f.breach" in first.html and server.signed(first)

    further = incidents.Knowledge(nature="It was one disk.", consequences="None.", measures="Done.", news="All known.")
    assert incidents.draft(incident, kind="further", knowledge=further, by=STAFF) == 2
    assert "All known." in incidents.preview_draft(incident, touched.id, at=datetime.now(UTC)).text
    incidents.issue(incident, by=STAFF, at=datetime.now(UTC))
    turns([touched], server=server)
    incidents.draft(incident, kind="closing", knowledge=further, by=STAFF)
    incidents.issue(incident, by=STAFF, at=datetime.now(UTC))
    turns([touched], server=server)
    assert len(server.to(office(touched))) == 3
    closing = server.to(office(touched))[-1].text
    assert "closing report" in closing and "notice 1:" in closing and "notice 2:" in closing
    with tenancy.scope(touched):
        states = {duty.key.rpartition(":")[2]: duty.state for duty in obligations.duties(event_id=str(incident))}
        assert states == {"notify": "met", "follow-up": "met", "closing-report": "met"}
        assert incidents.affair(incident).closed_at
    found = incidents.incident(incident)
    assert found.state == "closed" and (found.affected, found.told, found.problems) == (1, 1, 0)
    (line,) = incidents.customer_lines(incident)
    assert line.acknowledged_at is None and line.told_phase == 3 and not line.late(datetime.now(UTC))
    with pytest.raises(incidents.IncidentRefused, match="closed"):
        incidents.draft(incident, kind="further", knowledge=further, by=STAFF)


def test_a_customer_that_is_not_touched_keeps_no_trace(
    touched: tenancy.Customer, make_customer: MakeCustomer, server: Sink
) -> None:
    others = [make_customer(), make_customer(), make_customer(region="us")]
    furnish(others[0], recordings=2, at=NOVEMBER - timedelta(days=30))
    furnish(others[2], recordings=2)
    with tenancy.scope(others[0]), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_pending")
        before = cursor.fetchone()
    incident = declare(
        criteria=incidents.Criteria(
            offering="call-recording", since=CRITERIA.since, until=CRITERIA.until, regions=("eu",)
        )
    )
    turns([touched, *others], server=server, rounds=20)
    why = {line.handle: line.why for line in incidents.customer_lines(incident, affected=False, limit=1000)}
    assert [why[one.handle] for one in others] == ["nothing-found", "nothing-found", "other-region"]
    assert touched.handle in {line.handle for line in incidents.customer_lines(incident, limit=1000)}
    for one in others:
        assert server.to(office(one)) == []
        with tenancy.scope(one):
            assert incidents.affairs() == [] and mail.messages() == []
            assert obligations.duties(event_id=str(incident)) == []
    with tenancy.scope(others[0]), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_pending")
        assert cursor.fetchone() == before


def test_who_is_named_is_told_even_without_a_record(make_customer: MakeCustomer, server: Sink) -> None:
    empty = make_customer()
    furnish(empty, recordings=0)
    incident = declare(criteria=only(empty), kind="availability")
    turns([empty], server=server)
    assert "No record was found" in server.to(office(empty))[0].text
    (line,) = incidents.customer_lines(incident)
    assert line.why == "named"


def test_a_late_declaration_is_told_and_is_late(touched: tenancy.Customer, server: Sink) -> None:
    incident = declare(criteria=only(touched), known_ago=timedelta(hours=50))
    turns([touched], server=server)
    assert "This notice is late." in server.to(office(touched))[0].text
    with tenancy.scope(touched):
        notify = obligations.duty(f"incident-known:{incident}:notify")
        assert notify is not None and (notify.state, notify.late) == ("met", True)
        assert len(evidence("duty.breached")) == 1


def test_awareness_cannot_be_in_the_future_and_content_cannot_be_missing() -> None:
    with pytest.raises(incidents.IncidentRefused) as refused:
        declare(known_ago=timedelta(minutes=-1))
    assert refused.value.field == "known_at"
    with pytest.raises(incidents.IncidentRefused) as refused:
        declare(knowledge=incidents.Knowledge(nature="a", consequences=" ", measures="c"))
    assert refused.value.field == "consequences"
    with pytest.raises(incidents.IncidentRefused) as refused:
        declare(criteria=incidents.Criteria(customers=("nobody-of-that-name",)))
    assert refused.value.field == "customers"
    with pytest.raises(incidents.IncidentRefused) as refused:
        declare(title="one\ntwo")
    assert refused.value.field == "title"


def test_the_register_keeps_what_nobody_was_told_of(touched: tenancy.Customer, server: Sink) -> None:
    incident = declare(criteria=only(touched), register_only="The disk held no customer's data.")
    turns([touched], server=server)
    found = incidents.incident(incident)
    assert (found.notified, found.reason) == (False, "The disk held no customer's data.")
    assert incident in {one.id for one in incidents.register()} and server.taken == []
    with tenancy.scope(tenancy.provider()):
        assert [one for one in evidence("incident.registered") if one["incident"] == str(incident)]


def test_declaring_twice_is_declaring_once(touched: tenancy.Customer, server: Sink) -> None:
    identifier = uuid4()
    assert declare(criteria=only(touched), incident_id=identifier) == identifier
    assert declare(criteria=only(touched), incident_id=identifier) == identifier
    turns([touched], server=server)
    assert len(server.to(office(touched))) == 1


def test_without_an_address_the_problem_is_seen_and_can_be_mended(make_customer: MakeCustomer, server: Sink) -> None:
    silent = make_customer()
    furnish(silent, recordings=1)
    with tenancy.scope(silent):
        contract.set_notice_addresses([], by=str(STAFF), at=datetime.now(UTC))
    incident = declare(criteria=only(silent))
    turns([silent], server=server)
    (line,) = incidents.customer_lines(incident)
    assert (line.problem, incidents.incident(incident).problems) == ("no-address", 1)
    with tenancy.scope(silent):
        contract.set_notice_addresses([office(silent)], by=str(STAFF), at=datetime.now(UTC))
    assert incidents.post_again_for(incident, silent.id, at=datetime.now(UTC)) == 1
    turns([silent], server=server)
    (line,) = incidents.customer_lines(incident)
    assert line.problem == "" and line.first_sent_at
    assert len(server.to(office(silent))) == 1


def test_a_customer_may_be_told_by_telephone(make_customer: MakeCustomer, server: Sink) -> None:
    silent = make_customer(agreement="kavkom-dpa")
    furnish(silent, recordings=1)
    with tenancy.scope(silent):
        contract.set_notice_addresses([], by=str(STAFF), at=datetime.now(UTC))
    incident = declare(criteria=only(silent))
    turns([silent], server=server)
    now = datetime.now(UTC)
    told = {"how": "Olga called the privacy officer.", "by": STAFF, "at": now}
    for impossible in (now + timedelta(minutes=1), now - timedelta(hours=3)):
        with pytest.raises(incidents.IncidentRefused, match="neither before"):
            incidents.told_otherwise_for(incident, silent.id, told_at=impossible, **told)  # type: ignore[arg-type]
    incidents.told_otherwise_for(incident, silent.id, told_at=now - timedelta(minutes=5), **told)  # type: ignore[arg-type]
    turns([silent], server=server)
    (line,) = incidents.customer_lines(incident)
    assert line.first_sent_at == now - timedelta(minutes=5) and line.problem == ""
    assert line.next_title.startswith("Complete the notice")
    with tenancy.scope(silent):
        notify = obligations.duty(f"incident-known:{incident}:notify")
        assert notify is not None and notify.state == "met" and notify.clause == "KV-6.breach"
        assert len(evidence("incident.told-otherwise")) == 1


def test_the_clock_is_that_of_what_was_signed(touched: tenancy.Customer, server: Sink) -> None:
    """Terms of service signed besides do not loosen the DPA; an order form that asks for 24 hours gets them."""
    signed = {"by": "Ada", "reference": "order 7"}
    with tenancy.scope(touched):
        contract.sign(agreements=["ucx-terms"], at=datetime.now(UTC), **signed)
    first = declare(criteria=only(touched))
    with tenancy.scope(touched):
        contract.sign(
            agreements=["imagicle-dpa"], overrides={"breach.within": "24 hours"}, at=datetime.now(UTC), **signed
        )
    turns([touched], server=server)
    second = declare(criteria=only(touched))
    turns([touched], server=server)
    with tenancy.scope(touched):
        for incident in (first, second):
            affair = incidents.affair(incident)
            notify = obligations.duty(f"incident-known:{incident}:notify")
            assert affair.clause == "IM-X.order" and notify is not None and notify.due == affair.due
            assert affair.due - affair.known_at == timedelta(hours=24), "by what binds when it is opened"
    assert "within 24 hours" in " ".join(server.to(office(touched))[-1].text.split())


def test_a_mail_that_is_refused_is_seen_and_can_be_sent_again(touched: tenancy.Customer, server: Sink) -> None:
    server.mode = "refuse"
    incident = declare(criteria=only(touched))
    turns([touched], server=server)
    assert incidents.incident(incident).problems == 1
    server.mode = "accept"
    assert incidents.post_again_for(incident, touched.id, at=datetime.now(UTC)) == 1
    turns([touched], server=server)
    found = incidents.incident(incident)
    assert (found.problems, found.told, len(server.taken)) == (0, 1, 1)


def test_the_mail_that_is_previewed_is_the_mail_that_is_sent(touched: tenancy.Customer, server: Sink) -> None:
    now = datetime.now(UTC)
    given = {
        "title": "One disk", "kind": "confidentiality", "known_at": now - timedelta(hours=1), "knowledge": KNOWLEDGE,
        "contact": CONTACT, "criteria": only(touched), "at": now,
    }  # fmt: skip
    identifier = uuid4()
    shown = incidents.preview(**given, customer_id=touched.id, incident_id=identifier)  # type: ignore[arg-type]
    found = incidents.extent(only(touched), at=now)
    assert [(one.handle, records, persons) for one, records, persons in found.affected] == [(touched.handle, 3, 3)]
    with tenancy.scope(touched):
        assert mail.messages() == [] and incidents.affairs() == []
    declare(**given, incident_id=identifier)
    turns([touched], server=server)
    (sent,) = server.to(office(touched))
    assert shown.subject == str(sent.message["Subject"])
    differing = [
        left
        for left, right in zip(shown.text.splitlines(), sent.text.splitlines(), strict=True)
        if left != right and not left.startswith("This notice was written")
    ]
    assert differing == []


@pytest.fixture
def told(touched: tenancy.Customer, server: Sink) -> Iterator[UUID]:
    incident = declare(criteria=only(touched))
    turns([touched], server=server)
    server.taken.clear()
    with tenancy.scope(touched):
        yield incident


def test_letters_leave_on_the_customers_word_alone(touched: tenancy.Customer, server: Sink, told: UUID) -> None:
    subject, text = incidents.letter_draft(told)
    assert KNOWLEDGE.nature in text and CONTACT.email in text and "{name}" in text
    persons = incidents.read_persons("ann@people.example; Ann\n\nBob, bob@people.example\nann@people.example")
    now = datetime.now(UTC)
    assert incidents.draft_letters(told, persons=persons, subject=subject, text=text, by=PERSON, at=now) == 2
    turns([touched], server=server)
    assert server.taken == []
    assert incidents.order_letters(told, by=PERSON, at=datetime.now(UTC)) == 2
    turns([touched], server=server)
    turns([touched], server=server, later=timedelta(hours=1))
    assert sorted(one.recipients for one in server.taken) == [("ann@people.example",), ("bob@people.example",)]
    assert {one.text.splitlines()[0] for one in server.taken} == {"Dear Ann,", "Dear Bob,"}
    assert {one.state for one in incidents.letters(told)} == {"sent"}
    assert incidents.affair(told).letters_ordered == 2
    with pytest.raises(incidents.IncidentRefused, match="no draft"):
        incidents.order_letters(told, by=PERSON, at=datetime.now(UTC))


def test_a_draft_can_be_taken_off_the_list_and_no_letter_goes_twice(
    touched: tenancy.Customer, server: Sink, told: UUID
) -> None:
    persons = incidents.read_persons("a@people.example\nb@people.example")
    given = {"subject": "S", "text": "Dear {name},", "by": PERSON}
    incidents.draft_letters(told, persons=persons, at=datetime.now(UTC), **given)  # type: ignore[arg-type]
    first, _second = incidents.letters(told)
    incidents.remove_letter(first.id)
    incidents.order_letters(told, by=PERSON, at=datetime.now(UTC))
    incidents.draft_letters(told, persons=persons, at=datetime.now(UTC), **given)  # type: ignore[arg-type]
    incidents.order_letters(told, by=PERSON, at=datetime.now(UTC))
    turns([touched], server=server)
    assert sorted(one.recipients[0] for one in server.taken) == ["a@people.example", "b@people.example"]
    assert server.taken[0].text == "Dear,\n"


def test_a_list_of_persons_with_a_line_that_is_none_names_the_line() -> None:
    with pytest.raises(incidents.IncidentRefused, match="Line 2"):
        incidents.read_persons("a@people.example\nnobody")
