"""What the demo's customers hold about people, how long, and who asks for it: contacts, a rule, a request, an end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from parley.agreement.api import Span
from parley.contacts import api as contacts
from parley.lifecycle import api as lifecycle
from parley.people.api import User
from parley.project.demo.scenario import CUSTOMERS, LEAVING, DemoCustomer
from parley.retention import api as retention
from parley.rights import api as rights
from parley.tenancy.api import Customer, by_handle, scope

Narrate = Callable[[str], None]

_DIRECTORY: Final = "Customers and suppliers"
_PEOPLE: Final = (
    # given, family, company, title, number, e-mail; numbers that regulators keep for fiction
    ("Clara", "Winter", "Winter & Co Stationers", "Buyer", "+12125550143", "clara.winter@winter.example"),
    ("Sam", "Okafor", "Okafor Print Studio", "Owner", "+447700900123", "sam@okafor.example"),
    ("Ines", "Falk", "Falk Papierhandel", "Purchasing", "+442079460177", "ines.falk@falk.example"),
    ("Tomás", "Rivera", "Rivera Artes Gráficas", "Director", "+447700900211", "tomas@rivera.example"),
    ("Aoife", "Byrne", "Liffey Bindery", "Production", "+447700900212", "aoife@liffey.example"),
    ("Giulia", "Conti", "Cartiera Conti", "Sales", "+447700900213", "giulia@conti.example"),
    ("Yusuf", "Demir", "Demir Ambalaj", "Logistics", "+447700900214", "yusuf@demir.example"),
    ("Marie", "Lefèvre", "Papeterie Lefèvre", "Accounts", "+447700900215", "marie@lefevre.example"),
    ("Jonas", "Berg", "Bergs Kontor", "Buyer", "+447700900216", "jonas@berg.example"),
    ("Hannah", "Cole", "Cole Packaging", "Assistant", "+447700900217", "hannah@cole.example"),
    ("S.", "Okafor", "Okafor Print Studio", "", "+447700900123", ""),
    ("Priya", "Nair", "Nair Imports", "Partner", "+447700900219", "priya@nair.example"),
)
_KEPT: Final = Span(6, "months")
_ASKED: Final = timedelta(days=9)
_ENDS: Final = timedelta(days=20)


def arrange(*, narrate: Narrate) -> None:
    """Puts contacts, a retention rule and a request into the first customer, and an end into the last; once."""
    first = by_handle(CUSTOMERS[0].handle)
    if first is not None:
        with scope(first):
            _contacts(CUSTOMERS[0], narrate)
    leaving = by_handle(LEAVING)
    if leaving is not None:
        with scope(leaving):
            _end(leaving, narrate)


def _contacts(wanted: DemoCustomer, narrate: Narrate) -> None:
    if any(one.name == _DIRECTORY for one in contacts.directories()):
        return
    now = datetime.now(UTC)
    officer = next(person for person in wanted.people if person.role == "compliance")
    by = User.objects.get(email=officer.email).id
    directory = contacts.add_directory(kind="public", name=_DIRECTORY, members_change=True, by=str(by), at=now)
    for given, family, company, title, number, email in _PEOPLE:
        new = contacts.NewContact(
            given=given,
            family=family,
            company=company,
            title=title,
            numbers=(contacts.Number(value=number, kind="mobile"),),
            emails=(email,) if email else (),
            source="trade fair, spring",
        )
        contact = contacts.add(new, directory=directory.id, by=str(by), at=now)
        if email.startswith("clara"):
            proof = contacts.Proof(how="web form", text_version="newsletter 3", by=str(by))
            contacts.consent(contact, "marketing", "email", given_at=now - _ASKED, proof=proof)
    contacts.object_(emails=("hannah@cole.example",), ground="unsubscribed", by=str(by), at=now)
    narrate(f"{len(_PEOPLE)} contacts, with a consent, an objection and a duplicate")
    retention.set_rule(store="recordings", kind="recording", keep=_KEPT, by=by, at=now)
    narrate(f"recordings are kept for {_KEPT}")
    rights.receive(
        channel="portal",
        kinds=("access",),
        email="sam@okafor.example",
        number="+447700900123",
        name="Sam Okafor",
        text="I would like to hear what you recorded of my calls.",
        received_at=now - _ASKED,
        at=now,
    )
    narrate("Sam Okafor asked for his data nine days ago")


def _end(customer: Customer, narrate: Narrate) -> None:
    now = datetime.now(UTC)
    if lifecycle.departure_of(customer.id) is None:
        lifecycle.end(at=now, by="demo", ends_at=now + _ENDS, choice="return", reason="The agency closes.")
        narrate(f"{customer.name} ends its contract in {_ENDS.days} days and wants its data back")
