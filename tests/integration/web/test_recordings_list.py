"""The list of recordings over HTTP: every filter in its address, pages, CSV, deeds with many, by who may."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from tests.integration.web.test_obligation_pages import PASSWORD, signed_in
from tests.support import many_recordings as many

from parley.obligations.api import run_due
from parley.people import api as people
from parley.recordings.api import bulk, using_store
from parley.recordings.models import Recording, Tag
from parley.retention import api as retention
from parley.storage.api import open_store
from parley.tenancy import api as tenancy

COUNT = 140


@pytest.fixture(scope="module")
def customer(make_customer: Any, django_db_blocker: Any) -> Iterator[tenancy.Customer]:
    with django_db_blocker.unblock():
        made = make_customer()
        with tenancy.scope(made):
            many.add_many(COUNT)
            people.create_user(email="keeper@list.example", name="Keeper", password=PASSWORD, role="compliance")
            people.create_user(
                email="user@list.example", name="User", password=PASSWORD, role="user", numbers=[many.SWITCHBOARD]
            )
        yield made


@pytest.fixture
def keeper(customer: tenancy.Customer) -> Client:
    return signed_in(f"/c/{customer.handle}/", "keeper@list.example")


def lines(page: str) -> list[str]:
    return re.findall(r'name="line" value="([0-9a-f-]{36})"', page)


def test_filters_pages_and_csv(customer: tenancy.Customer, keeper: Client) -> None:
    here = f"/c/{customer.handle}/recordings/"
    first, second = (keeper.get(here, {"page": number}).content.decode() for number in (1, 2))
    assert len(lines(first)) == 50 and not set(lines(first)) & set(lines(second))
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following is not None
    assert lines(keeper.get(following[1].replace("&amp;", "&")).content.decode()) == lines(second)
    assert len(lines(keeper.get(here, {"page": 3}).content.decode())) == COUNT - 100
    assert b"No older recordings" in keeper.get(here, {"page": 4}).content
    switchboard = keeper.get(here, {"number": many.SWITCHBOARD}).content.decode()
    assert len(lines(switchboard)) == 42
    tagged = keeper.get(here, {"tag": "Complaint", "direction": "inbound"}).content.decode()
    assert 0 < len(lines(tagged)) < 42
    assert "tag: Complaint" in tagged and 'details class="further" open' in tagged
    assert b"No recording matches" in keeper.get(here, {"note": "nothing"}).content
    assert b"A length is a number of seconds" in keeper.get(here, {"shortest": "long"}).content
    unknown = keeper.get(here, {"consent": "not-known", "announced": "not-known"}).content.decode()
    assert len(lines(unknown)) == COUNT // 10
    assert "consent: not known" in unknown and "announced: not known" in unknown and "announcement not known" in unknown
    refused = keeper.get(here, {"consent": "no"}).content.decode()
    assert len(lines(refused)) == 2 and "consent refused" in refused and "consent withdrawn" in refused
    assert b"This is nothing that can be said of consent" in keeper.get(here, {"consent": "maybe"}).content
    told = keeper.get(here + "list.csv", {"consent": "withdrawn"})
    (row,) = csv.DictReader(io.StringIO(told.getvalue().decode()))
    assert (row["consent"], row["notice"]) == ("withdrawn", "none")
    answer = keeper.get(here + "list.csv", {"number": many.SWITCHBOARD})
    table = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert len(table) == 42
    assert {many.SWITCHBOARD} == {row["caller_number"] for row in table}
    assert answer["Content-Disposition"].startswith("attachment")


def test_many_are_tagged_and_deleted_from_the_list(customer: tenancy.Customer, keeper: Client, tmp_path: Path) -> None:
    here = f"/c/{customer.handle}/recordings/"
    page = keeper.get(here).content.decode()
    chosen, key = lines(page)[:5], re.search(r'name="key" value="([^"]+)"', page)
    assert key is not None
    asked = {"line": chosen, "key": key[1]}
    with tenancy.scope(customer):
        records = Recording.objects.filter(conversation__in=chosen).count()
    shown = keeper.post(here + "together", {**asked, "deed": "tag"}).content.decode()
    assert f"Tag {records} recordings" in shown
    assert keeper.post(here + "together", {**asked, "deed": "tag", "do": "1", "tag": ""}).status_code == 400
    begun = keeper.post(here + "together", {**asked, "deed": "tag", "do": "1", "tag": "Case 9"})
    assert b"<progress" in keeper.get(begun["Location"]).content
    with tenancy.scope(customer):
        run_due(customer, handlers=bulk.handlers(), now=datetime.now(UTC))
        assert Tag.objects.filter(
            recording__conversation__in=chosen, at__gte=datetime(2026, 11, 2, tzinfo=UTC)
        ).exists()
    assert f"{records} recordings tagged" in keeper.get(begun["Location"]).content.decode()
    assert lines(keeper.get(here, {"tag": "case 9"}).content.decode()) == chosen
    asked["key"] += "d"
    shown = keeper.post(here + "together", {**asked, "deed": "delete"}).content.decode()
    assert f"Delete {records} recordings" in shown and "cannot be brought back" in shown
    begun = keeper.post(here + "together", {**asked, "deed": "delete", "do": "1"})
    with tenancy.scope(customer), using_store(open_store(f"file://{tmp_path}")):
        run_due(customer, handlers=bulk.handlers(), now=datetime.now(UTC))
        assert not Recording.objects.filter(conversation__in=chosen).exists()
    assert f"{records} recordings deleted" in keeper.get(begun["Location"]).content.decode()


def test_who_may_not_does_not(customer: tenancy.Customer, keeper: Client) -> None:
    here = f"/c/{customer.handle}/recordings/"
    user = signed_in(f"/c/{customer.handle}/", "user@list.example")
    page = user.get(here, {"number": many.SWITCHBOARD}).content.decode()
    assert lines(page) and 'value="tag"' in page
    assert not {'value="delete"', 'value="hold"', 'value="export"'} & set(re.findall(r'value="\w+"', page))
    for deed in ("delete", "hold", "export"):
        assert user.post(here + "together", {"deed": deed, "line": lines(page)[:1], "key": "k"}).status_code == 403
    seen = set(lines(page))
    others = [one for one in lines(keeper.get(here).content.decode()) if one not in seen][:3]
    assert b"Nothing is chosen" in user.post(here + "together", {"deed": "tag", "line": others, "key": "k"}).content


def test_all_that_match_up_to_what_one_deed_reaches(
    customer: tenancy.Customer, keeper: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = f"/c/{customer.handle}/recordings/together"
    wanted = {"deed": "hold", "all": "1", "query": urlencode({"number": many.SWITCHBOARD}), "key": "all"}
    shown = keeper.post(here, wanted)
    found = re.search(r'name="count" value="(\d+)"', shown.content.decode())
    assert (shown.status_code, shown.content.count(b'name="line"')) == (200, 0)
    assert found is not None and int(found[1]) > 30
    filled = {"do": "1", "title": "Dispute", "ground": "1 O 7/26", "review": "2030-01-01"}
    assert keeper.post(here, {**wanted, **filled, "count": "1"}).status_code == 409
    placed = keeper.post(here, {**wanted, **filled, "count": found[1]})
    assert placed.status_code == 302
    with tenancy.scope(customer):
        assert found[1] in {str(one.records) for one in retention.holds()}
    user = signed_in(f"/c/{customer.handle}/", "user@list.example")
    theirs = {"deed": "tag", "all": "1", "query": ""}
    assert f'name="count" value="{found[1]}"' in user.post(here, theirs).content.decode()
    assert user.post(here, {**theirs, "deed": "delete"}).status_code == 403
    assert keeper.post(here, {**wanted, "query": "direction=sideways"}).status_code == 403
    monkeypatch.setattr(bulk, "MOST", 10)
    many_of_them = keeper.post(here, {**wanted, **filled, "count": "11"})
    assert (many_of_them.status_code, b"These are too many." in many_of_them.content) == (409, True)
