"""A saved export holds what was asked for, lies sealed, is proven, and goes when its time is over."""

import csv
import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from tests.integration.exports.conftest import Desk, DeskFor
from tests.support.left_evidence import entries
from tests.support.spooled import CALLEE, CALLER

from parley.exports import api as exports
from parley.exports.models import Export, ExportedPerson
from parley.inventory.api import ExportOptions, Subject, stores
from parley.obligations import api as obligations
from parley.recordings.api import installed_store
from parley.tenancy import api as tenancy

PERSON = Subject(numbers=(CALLER.number,))


def opened(export: UUID) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(exports.open_package(export).read()))


def checked(package: zipfile.ZipFile) -> dict[str, Any]:
    """The manifest, after every file was compared with it and none is missing."""
    manifest: dict[str, Any] = json.loads(package.read("manifest.json"))
    listed = {one["name"]: one for one in manifest["files"]}
    assert set(package.namelist()) == {*listed, "manifest.json"}
    for name, one in listed.items():
        content = package.read(name)
        assert (len(content), hashlib.sha256(content).hexdigest()) == (one["size"], one["sha256"])
    return manifest


def test_everything_is_in_it_and_every_file_is_what_the_manifest_says(desk: Desk) -> None:
    made = [desk.recorded() for _ in range(3)]
    export = desk.ask()
    assert exports.get(export).state == "queued"
    assert desk.make().done == 1
    view = exports.get(export)
    assert view.state == "ready"
    package = opened(export)
    manifest = checked(package)
    assert manifest["by_store"]["recordings"] == view.by_store["recordings"] == 3
    assert sum(name.endswith(".mp3") for name in package.namelist()) == 3
    lines = list(csv.DictReader(io.StringIO(package.read("tables/recordings.csv").decode())))
    assert {line["recording"] for line in lines} == {str(one) for one in made}
    assert {line["caller_number"] for line in lines} == {CALLER.number}
    rows = [json.loads(line) for line in package.read("tables/recordings.jsonl").splitlines()]
    assert [row["recording"] for row in rows] == [line["recording"] for line in lines]
    page = package.read("index.html").decode()
    assert "<script" not in page
    assert all(name in page for name in ("recordings", "tables/recordings.csv", "3"))
    assert view.sha256 == hashlib.sha256(exports.open_package(export).read()).hexdigest()


def test_the_database_is_in_it_without_secrets(desk: Desk) -> None:
    from parley.people import api as people

    person = tenancy.NewUser(email="ada@example.org", name="=cmd()", password="correct horse battery staple")
    people.create_administrator(person)
    hashed = people.User.objects.get(email="ada@example.org").password
    export = desk.ask()
    desk.make()
    package = opened(export)
    tables = {name: package.read(name).decode() for name in package.namelist() if name.endswith(".csv")}
    assert any("ada@example.org" in text and "'=cmd()" in text for text in tables.values())
    everything = b"".join(package.read(name) for name in package.namelist())
    assert hashed.encode() not in everything
    assert "signed_by" in tables["tables/database/contract.SignatureRecord.csv"]
    assert tables["tables/database/audits.AuditRequest.csv"].startswith("id,cause,")  # empty, and there
    assert any("ledger" in name.lower() for name in package.namelist())


def test_a_person_gets_what_concerns_the_person_alone(desk: Desk) -> None:
    desk.recorded()
    other = desk.recorded(parties=(CALLEE,))
    export = desk.ask(reason="subject", subject=PERSON, options=ExportOptions(subject=PERSON))
    desk.make()
    package = opened(export)
    checked(package)
    text = package.read("tables/recordings.csv").decode()
    assert CALLER.number in text
    assert CALLEE.number not in text
    assert CALLEE.name not in text
    assert str(other) not in text
    assert not any(name.startswith("tables/database") for name in package.namelist())


def test_a_span_of_time(desk: Desk) -> None:
    now = datetime.now(UTC)
    days = [desk.recorded(at=now - timedelta(days=day), render=False) for day in (3, 2, 1)]
    export = desk.ask(
        reason="records", since=now - timedelta(days=2, hours=1), until=now - timedelta(days=1, hours=1),
        options=ExportOptions(formats=("csv",)),
    )  # fmt: skip
    desk.make()
    text = opened(export).read("tables/recordings.csv").decode()
    assert [str(one) in text for one in days] == [False, True, False]


def test_it_lies_sealed_and_is_evidenced(desk: Desk) -> None:
    desk.recorded(render=False)
    export = desk.ask()
    desk.make()
    (key,) = desk.objects()
    assert installed_store().get_range(key, 0, 21) == b"age-encryption.org/v1"
    kinds = [kind for kind, _clause in entries()]
    assert "export.made" in kinds
    duties = obligations.duties(event_kind="export-made", event_id=str(export))
    assert [duty.kind for duty in duties] == ["moment"]
    assert exports.get(export).expires_at == duties[0].due


def test_asking_twice_makes_one(desk: Desk) -> None:
    assert desk.ask(key="same") == desk.ask(key="same")
    assert Export.objects.count() == 1


def test_the_link_lives_until_it_expires(desk: Desk) -> None:
    export = desk.ask()
    desk.make()
    path = exports.link(export)
    assert path == exports.link(export)
    token = path.rpartition("/")[2]
    assert path == f"/exports/{desk.customer.handle}/{token}"
    assert exports.by_token(token).id == export
    stored = Export.objects.get(id=export)
    assert hashlib.sha256(token.encode()).digest() != bytes(stored.link_hash)
    for wrong in ("", "x", token[:-1], token[::-1], "A" * 43):
        with pytest.raises(exports.NoSuchExport):
            exports.by_token(wrong)
    assert desk.later(days=29).done == 1  # settled
    assert exports.get(export).state == "ready"
    assert desk.later(days=31).done == 1
    assert exports.get(export).state == "expired"
    assert not desk.objects()
    with pytest.raises(exports.NoSuchExport):
        exports.by_token(token)
    assert "export.expired" in [kind for kind, _clause in entries()]


def test_withdrawing_removes_it_at_once(desk: Desk) -> None:
    export = desk.ask()
    desk.make()
    token = exports.link(export).rpartition("/")[2]
    assert exports.withdraw(export, by=UUID(int=7), at=datetime.now(UTC)).state == "withdrawn"
    assert exports.withdraw(export, by=UUID(int=7), at=datetime.now(UTC)).state == "withdrawn"
    assert not desk.objects()
    with pytest.raises(exports.NoSuchExport):
        exports.by_token(token)
    with pytest.raises(exports.NoSuchExport):
        exports.open_package(export)


def test_withdrawn_before_it_is_made_makes_nothing(desk: Desk) -> None:
    export = desk.ask()
    exports.withdraw(export, by=None, at=datetime.now(UTC))
    assert desk.make().done == 1
    assert not desk.objects()
    assert exports.get(export).state == "withdrawn"


def test_whoever_is_in_it_finds_it_and_takes_it_away(desk: Desk) -> None:
    desk.recorded(render=False)
    export = desk.ask()
    desk.make()
    store = stores()["exports"]
    for number in (CALLER.number, CALLEE.number):
        assert [held.id for held in store.find(Subject(numbers=(number,)))] == [export]
    assert not store.find(Subject(numbers=("+15550100",)))
    assert store.present([export]) == {export}
    with transaction.atomic():
        erased = store.erase([export])
    assert (erased.records, erased.objects) == (1, 1)
    assert not store.present([export])
    assert not ExportedPerson.objects.exists()
    assert not desk.objects()
    assert "export.erased" in [kind for kind, _clause in entries()]


def test_an_object_that_was_exchanged_is_not_served(desk: Desk) -> None:
    export = desk.ask()
    desk.make()
    (key,) = desk.objects()
    installed_store().put(key, b"something else")
    with pytest.raises(exports.ExportDamaged):
        exports.open_package(export)


def test_sealed_where_the_customer_alone_holds_the_key(make_customer: Any, desk_for: DeskFor) -> None:
    held = make_customer(custody="customer-held")
    with tenancy.scope(held):
        desk = desk_for(held)
        desk.recorded(render=False)
        export = desk.ask(reason="subject", subject=PERSON, options=ExportOptions(subject=PERSON))
        desk.make()
        assert exports.get(export).by_store == {"recordings": 1}
        assert exports.open_package(export).read(21) == b"age-encryption.org/v1"
