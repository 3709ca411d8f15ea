"""Counts from the declarations are exact: records, distinct people, the time asked for, no other customer's."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.recorded_rows import add_recording

from parley.inventory.api import EVERYTHING, census
from parley.recordings.models import LiveCall
from parley.tenancy import api as tenancy

NOON = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANN, BOB, EVE = "+390584100001", "+390584100002", "+390584100003"
VOICE = "user.user_sensor"


@pytest.fixture(autouse=True)
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


def test_recordings_are_counted_once_and_people_by_distinct_number(customer: tenancy.Customer) -> None:
    add_recording(at=NOON, numbers=[ANN, BOB], parts=3)
    add_recording(at=NOON + HOUR, numbers=[ANN, EVE])
    add_recording(at=NOON + 2 * HOUR, numbers=[ANN, BOB])
    found = census(offering="call-recording")
    assert (dict(found.records), dict(found.persons)) == ({"recording": 3}, {"number": 3})
    assert {line.records for line in found.lines} == {3}
    assert {line.persons for line in found.lines} == {3}
    assert {line.subject for line in found.lines} == {"call_party"}
    assert VOICE in {line.category for line in found.lines}


@pytest.mark.parametrize(
    ("since", "until", "records", "persons"),
    [
        (NOON, NOON + HOUR, 1, 2),
        (NOON + timedelta(minutes=2), NOON + 2 * HOUR, 2, 3),  # a call that was going on counts
        (NOON + timedelta(minutes=4), NOON + HOUR, 0, 0),
        (NOON + HOUR, None, 2, 3),
        (None, NOON, 0, 0),
    ],
)
def test_the_time_asked_for_is_kept(
    customer: tenancy.Customer, since: datetime | None, until: datetime | None, records: int, persons: int
) -> None:
    add_recording(at=NOON, numbers=[ANN, BOB])
    add_recording(at=NOON + HOUR, numbers=[ANN, EVE])
    add_recording(at=NOON + 2 * HOUR, numbers=[BOB])
    found = census(offering="call-recording", since=since, until=until)
    assert (found.total_records, found.total_persons) == (records, persons)


def test_a_call_that_is_still_recorded_counts_and_only_once(customer: tenancy.Customer) -> None:
    recording = add_recording(at=NOON, numbers=[ANN])
    for recording_id in (recording, tenancy.current().id):
        LiveCall.objects.create(
            recording_id=recording_id, started_at=NOON, seen_at=NOON + HOUR, direction="inbound", trunk_name="t",
            epoch_id=recording, wrapped=b"w", sealed=b"s", number_indexes=[b"x", b"y"], streams=2, packets=1, bytes=1,
            on_hold=False,
        )  # fmt: skip
    found = census(offering="call-recording")
    assert (found.total_records, found.total_persons) == (2, 3)


def test_categories_choose_what_is_counted(customer: tenancy.Customer) -> None:
    add_recording(at=NOON, numbers=[ANN, BOB])
    only = census(categories=(VOICE,))
    assert [line.category for line in only.lines] == [VOICE]
    assert only.total_records == 1 and only.total_persons == 2
    contact = census(offering="call-recording", categories=("user.contact",))
    assert [line.category for line in contact.lines] == ["user.contact.phone_number"]


def test_accounts_count_from_when_they_exist(make_customer: object) -> None:
    made = make_customer(  # type: ignore[operator]
        administrator=tenancy.NewUser(email="ann@customer.example", name="Ann", password="a long enough password")
    )
    with tenancy.scope(made):
        found = census(offering="shared-services", since=datetime.now(UTC) + HOUR, categories=("user.name",))
        assert dict(found.persons) == {"account": 1}
        assert census(offering="shared-services", until=NOON, categories=("user.name",)).lines == ()


def test_of_a_customer_without_data_nothing_is_found(customer: tenancy.Customer) -> None:
    assert census(offering="call-recording").lines == ()
    assert census(offering=EVERYTHING, categories=(VOICE,)).total_records == 0
