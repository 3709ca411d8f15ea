"""A contact with everything, and the few words in which tests of contacts speak."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from tests.support.left_evidence import trail

from parley.contacts import api as contacts
from parley.contacts.api import Address, NewContact, Number

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ROSSI = NewContact(
    given="Giovanni",
    family="Rossi",
    company="Müller Elektronik",
    title="Purchasing manager",
    numbers=(Number(value="+39 0584 943232"), Number(value="+39 347 1234567", kind="mobile")),
    emails=("Giovanni.Rossi@Example.COM",),
    addresses=(Address(street="Via Roma 12", city="Lucca", postcode="55100", country="Italy"),),
    birthday=date(1980, 2, 29),
    notes="prefers mornings\nspeaks German",
    speed_dial="44",
    custom={"customer_number": "K-1234"},
    purposes=("service",),
)


def add(directory: UUID, new: NewContact = ROSSI, *, at: datetime = NOW) -> UUID:
    return contacts.add(new, directory=directory, by="test", at=at)


def found(text: str, **more: Any) -> list[str]:
    return [line.name for line in contacts.search(text, **more).lines]


def kinds() -> list[str]:
    return [one.kind for one in trail()]
