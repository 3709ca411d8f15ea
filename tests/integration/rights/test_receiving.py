"""A request comes in: passed on first, acknowledged, its duties opened, sealed, found by index, for all agreements."""

import time
from datetime import timedelta
from statistics import median

import pytest
from django.db import connection
from tests.integration.rights.conftest import AGREEMENTS, NUMBER, PERSON, PRIVACY, now

from parley.agreement.api import load
from parley.obligations import api as obligations
from parley.rights import api as rights


@pytest.mark.parametrize("agreement", AGREEMENTS)
def test_passed_on_first_then_acknowledged_and_dated(make_place, agreement):
    place = make_place(agreement)
    at = now()
    receipt = place.ask("access", "erasure", at=at)
    view, term = place.view(receipt), load(agreement).terms.rights
    assert view.state == "acknowledged"
    assert [line.what for line in view.story if line.what != "mailed"] == ["received", "forwarded", "acknowledged"]
    assert (view.person.email, view.person.name) == (PERSON, "Ada Marker")
    duties = {duty.key.rpartition(":")[2]: duty for duty in obligations.duties(event_id=str(receipt.id), at=at)}
    assert set(duties) == {"answer", "extend-notice", "longest"} | ({"forward"} if term.forward != "no" else set())
    assert duties["answer"].due == view.line.due == view.line.strict_due
    assert duties["longest"].due == view.longest
    assert all(duty.state in ("open", "due") for duty in duties.values())
    place.work()
    sent = [one.recipients for one in place.server.taken]
    assert (PRIVACY,) in sent
    assert (PERSON,) in sent
    passed_on = place.server.to(PRIVACY)[0]
    assert PERSON in passed_on.text
    assert "Ada Marker" in passed_on.text
    assert receipt.tag in str(passed_on.message["Subject"])
    if term.forward != "no":
        duty = obligations.duty(f"rights-request-received:{receipt.id}:forward")
        assert duty is not None
        assert (duty.state, duty.late) == ("met", False)
        assert duty.clause == load(agreement).clause_of("rights.forward")


def test_kv_4_only_the_mail_meets_the_duty_and_a_missing_address_breaks_it(make_place):
    place = make_place("kavkom-dpa", addresses=())
    receipt = place.ask()
    key = f"rights-request-received:{receipt.id}:forward"
    assert place.view(receipt).story[1].facts["how"] == "nowhere"
    assert obligations.duty(key).state in ("open", "due")
    place.work(at=now() + timedelta(days=1, minutes=1))
    assert obligations.duty(key).state == "breached"


def test_ix_8_the_console_passes_on_where_the_order_names_no_address(make_place):
    place = make_place("ixcloud-dpa", addresses=())
    receipt = place.ask()
    assert obligations.duty(f"rights-request-received:{receipt.id}:forward").state == "met"


def test_what_the_customers_people_wrote_down_needs_no_passing_on(make_place):
    place = make_place("kavkom-dpa")
    receipt = place.ask(channel="telephone", by=str(place.officer), email="", number=NUMBER)
    assert obligations.duty(f"rights-request-received:{receipt.id}:forward").state == "met"
    place.work()
    assert not [one for one in place.server.taken if receipt.tag in str(one.message["Subject"])]


def test_the_forward_waits_for_a_server_that_is_away(make_place):
    place = make_place("kavkom-dpa")
    place.server.mode = "away"
    receipt = place.ask()
    place.work()
    key = f"rights-request-received:{receipt.id}:forward"
    assert obligations.duty(key).state in ("open", "due")
    place.server.mode = "accept"
    place.work(at=now() + timedelta(hours=1))
    assert obligations.duty(key).state == "met"


def test_nothing_of_the_person_is_in_clear_once_the_mail_left(place):
    receipt = place.ask("access", number=NUMBER, text="the secret marker text")
    place.work()
    assert _where("person.example", "Ada Marker", "943232", "secret marker") == set()
    view = place.view(receipt)
    assert view.person.text == "the secret marker text"
    assert view.person.number == NUMBER


def test_found_by_address_and_by_number_and_on_the_board(place):
    receipt = place.ask("erasure", number="+39 0584 943232")
    other = place.ask("access", email="other@person.example")
    at = now()
    assert [line.id for line in rights.requests(at=at, address=PERSON.upper()).lines] == [receipt.id]
    assert [line.id for line in rights.requests(at=at, address="0039 0584943232").lines] == [receipt.id]
    assert [line.id for line in rights.requests(at=at, kind="access").lines] == [other.id]
    first = rights.requests(at=at, limit=1)
    assert [line.id for line in rights.requests(at=at, cursor=first.cursor).lines] == [receipt.id]
    assert sum(column.count for column in rights.board(at)) == 2
    late = {column.column: column.count for column in rights.board(at + timedelta(days=40))}
    assert late["overdue"] == 2


def test_the_same_external_id_is_one_request(place):
    first = place.ask(channel="api", external_id="7d1c")
    assert place.ask(channel="api", external_id="7d1c") == first
    assert rights.by_external("7d1c", at=now()).id == first.id


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"email": "", "number": ""}, "email"),
        ({"email": "no address"}, "email"),
        ({"email": "a@b\r\nBcc: c@d.example"}, "email"),
        ({"number": "1", "email": ""}, "number"),
        ({"text": "x" * 20_001}, "text"),
        ({"text": "a\0b"}, "text"),
        ({"name": "x" * 201}, "name"),
        ({"kinds": ("everything",)}, "kinds"),
    ],
)
def test_what_cannot_be_taken_in(place, more, field):
    given = {"channel": "portal", "kinds": ("access",), "email": PERSON, "received_at": now(), "at": now()}
    with pytest.raises(rights.RequestRefused) as refused:
        rights.receive(**(given | more))
    assert refused.value.field == field
    assert rights.requests(at=now()).lines == ()


def test_the_clock_breaks_by_itself(place):
    at = now() - timedelta(days=40)
    receipt = place.ask(at=at)
    place.work()
    assert obligations.duty(f"rights-request-received:{receipt.id}:answer").state == "breached"


@pytest.mark.alone
def test_no_oracle_the_same_answer_and_time_whether_somebody_is_known(place):
    from tests.support.recorded_rows import add_recording

    for _ in range(30):
        add_recording(at=now() - timedelta(days=3), numbers=[NUMBER])
    known, unknown = [], []
    for turn in range(8):
        for number, times in ((NUMBER, known), (f"+3905849431{turn:02d}", unknown)):
            began = time.perf_counter()
            receipt = place.ask("access", number=number)
            times.append(time.perf_counter() - began)
            seen = rights.by_follow(receipt.follow)
            assert (seen.state, seen.identity, seen.can_verify) == ("acknowledged", "unknown", ("email", "number"))
    assert median(known) < 2 * median(unknown)


def _where(*markers: str) -> set[str]:
    """Tables whose rows hold one of the markers, in any column."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            where = " OR ".join(["t::text ILIKE %s"] * len(markers))
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE {where}', [f"%{one}%" for one in markers])
            if cursor.fetchone()[0]:
                found.add(table)
    return found
