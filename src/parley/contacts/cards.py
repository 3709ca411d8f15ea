"""A contact as a card: what goes out as vCard or LDIF, and what a person is given of itself."""

from uuid import UUID

from parley.contacts.formats.types import Card
from parley.contacts.types import NewContact


def card(contact_id: UUID, contact: NewContact) -> Card:
    """The fields that other programs know."""
    home = contact.addresses[0] if contact.addresses else None
    parts = (home.street, home.postcode, home.city, home.region, home.country) if home else ()
    return Card(
        name=contact.name, given=contact.given, family=contact.family, organisation=contact.company,
        department=contact.department, title=contact.title,
        numbers=tuple((one.kind, one.value) for one in contact.numbers),
        emails=tuple(("", one) for one in contact.emails),
        address=", ".join(part for part in parts if part),
        birthday=contact.birthday.isoformat() if contact.birthday else "",
        note=contact.notes, uid=f"urn:uuid:{contact_id}",
    )  # fmt: skip
