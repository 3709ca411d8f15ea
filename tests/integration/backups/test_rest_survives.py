"""Holds and restrictions that are younger than a backup: a restoration has them, and has lost what was lifted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tests.integration.backups.conftest import Office, OfficeOf
from tests.support.installation import MakeCustomer

from parley.backups import api as backups
from parley.inventory.api import Held, Subject
from parley.recordings import api as recordings
from parley.recordings.models import Recording
from parley.retention import api as retention
from parley.retention.models import Hold, Noted, Restriction
from parley.tenancy import api as tenancy

STORE, KIND = recordings.STORE.name, next(iter(recordings.STORE.kinds))
OFFICER = uuid4()
GROUND = "GDPR Art. 18(1)(a): Marta Bianchi says that it is wrong"
DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(params=["local", "customer-held"])
def office(request: pytest.FixtureRequest, make_customer: MakeCustomer, office_of: OfficeOf) -> Iterator[Office]:
    made = office_of(make_customer(custody=request.param))
    made.record(3)
    with tenancy.scope(made.customer):
        yield made


def calls() -> list[Held]:
    rows = Recording.objects.order_by("started_at", "id")
    return [Held(store=STORE, kind=KIND, id=row.id, at=row.started_at) for row in rows]


def hold(**more: object) -> UUID:
    given = {"title": "Bianchi ./. Rossi", "ground": "order of the court", "owner": OFFICER, "by": OFFICER}
    return retention.place_hold(**given | {"review_at": now() + 30 * DAY, "at": now()} | more).id  # type: ignore[arg-type]


def words_of_holds() -> dict[UUID, tuple[str, str, bytes, str]]:
    return {row.id: (row.title, row.ground, bytes(row.subject), row.lifted_because) for row in Hold.objects.all()}


def test_what_rests_goes_on_resting_in_a_restored_backup_of_before(office: Office) -> None:
    first, second, third = calls()
    retention.restrict([second], reference="R-old", ground=GROUND, at=now(), by=OFFICER)
    lifted = hold(records=[second], title="over")
    taken = backups.take(office.customer, reason="asked", at=now())
    retention.restrict([first], reference="R-new", ground=GROUND, at=now(), by=OFFICER)
    retention.unrestrict(reference="R-old", at=now(), by=OFFICER)
    retention.lift_hold(lifted, reason="settled", by=OFFICER, at=now())
    named = hold(records=[third])
    person = hold(subject=Subject(numbers=("+442079460000",)), title="of a person")
    reviewed = retention.review_hold(named, next_review=now() + 60 * DAY, by=OFFICER, at=now())
    said = words_of_holds()

    with backups.restored(office.customer, backup_id=taken.id) as found, tenancy.scope(found.customer):
        with pytest.raises(retention.UseRestricted, match="asked that this record be stored"):
            retention.require_usable(STORE, first)
        retention.require_usable(STORE, second)  # neither restricted nor held any more
        with pytest.raises(retention.UseRestricted, match="a hold keeps this record"):
            retention.require_usable(STORE, third)
        (again,) = retention.restrictions("R-new")
        assert (again.record, again.ground) == (first.id, GROUND)
        assert not retention.restrictions("R-old")
        assert words_of_holds() == said
        assert {one.id for one in retention.holds()} == {named, person}
        assert retention.hold(named).review_at == reviewed.review_at
        kept = retention.dispose([third], cause="customer", reference="t", at=now(), by="t")
        assert kept.erased.records == 0


def test_the_notes_of_the_provider_name_nobody_and_go_with_the_backups(office: Office) -> None:
    retention.restrict(calls()[:1], reference="R-1", ground=GROUND, at=now(), by=OFFICER)
    hold(records=calls()[1:])
    notes = Noted.objects.filter(customer_id=office.customer.id)
    assert notes.count() == 2
    for note in notes:
        assert b"Bianchi" not in bytes(note.closed)
        assert b"court" not in bytes(note.closed)
    assert retention.forget_notes(office.customer.id, now() - DAY) == 0
    assert retention.forget_notes(office.customer.id, now() + DAY) == 2


def test_a_deed_that_was_undone_is_not_replayed_once_somebody_looked(office: Office) -> None:
    (first, *_rest) = calls()
    taken = backups.take(office.customer, reason="asked", at=now())
    held = hold(records=[first])
    retention.restrict([first], reference="R-2", ground=GROUND, at=now(), by=OFFICER)
    standing = retention.restrictions("R-2")
    assert standing
    Hold.objects.filter(id=held).delete()  # as a crash before the commit leaves it: the note is laid, the row is not
    Restriction.objects.filter(reference="R-2").delete()
    assert retention.reconcile_notes(at=now()) == 0  # young ones may be under way
    assert retention.reconcile_notes(at=now() + 2 * DAY) == 2
    with backups.restored(office.customer, backup_id=taken.id) as found, tenancy.scope(found.customer):
        retention.require_usable(STORE, first)
