"""Contacts as a store of personal data: handed out, corrected, erased, known by age."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.support.contact_book import NOW, add, found

from parley.contacts import api as contacts
from parley.contacts.api import NewContact
from parley.inventory.api import CannotRectify, ExportOptions, Held, Subject


class Written:
    """A sink that keeps what is written."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.files: dict[str, Any] = {}

    def row(self, table: str, values: Any) -> None:
        self.tables.setdefault(table, []).append(dict(values))

    def file(self, name: str, media_type: str) -> Any:
        from contextlib import contextmanager
        from io import BytesIO

        @contextmanager
        def opened() -> Iterator[BytesIO]:
            self.files[name] = BytesIO()
            yield self.files[name]

        return opened()


def test_the_store_hands_out_corrects_and_knows_what_is_old(public: UUID) -> None:
    contact = add(public)
    dated = add(public, NewContact(given="Dated", keep_until=NOW + timedelta(days=3)))
    store = contacts.STORE
    assert [one.id for one in store.find(Subject(emails=("GIOVANNI.rossi@example.com",)))] == [contact]
    assert store.find(Subject(records=(("contacts", dated),)))[0].kind == "dated-contact"
    assert [one.id for one in store.older("contact", NOW + timedelta(days=1))] == [contact]
    assert store.older("dated-contact", NOW + timedelta(days=1)) == []
    assert store.count_older("dated-contact", NOW + timedelta(days=4)) == 1
    every = store.every(limit=1)
    assert {one.id for one in (*every, *store.every(after=every[0]))} == {contact, dated}
    contacts.object_(emails=("giovanni.rossi@example.com",), by="test", at=NOW)
    sink = Written()
    subject = Subject(numbers=("+390584943232",))
    assert list(store.write([contact], sink, ExportOptions(subject=subject))) == [contact]
    row = sink.tables["contacts"][0]
    assert row["family"] == "Rossi"
    assert "+393471234567 (mobile)" in row["numbers"]
    assert sink.tables["objections"][0]["purpose"] == "marketing"
    assert b"Rossi" in sink.files[f"contacts/{contact}.vcf"].getvalue()
    assert store.rectify(contact, {"family": "Verdi", "custom.vat": "IT1"}) == ("family", "custom")
    assert found("verdi") == ["Giovanni Rossi".replace("Rossi", "Verdi")]
    assert store.rectify(dated, {"number": "+39 0584 1"}) == ("numbers",)
    for field, value in (("secret", "1"), ("birthday", "yesterday"), ("family", "\x07")):
        with pytest.raises(CannotRectify):
            store.rectify(contact, {field: value})
    assert len(list(store.identities([contact]))) == 3


def test_erasing_again_counts_nothing(public: UUID) -> None:
    contact = add(public)
    assert contacts.STORE.erase([contact]).records == 1
    assert contacts.STORE.erase([contact]).records == 0
    assert contacts.STORE.older("no-kind", NOW) == []


def test_held_stays(public: UUID) -> None:
    contact = add(public)
    assert isinstance(contacts.STORE.find(Subject(records=(("contacts", contact),)))[0], Held)
