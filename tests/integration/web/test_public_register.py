"""The public register: anybody may read it, no cookie is set, caches may keep it, its feed is Atom."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from tests.support.subprocessors import STAFF, entry

from parley.governance.subprocessors import api as subprocessors
from parley.web.public.limits import Counter

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def unblocked(cluster: Path, django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


def client() -> Client:
    return Client(HTTP_HOST="127.0.0.1")


def test_the_whole_chain_stands_there_with_contact_and_contract() -> None:
    now = datetime.now(UTC)
    host = entry(name="Hosting & Söhne SE")
    subprocessors.engage(host, at=now, by=STAFF)
    below = entry(name="Racks Ltd", parent=host.key, country="IE")
    subprocessors.announce(below, planned_start=now + timedelta(days=60), at=now, by=STAFF)
    answer = client().get("/subprocessors/")
    page = answer.content.decode()
    assert answer.status_code == 200
    for text in ("Hosting &amp; Söhne SE", "Racks Ltd", below.contact, below.address, host.flowdown.digest, "planned"):  # type: ignore[union-attr]
        assert text in page
    assert not answer.cookies
    assert "<script" not in page
    assert answer["Cache-Control"].startswith("public")
    assert "Set-Cookie" not in answer
    assert client().get("/subprocessors/", HTTP_IF_NONE_MATCH=answer["ETag"]).status_code == 304
    subprocessors.engage(entry(), at=now, by=STAFF)
    assert client().get("/subprocessors/", HTTP_IF_NONE_MATCH=answer["ETag"]).status_code == 200


def test_every_version_has_its_page_and_its_entry_in_the_feed() -> None:
    now = datetime.now(UTC)
    first = entry(name="Odd <name> & sons")
    made = subprocessors.engage(first, at=now, by=STAFF)
    subprocessors.amend(entry(first.key, name=first.name, address="Neue Str. 2, Berlin"), at=now, by=STAFF)
    page = client().get(f"/subprocessors/versions/{made.number + 1}/").content.decode()
    assert "Neue Str. 2, Berlin" in page and "<del>" in page
    assert client().get("/subprocessors/versions/999999/").status_code == 404
    feed = client().get("/subprocessors/feed")
    assert feed["Content-Type"].startswith("application/atom+xml")
    entries = ET.fromstring(feed.content).findall(f"{ATOM}entry")
    newest = entries[0]
    assert newest.findtext(f"{ATOM}id", "").endswith(f"/subprocessors/versions/{made.number + 1}/")
    assert "Neue Str. 2" in newest.findtext(f"{ATOM}summary", "")
    plain = client().get("/subprocessors/register.json").json()
    assert plain["version"] == made.number + 1
    assert first.key in {one["key"] for one in plain["sub_processors"]}
    assert client().get("/subprocessors/versions/").status_code == 200


def test_writing_is_refused() -> None:
    assert client().post("/subprocessors/").status_code == 405


def test_an_address_that_asks_too_often_waits() -> None:
    counter = Counter()
    assert [counter.wait("192.0.2.1", now=100.0, most=2) for _ in range(3)] == [0, 0, 60]
    assert counter.wait("192.0.2.2", now=100.0, most=2) == 0
    assert counter.wait("192.0.2.1", now=161.0, most=2) == 0
