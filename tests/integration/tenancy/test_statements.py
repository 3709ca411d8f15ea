"""Statements that are prepared and sent together: values, order, errors, what is put off, and other threads."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, DataError, IntegrityError, OperationalError, connection, connections, transaction
from django.db.transaction import TransactionManagementError

from parley.contacts.models import Partner
from parley.tenancy import api as tenancy
from parley.tenancy import statements
from parley.tenancy.databases import administration

ADD = "INSERT INTO contacts_partner (name, listed_at) VALUES (%(name)s, %(at)s)"
READ = "SELECT name FROM contacts_partner WHERE name = ANY(%s::text[]) ORDER BY name"
NOW = datetime(2026, 11, 23, 9, 30, 0, 123456, tzinfo=UTC)


@pytest.fixture(scope="module")
def customer(make_customer: Callable[..., tenancy.Customer]) -> tenancy.Customer:
    return make_customer()


@pytest.fixture(autouse=True)
def scope(customer: tenancy.Customer) -> Iterator[None]:
    with tenancy.scope(customer):
        Partner.objects.all().delete()
        yield


def add(name: str) -> tenancy.Asked:
    return ADD, {"name": name, "at": NOW}


def names() -> list[str]:
    return sorted(Partner.objects.values_list("name", flat=True))


def test_values_arrive_as_they_are() -> None:
    given = [
        "", "Zoë's \\ \"quoted\" {x,y} %s", None, b"\x00\xff\\", uuid4(), -(2**63), True, False, NOW, NOW.date(),
        [1, -(2**63)], [uuid4(), uuid4()], ["a,b", "", 'say "no"', "{}"], [],
    ]  # fmt: skip
    kinds = [
        "text",
        "text",
        "text",
        "bytea",
        "uuid",
        "bigint",
        "boolean",
        "boolean",
        "timestamptz",
        "date",
        "bigint[]",
        "uuid[]",
        "text[]",
        "text[]",
    ]
    query = f"SELECT {', '.join(f'%s::{kind}' for kind in kinds)}"
    for _ in range(2):  # the second time it is prepared already
        (answer,) = tenancy.run_together((query, given))
        assert answer.rows == [tuple(given)]
    cursor = tenancy.Statements()
    cursor.execute("SELECT %(a)s::int + %(b)s::int * %(a)s::int", {"b": 3, "a": 2, "unused": 1})
    assert (cursor.fetchone(), cursor.rowcount) == ((8,), 1)
    with pytest.raises(DataError, match="NUL"):
        tenancy.run_together(("SELECT %s::text", ["a\0b"]))


def test_a_plan_is_made_anew_for_tables_that_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    known = "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%%contacts_partner WHERE name = ANY%%'"
    for served, made in ((-1.0, 3), (3600.0, 1)):
        monkeypatch.setattr(statements, "_PLANNED_FOR", served)
        tenancy.run_together((READ, [["old"]]))
        met = set()
        for _ in range(3):
            tenancy.run_together((READ, [["a"]]))
            with connection.cursor() as cursor:
                cursor.execute(known)
                (name,) = cursor.fetchall()  # the one before it is forgotten
                met.add(name)
        assert len(met) == made


def test_the_first_that_fails_ends_what_goes_together_and_the_connection_lives_on() -> None:
    with pytest.raises(IntegrityError, match="duplicate key"), transaction.atomic():
        tenancy.run_together(add("a"), add("b"), add("a"), add("c"))
    assert names() == []
    with pytest.raises(IntegrityError):  # outside a transaction they are one of their own
        tenancy.run_together(add("a"), add("a"))
    assert names() == []
    with transaction.atomic():
        first, second, found = tenancy.run_together(add("a"), add("b"), (READ, [["a", "b"]]))
    assert (first.size, second.size, found.rows) == (1, 1, [("a",), ("b",)])
    with pytest.raises(DatabaseError, match="does not exist"):
        tenancy.run_together(("SELECT 1 FROM nothing_of_that_name", []))
    assert names() == ["a", "b"]


def test_what_is_put_off_is_seen_by_what_comes_next_and_goes_with_the_commit() -> None:
    tenancy.run_later(*add("at once"))
    assert names() == ["at once"], "outside a transaction nothing is put off"
    with transaction.atomic():
        tenancy.run_later(*add("b"))
        assert names() == ["at once", "b"], "a cursor of Django sees it"
        tenancy.run_later(*add("c"))
        assert tenancy.run_together((READ, [["b", "c"]]))[0].rows == [("b",), ("c",)]
        tenancy.run_later(*add("d"))
    assert names() == ["at once", "b", "c", "d"]
    with transaction.atomic():
        tenancy.run_later(*add("alone with its commit"))
    assert "alone with its commit" in names()


def test_what_is_put_off_fails_with_the_commit_and_is_undone_with_its_block() -> None:
    hooks: list[str] = []
    with pytest.raises(IntegrityError), transaction.atomic():
        tenancy.run_together(add("a"))
        transaction.on_commit(lambda: hooks.append("committed"))
        tenancy.run_later(*add("a"))
    assert names() == [] and not hooks
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tenancy.run_later(*add("a"))
        raise ZeroDivisionError
    with transaction.atomic():
        tenancy.run_later(*add("outer"))
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            tenancy.run_later(*add("inner"))
            raise ZeroDivisionError
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as opened_before:
            tenancy.run_later(*add("inner"))
            opened_before.execute("INSERT INTO contacts_partner VALUES ('outer', now())")
    assert names() == ["outer"]


def test_what_was_put_off_is_not_lost_to_a_statement_that_was_never_sent() -> None:
    unsendable = ("SELECT %s::text", ["a\0b"])
    for later, failing in ((add("evidence"), unsendable), (add("evi\0dence"), ("SELECT 1", []))):
        with pytest.raises(TransactionManagementError), transaction.atomic():
            tenancy.run_together(add("deed"))
            tenancy.run_later(*later)
            with pytest.raises(DataError, match="NUL"):
                tenancy.run_together(failing)
            tenancy.run_together(add("more"))
        assert names() == [], "no deed is committed without what was put off"
    with transaction.atomic():
        tenancy.run_later(*add("outer"))
        with pytest.raises(DataError), transaction.atomic():
            tenancy.run_later(*add("inner"))
            tenancy.run_together(unsendable)
    assert names() == ["outer"]
    with pytest.raises(DataError), transaction.atomic():
        tenancy.run_together(add("deed"))
        tenancy.run_later(*add("evi\0dence"))
    assert names() == ["outer"]


@pytest.mark.parametrize("together", [1, 2])
def test_other_threads_run_while_a_statement_waits_for_a_lock(customer: tenancy.Customer, together: int) -> None:
    lock = "SELECT pg_advisory_xact_lock(%s::bigint)"
    locked, waited = threading.Event(), list[float]()

    def wait() -> None:
        with tenancy.scope(customer):
            locked.wait()
            began = datetime.now(UTC)
            with transaction.atomic():
                tenancy.run_together(("SELECT 1", []))
                tenancy.run_together(*[(lock, [7])] * together)
            waited.append((datetime.now(UTC) - began) / timedelta(seconds=1))
            connection.close()

    thread = threading.Thread(target=wait)
    thread.start()
    with transaction.atomic():
        tenancy.run_together((lock, [7]))
        locked.set()
        thread.join(0.3)
        assert thread.is_alive(), "it waits, and this thread goes on"
    thread.join(20)
    assert waited and waited[0] > 0.2


def test_a_connection_that_is_lost_is_an_operational_error_and_the_next_one_works() -> None:
    for several in (1, 2):
        (answer,) = tenancy.run_together(("SELECT pg_backend_pid()", []))
        with administration() as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [answer.rows[0][0]])
        with pytest.raises(OperationalError):
            tenancy.run_together(*[("SELECT 1", [])] * several)
        connection.close()
        assert tenancy.run_together(("SELECT 1", []))[0].rows == [(1,)]


def test_a_transaction_stays_with_its_customer(make_customer: Callable[..., tenancy.Customer]) -> None:
    other = make_customer()
    with transaction.atomic():
        tenancy.run_later(*add("mine"))
        for run in (lambda: tenancy.run_together(add("theirs")), lambda: tenancy.run_later(*add("theirs"))):
            with tenancy.scope(other), pytest.raises(tenancy.CustomerChangedInTransaction):
                run()
    assert names() == ["mine"]


def elsewhere() -> list[str]:
    return sorted(Partner.objects.using("provider").filter(listed_at=NOW).values_list("name", flat=True))


@pytest.fixture
def other_place() -> Iterator[None]:
    yield
    Partner.objects.using("provider").filter(listed_at=NOW).delete()


@pytest.mark.usefixtures("other_place")
def test_what_runs_beside_is_done_when_its_block_ends_and_who_comes_earlier_waits_for_it() -> None:
    with transaction.atomic():
        with tenancy.run_beside(add("a"), using="provider"):
            tenancy.run_together(add("during"))
        assert elsewhere() == ["a"]
        with tenancy.run_beside(add("b"), add("c"), using="provider"):
            assert elsewhere() == ["a", "b", "c"]
    with transaction.atomic(using="provider"):
        with tenancy.run_beside(add("undone"), using="provider"):
            pass
        transaction.set_rollback(True, using="provider")
    assert (elsewhere(), names()) == (["a", "b", "c"], ["during"])


@pytest.mark.usefixtures("other_place")
def test_what_fails_beside_undoes_the_transaction_that_needs_it_and_the_connection_lives_on() -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), tenancy.run_beside(add("a"), add("a"), using="provider"):
        tenancy.run_together(add("undone"))
    assert (elsewhere(), names()) == ([], []), "one round trip is one transaction"
    with pytest.raises(ZeroDivisionError), tenancy.run_beside(add("a"), using="provider"):
        raise ZeroDivisionError
    assert elsewhere() == ["a"]


@pytest.mark.usefixtures("other_place")
def test_a_connection_that_is_lost_or_given_back_beside_is_not_used_again() -> None:
    (answer,) = tenancy.run_together(("SELECT pg_backend_pid()", []), using="provider")
    with (
        pytest.raises(OperationalError),
        tenancy.run_beside(("SELECT pg_sleep(5)", []), using="provider"),
        administration() as admin,
    ):
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [answer.rows[0][0]])
    connections["provider"].close()
    with tenancy.run_beside(add("a"), using="provider"):
        lost = connections["provider"].connection
        connections["provider"].close()
    assert lost.closed
    assert elsewhere() in ([], ["a"])
