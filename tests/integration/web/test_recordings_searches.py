"""Searches that people keep: sealed at rest, found again, shared by choice, handed out and erased with the account."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, BinaryIO

import pytest
from django.db import connection
from tests.integration.web.test_obligation_pages import PASSWORD, signed_in
from tests.support import many_recordings as many

from parley.inventory.api import ExportOptions
from parley.people import api as people
from parley.people.models import SavedSearch, User
from parley.tenancy import api as tenancy

NOW = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def customer(make_customer: Any, django_db_blocker: Any) -> Iterator[tenancy.Customer]:
    with django_db_blocker.unblock():
        made = make_customer()
        with tenancy.scope(made):
            many.add_many(20)
            for name, role in (("ada", "administrator"), ("bo", "compliance"), ("cy", "user")):
                people.create_user(email=f"{name}@saved.example", name=name.title(), password=PASSWORD, role=role)
        yield made


def test_a_search_is_kept_sealed_shared_and_removed(customer: tenancy.Customer) -> None:
    home = f"/c/{customer.handle}/recordings/"
    ada, bo, cy = (signed_in(f"/c/{customer.handle}/", f"{name}@saved.example") for name in ("ada", "bo", "cy"))
    assert b"Save this search" not in bo.get(home).content
    shown = bo.get(home, {"number": many.SWITCHBOARD, "direction": "inbound"}).content.decode()
    query = re.search(r'name="query" value="([^"]+)"', shown)
    assert query is not None
    query_text = query[1].replace("&amp;", "&")
    for name, shared in (("Mine alone", {}), ("The <desk>", {"shared": "1"})):
        kept = bo.post(home + "searches/", {"name": name, "query": query_text + "&page=7", **shared})
        assert kept.status_code == 302, kept.content
    for wrong in ({"name": " ", "query": query_text}, {"name": "x", "query": ""}, {"name": "x", "query": "since=no"}):
        assert bo.post(home + "searches/", wrong).status_code == 400
    own, theirs = (one.get(home + "searches/").content.decode() for one in (bo, cy))
    assert "Mine alone" in own and "The &lt;desk&gt;" in own
    assert "Mine alone" not in theirs and "shared by Bo" in theirs
    link = re.search(r'<a href="([^"]+)">The', theirs)
    assert link is not None
    assert link[1].replace("&amp;", "&") == f"{home}?{query_text}"  # what the list reads, without its page
    with tenancy.scope(customer), connection.cursor() as cursor:
        cursor.execute("SELECT s::text FROM people_savedsearch s")
        rows = "".join(row[0] for row in cursor.fetchall())
        assert len(rows) > 500
        for clear in ("desk", "number", many.SWITCHBOARD, b"desk".hex(), many.SWITCHBOARD.encode().hex()):
            assert clear not in rows
        ids = {one.shared: one.id for one in SavedSearch.objects.all()}
    assert cy.post(home + "searches/", {"remove": str(ids[True])}).status_code == 400
    assert ada.post(home + "searches/", {"remove": str(ids[False])}).status_code == 400
    assert ada.post(home + "searches/", {"remove": str(ids[True])}).status_code == 302
    assert bo.post(home + "searches/", {"remove": str(ids[False])}).status_code == 302
    assert b"None yet" in bo.get(home + "searches/").content


def test_the_account_answers_for_its_searches(customer: tenancy.Customer, django_db_blocker: Any) -> None:
    class Lines(list[tuple[str, Any]]):
        def row(self, table: str, values: Any) -> None:
            self.append((table, values))

        def file(self, name: str, media_type: str) -> AbstractContextManager[BinaryIO]:
            raise AssertionError("searches are no files")

    with tenancy.scope(customer):
        who = User.objects.get(email="cy@saved.example")
        for number in range(100):
            people.save_search(name=f"s{number}", query="tag=x", shared=number == 0, by=who.id, at=NOW)
        with pytest.raises(people.SearchRefused, match="100"):
            people.save_search(name="one more", query="tag=x", shared=False, by=who.id, at=NOW)
        lines = Lines()
        list(people.STORE.write([who.id], lines, ExportOptions()))
        searches = [values for table, values in lines if table == "searches"]
        assert len(searches) == 100
        assert {(one["name"], one["query"]) for one in searches} >= {("s0", "tag=x"), ("s99", "tag=x")}
        admin = User.objects.get(email="ada@saved.example")
        people.set_active(who.id, active=False, by=admin.id, at=NOW)
        people.STORE.erase([who.id])
        assert not SavedSearch.objects.filter(user=who).exists()
        assert people.STORE.present([who.id]) == frozenset()
