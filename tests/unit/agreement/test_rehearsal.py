"""Rehearsal: the duties of reality, and the gate's own answers turning at the same instants; nothing is done."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from tests.support.made_agreements import span

from parley.agreement.duties import plan
from parley.agreement.events import Event, EventFactMissing, EventKind
from parley.agreement.files import available, load
from parley.agreement.rehearsal import rehearse, supposed
from parley.agreement.rules import evaluate
from parley.agreement.standing import Standing
from parley.agreement.types import GateRequest

ROME = "Europe/Rome"
NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
NEEDED = {"compulsion-received": {"processing_at": "2026-04-05T08:00:00+02:00"}}


def timeline(agreement, kind, *, until=None, standing=None, **facts):
    event = Event(kind=kind, id="r", at=NOON, facts=facts)
    return rehearse(load(agreement), event, zone=ROME, until=until, standing=standing)


def gates(moments):
    return [(moment.at, moment.word, moment.clause) for moment in moments if moment.kind == "gate"]


@pytest.mark.parametrize("name", available())
@pytest.mark.parametrize("kind", get_args(EventKind))
def test_a_rehearsal_holds_exactly_the_duties_that_reality_would_open(name, kind):
    event = Event(kind=kind, id="r", at=NOON, facts=NEEDED.get(kind, {}))
    told = rehearse(load(name), event, zone=ROME)
    assert [moment.at for moment in told] == sorted(moment.at for moment in told)
    real = {(duty.due, duty.duty, duty.clause) for duty in plan(load(name), event, zone=ROME)}
    assert {(moment.at, moment.word, moment.clause) for moment in told if moment.kind != "gate"} == real


@pytest.mark.parametrize("name", available())
def test_after_the_end_the_gate_shuts_collection_then_access_then_export_as_the_duties_say(name):
    told = timeline(name, "contract-ends")
    due = {moment.word: moment.at for moment in told if moment.kind != "gate"}
    shut = {at for at, word, _ in gates(told) if word == "shuts"}
    assert NOON in shut  # collecting ends with the contract
    assert due["access-ends"] in shut
    assert due.get("export-closes", NOON) in shut
    assert shut <= {NOON, due["access-ends"], due.get("export-closes", NOON)}
    assert not [word for _, word, _ in gates(told) if word == "opens"]


@pytest.mark.parametrize("name", available())
def test_egress_opens_at_the_earliest_start_and_by_the_clause_of_sub_processors(name):
    told = timeline(name, "subprocessor-announced", key="speech")
    opens = next(moment.at for moment in told if moment.word == "earliest-start")
    assert gates(told) == [(opens, "opens", load(name).terms.subprocessors.clause)]
    later = opens + timedelta(days=10)
    told = timeline(name, "subprocessor-announced", key="speech", planned_start=later.isoformat())
    assert [at for at, _, _ in gates(told)] == [later]


def test_an_objection_shuts_what_was_about_to_open_and_a_late_one_does_not():
    soon = NOON + timedelta(days=3)
    standing = Standing(zone=ROME, recipients={"speech": soon})
    facts = {"key": "speech", "announced_at": (NOON - timedelta(days=5)).isoformat()}
    assert gates(timeline("kavkom-dpa", "objection-received", standing=standing, **facts)) == []
    standing = Standing(zone=ROME, recipients={"speech": NOON - timedelta(days=1)})
    assert [word for _, word, _ in gates(timeline("kavkom-dpa", "objection-received", standing=standing, **facts))] == [
        "shuts"
    ]
    late = facts | {"announced_at": (NOON - timedelta(days=50)).isoformat()}
    assert gates(timeline("kavkom-dpa", "objection-received", standing=standing, **late)) == []


def test_staff_may_look_from_the_grant_until_it_ends_by_itself():
    told = timeline("imagicle-dpa", "staff-access-granted", ends="2026-03-02T12:30:00+00:00")
    clause = load("imagicle-dpa").terms.staff.clause
    assert gates(told) == [(NOON, "opens", clause), (NOON + timedelta(minutes=90), "shuts", clause)]


def test_misuse_that_nobody_corrects_ends_collection_when_its_hours_have_passed():
    told = timeline("ucx-terms", "misuse-found")
    assert {(at, word) for at, word, _ in gates(told)} == {(NOON + timedelta(hours=24), "shuts")}


def test_a_suspended_instruction_stops_its_purpose_at_once():
    told = timeline("imagicle-dpa", "instruction-suspended", purpose="record-calls")
    assert [(at, word) for at, word, _ in gates(told)] == [(NOON, "shuts")]
    assert "receive, seal and keep" in next(moment.title for moment in told if moment.kind == "gate")


def test_until_ends_the_timeline():
    until = NOON + timedelta(hours=50)
    assert [moment.word for moment in timeline("imagicle-dpa", "incident-known", until=until)] == ["notify"]
    assert timeline("imagicle-dpa", "contract-ends", until=NOON - timedelta(days=1)) == ()


def test_each_turn_is_exact_to_the_microsecond():
    told = timeline("imagicle-dpa", "contract-ends")
    agreement = load("imagicle-dpa")
    ends = next(moment.at for moment in told if moment.word == "access-ends")

    def allowed(at):
        request = GateRequest(
            purpose="find-recordings", offering="call-recording", region="eu", subscription_state="active",
            instructed_purposes=frozenset(), acceptable_use_suspended=False, sealed_to_customer=True, custody="local",
            at=at,
        )  # fmt: skip
        standing = Standing(zone=ROME, contract_ended_at=NOON)
        return evaluate(agreement, standing.on(request, signed_purposes=agreement.instructed_purposes)).allowed

    assert allowed(ends - timedelta(microseconds=1))
    assert not allowed(ends)


def test_a_long_timeline_is_quick():
    began = datetime.now(UTC)
    timeline("imagicle-dpa", "contract-ends")  # three years, for data of support cases
    assert datetime.now(UTC) - began < timedelta(seconds=2)
    assert load("imagicle-dpa").terms.support_data.keep == span("3 years")


def test_an_event_is_described_in_words_of_the_customers_zone():
    facts = {"key": " speech ", "planned_start": "2026-06-01", "wanted_at": ""}
    event = supposed("subprocessor-announced", at="2026-03-02T12:00", facts=facts, zone=ROME)
    assert event.at == NOON
    assert event.facts == {"key": "speech", "planned_start": "2026-05-31T22:00:00+00:00"}


@pytest.mark.parametrize(("at", "facts"), [("soon", {}), ("2026-03-02", {"ends": "never"})])
def test_an_event_at_no_date_is_explained(at, facts):
    with pytest.raises(EventFactMissing, match="2026-12-31"):
        supposed("contract-ends", at=at, facts=facts, zone=ROME)
