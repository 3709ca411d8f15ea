"""Exports: what goes out comes in again; the gate is asked, evidence is left, what is restricted stays inside."""

import io
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from tests.support.left_evidence import trail

from parley.contacts import api as contacts
from parley.contacts import exporting
from parley.contacts.formats.reading import read_table
from parley.contacts.import_mapping import Reading, contact_of, guess
from parley.tenancy import api as tenancy

FULL = contacts.NewContact(
    given="Ann =Kee", family="Kee, per", company="Keepers; Inc.", title="Head", department="Vault",
    numbers=(contacts.Number(value="+390584943232"), contacts.Number(value="+393331234567", kind="mobile")),
    emails=("ann@example.org", "b@example.org"), birthday=date(1980, 5, 3), notes="one\ntwo",
    addresses=(contacts.Address(street="Via Roma 1", city="Lucca", postcode="55100", country="Italy"),),
    custom={"kind": "=1+1"}, purposes=("service",), source="fair",
)  # fmt: skip


@pytest.fixture
def directory(customer: tenancy.Customer) -> UUID:
    now = datetime.now(UTC)
    made = contacts.add_directory(kind="public", name="All", by="test", at=now).id
    contacts.set_custom_fields([contacts.CustomField(key="kind", label="Kind")], by="t", at=now)
    contacts.add(FULL, directory=made, by="t", at=now)
    contacts.add(contacts.NewContact(given="Bo"), directory=made, by="t", at=now)
    return made


def exported(kind: exporting.Format, **which: object) -> bytes:
    return b"".join(exporting.export(kind, by="t", at=datetime.now(UTC), **which))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", exporting.FORMATS)
def test_what_goes_out_comes_in_again(directory: UUID, kind: exporting.Format) -> None:
    table = read_table(io.BytesIO(exported(kind, directory=directory)))
    rows = list(table.rows)
    assert len(rows) == 2
    assert not any(row.why for row in rows)
    mapping = guess(table.columns, [row.cells for row in rows], contacts.custom_fields())
    read = [contacts.check(contact_of(row.cells, Reading(mapping))) for row in rows]
    (back,), (bo,) = [one for one in read if one.company], [one for one in read if not one.company]
    assert bo.name == "Bo"
    assert (back.given, back.family, back.company, back.emails) == (FULL.given, FULL.family, FULL.company, FULL.emails)
    assert set(back.numbers) == set(FULL.numbers)
    assert back.notes == FULL.notes
    if kind in {"csv", "xlsx"}:
        assert back.custom == FULL.custom
        assert back.addresses == FULL.addresses
        assert back.birthday == FULL.birthday


def test_csv_holds_no_formula(directory: UUID) -> None:
    text = exported("csv", directory=directory).decode("utf-8-sig")
    assert ",'=1+1," in text


def test_a_search_is_exported_and_evidence_is_left(directory: UUID) -> None:
    text = exported("csv", text="Bo").decode("utf-8-sig")
    assert "Bo" in text
    assert "Kee" not in text
    entries = trail(["contacts.exported"])
    assert entries[0].details == {"by": "t", "what": "search", "format": "csv", "directory": ""}
    assert entries[0].clause


def test_sealed_contacts_are_not_exported_in_clear(make_customer) -> None:  # type: ignore[no-untyped-def]
    with (
        tenancy.scope(make_customer(custody="customer-held")),
        pytest.raises(contacts.SealedToCustomer),
    ):
        exported("csv")
