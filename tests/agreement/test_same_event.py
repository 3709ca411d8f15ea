"""The same event under the five agreements gives the five documents' different dates (`pytest -s` prints the table).

Every event is at noon in Rome on 2 March 2026; summer time starts on 29 March.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from parley.agreement.api import Event, PlannedDuty, load, plan

ROME = ZoneInfo("Europe/Rome")
NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
FIVE = ("imagicle-dpa", "kavkom-dpa", "ixcloud-dpa", "imagino-policy", "ucx-terms")
OURS = "*"
"""Marks a date whose number is ours, because the text is silent."""
NONE = "-"

TABLE = {
    ("subprocessor-announced", "objection-closes"): (
        "2026-03-17 00:00", "2026-04-03 00:00", "2026-04-02 00:00", "2026-03-17 00:00*", "2026-03-17 00:00*",
    ),
    ("subprocessor-announced", "earliest-start"): (
        "2026-04-01 12:00", "2026-04-03 00:00", "2026-04-02 00:00", "2026-04-01 12:00*", "2026-04-01 12:00*",
    ),
    ("incident-known", "notify"): (
        "2026-03-04 12:00", "2026-03-04 12:00", "2026-03-03 12:00*", "2026-03-03 12:00*", "2026-03-03 12:00*",
    ),
    ("contract-ends", "renewal-closes"): (NONE, NONE, NONE, NONE, "2026-04-02 00:00"),
    ("contract-ends", "access-ends"): (
        "2026-04-02 00:00", "2026-03-02 12:00*", "2026-03-02 12:00", "2026-03-02 12:00*", "2026-04-02 00:00",
    ),
    ("contract-ends", "export-closes"): (
        "2026-05-31 12:00", "2026-04-01 12:00*", NONE, "2026-04-01 12:00*", "2026-06-02 12:00",
    ),
    ("contract-ends", "destroy"): (
        "2026-05-31 12:00", "2026-04-01 12:00", "2026-03-17 12:00", "2026-04-01 12:00*", "2026-06-02 12:00",
    ),
    ("contract-ends", "support-data-destroyed"): ("2029-03-02 12:00", NONE, NONE, NONE, NONE),
    ("audit-requested", "earliest"): (
        "2026-04-01 12:00", "2026-03-16 12:00*", "2026-03-16 12:00*", "2026-04-01 12:00*", "2026-04-01 12:00*",
    ),
    ("audit-requested", "next-audit"): (NONE, "2027-03-16 12:00", "2027-03-16 12:00", NONE, NONE),
}  # fmt: skip


def planned(agreement: str, kind: str) -> dict[str, PlannedDuty]:
    event = Event(kind=kind, id="1", at=NOON, facts={"key": "speech", "cause": "none"})
    return {duty.duty: duty for duty in plan(load(agreement), event, zone="Europe/Rome")}


def cell(duty: PlannedDuty | None) -> str:
    if duty is None:
        return NONE
    return duty.due.astimezone(ROME).strftime("%Y-%m-%d %H:%M") + (OURS if duty.authored else "")


@pytest.mark.parametrize(("kind", "word"), TABLE)
def test_the_same_event_has_each_agreements_own_date(kind, word):
    found = {agreement: cell(planned(agreement, kind).get(word)) for agreement in FIVE}
    assert found == dict(zip(FIVE, TABLE[kind, word], strict=True))


def test_the_table_of_dates(capsys):
    rows = [(f"{kind}: {word}", *(cell(planned(a, kind).get(word)) for a in FIVE)) for kind, word in TABLE]
    with capsys.disabled():
        print(f"\n\nAt noon in Rome on 2 March 2026 ({OURS} the number is ours):\n")
        for row in (("event: duty", *FIVE), *rows):
            print(f"{row[0]:<42}" + "".join(f"{text:<20}" for text in row[1:]))
    for row in rows:
        assert len(set(row[1:])) > 1, row


def test_an_authority_never_waits_whatever_the_agreement():
    for agreement in FIVE:
        event = Event(kind="audit-requested", id="1", at=NOON, facts={"cause": "authority"})
        found = {duty.duty: duty for duty in plan(load(agreement), event, zone="UTC")}
        assert found["earliest"].due == NOON


def test_every_date_names_a_clause_of_its_agreement():
    for agreement in FIVE:
        for kind in {kind for kind, _ in TABLE}:
            for duty in planned(agreement, kind).values():
                assert duty.clause in load(agreement).clauses
