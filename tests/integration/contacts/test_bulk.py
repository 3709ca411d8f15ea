"""Many contacts at once: found like others, resumed where a killed import stopped, never doubled."""

import contextlib
import inspect
import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import connection
from tests.support.installation import tenancy
from tests.support.interrupted import Interrupted, commit_points, interrupted
from tests.support.logs import administrator

from parley.contacts import api as contacts
from parley.contacts import models
from parley.contacts.api import NewContact, Number

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def people(count: int) -> list[NewContact]:
    return [
        NewContact(
            given=f"Given{number % 50}", family=f"Family{number}", company="Acme",
            numbers=(Number(value=f"+3905841{number:05}"),), emails=(f"p{number}@example.org",),
        )
        for number in range(count)
    ]  # fmt: skip


def add(directory: UUID, rows: list[NewContact], *, key: str = "k", batch: int = 40) -> contacts.Added:
    return contacts.add_many(rows, directory=directory, source="fair", by="test", at=NOW, key=key, batch=batch)


def test_what_was_imported_is_found_like_any_other(public: UUID) -> None:
    heard: list[int] = []
    rows = [*people(99), NewContact(given="Kim", keep_until=NOW, minor=True, numbers=())]
    done = contacts.add_many(
        rows, directory=public, source="fair", by="t", at=NOW, key="k", batch=30, progress=heard.append
    )
    assert done == contacts.Added(contacts=100, batches=4, again=0)
    assert heard == [30, 60, 90, 100]
    assert [line.name for line in contacts.search("family42").lines] == ["Given42 Family42"]
    assert contacts.lookup("+390584100042").name == "Given42 Family42"  # type: ignore[union-attr]
    held = contacts.get(contacts.search("kim").lines[0].id)
    assert (held.fields.minor, held.fields.keep_until, held.fields.source) == (True, NOW, "fair")
    assert len(contacts.search("acme", limit=200).lines) == 99


def test_when_an_import_ends_it_is_on_the_disk_and_nothing_waits_in_the_index(
    customer: tenancy.Customer, public: UUID
) -> None:
    written = []

    def heard(_done: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_insert_lsn()")
            written.append(cursor.fetchone()[0])

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")  # the tests' server has it off
    contacts.add_many(people(300), directory=public, source="", by="t", at=NOW, key="k", batch=100, progress=heard)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn", [written[-1]])
        assert cursor.fetchone() == (True,)
        cursor.execute("RESET synchronous_commit")
    with administrator(customer) as admin:
        admin.execute("CREATE EXTENSION pageinspect")
        found = admin.execute("SELECT n_pending_pages FROM gin_metapage_info(get_raw_page('contact_tokens', 0))")
        assert found.fetchone() == (0,)
        admin.execute("DROP EXTENSION pageinspect")


def test_the_same_import_again_adds_nothing(public: UUID) -> None:
    add(public, people(100))
    assert add(public, people(100), batch=7) == contacts.Added(contacts=0, batches=0, again=100)
    assert add(public, people(120)) == contacts.Added(contacts=20, batches=1, again=100)
    assert models.Contact.objects.count() == 120
    assert add(public, people(5), key="other").contacts == 5


def test_a_wrong_row_is_named_and_what_was_committed_stays(public: UUID) -> None:
    rows = people(100)
    rows[77] = NewContact(given="Bad\x00Name")
    with pytest.raises(contacts.ContactRefused, match="row 78") as refused:
        add(public, rows)
    assert refused.value.field == "given"
    assert models.Contact.objects.count() in (0, 40)
    rows[77] = NewContact(given="Good")
    add(public, rows)
    assert models.Contact.objects.count() == 100


def test_an_import_interrupted_at_each_commit_comes_to_the_same_end(public: UUID) -> None:
    for number, point in enumerate(commit_points()):
        key, rows = f"try{number}", people(12)
        before = models.Contact.objects.count()
        with interrupted(point) as meter, contextlib.suppress(Interrupted):
            add(public, rows, key=key, batch=4)
        if not meter.fired:
            break
        add(public, rows, key=key, batch=4)
        assert models.Contact.objects.count() == before + 12


def test_a_killed_import_is_resumed_without_doubling(customer: tenancy.Customer, public: UUID) -> None:
    program = textwrap.dedent(
        f"""
        import os, signal
        from datetime import datetime, UTC
        from uuid import UUID
        import django
        django.setup()
        from parley.contacts import api as contacts
        from parley.contacts.api import NewContact, Number
        from parley.tenancy import api as tenancy
        {inspect.getsource(people).replace(chr(10), chr(10) + " " * 8)}
        def heard(done):
            if done >= 80:
                os.kill(os.getpid(), signal.SIGKILL)
        with tenancy.scope(UUID("{customer.id}")):
            contacts.add_many(people(200), directory=UUID("{public}"), source="", by="t", key="k", batch=40,
                at=datetime(2026, 11, 23, 10, 0, tzinfo=UTC), progress=heard)
        """
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False)
    if done.returncode != -signal.SIGKILL:
        pytest.fail(done.stderr.decode()[-2000:])
    assert models.Contact.objects.count() == 80
    assert add(public, people(200)) == contacts.Added(contacts=120, batches=3, again=80)
    assert models.Contact.objects.count() == 200
