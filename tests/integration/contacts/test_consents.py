"""Consents with proof, objections that outlive the contact, letters with a way out."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from tests.support.installation import MakeCustomer, tenancy

from parley.contacts import api as contacts
from parley.contacts.api import NewContact, Number, Proof
from parley.contacts.models import Consent, Objection
from parley.mail import api as mail
from parley.mail.models import Message

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PROOF = Proof(how="web form", text_version="newsletter 3", by="shop", detail="from 192.0.2.7")
ANNA = NewContact(given="Anna", family="Bianchi", numbers=(Number(value="+390584943232"),), emails=("anna@x.example",))
PAGE = "https://parley.example/u/token"


def anna() -> UUID:
    directory = contacts.add_directory(kind="public", name="Everybody", by="test", at=NOW)
    return contacts.add(ANNA, directory=directory.id, by="test", at=NOW)


def may(who: str = "anna@x.example", *, purpose: str = "service", at: datetime = NOW, **more: str) -> bool:
    channel = "phone" if who.startswith("+") else "email"
    return contacts.may_contact(who, purpose=purpose, channel=channel, at=at, **more).allowed  # type: ignore[arg-type]


def test_a_consent_keeps_its_proof_sealed(customer: tenancy.Customer) -> None:
    contact = anna()
    made = contacts.consent(contact, "marketing", "email", given_at=NOW, proof=PROOF)
    held = contacts.consents(contact)
    assert [(one.id, one.proof, one.withdrawn_at) for one in held] == [(made, PROOF, None)]
    assert b"newsletter" not in bytes(Consent.objects.get().sealed)
    contacts.withdraw_consent(made, by="test", at=NOW + timedelta(hours=1))
    contacts.withdraw_consent(made, by="test", at=NOW + timedelta(hours=2))
    assert contacts.consents(contact)[0].withdrawn_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("purpose", "channel", "proof", "partner", "field"),
    [
        ("marketing", "*", PROOF, "", "channel"),
        ("marketing", "pigeon", PROOF, "", "channel"),
        ("", "email", PROOF, "", "purpose"),
        ("marketing", "email", Proof(how="", text_version="3"), "", "proof"),
        ("marketing", "email", PROOF, "Nobody Ltd", "partner"),
    ],
)
def test_a_consent_without_what_it_needs_is_refused(
    customer: tenancy.Customer, purpose: str, channel: str, proof: Proof, partner: str, field: str
) -> None:
    contact = anna()
    with pytest.raises(contacts.ContactRefused) as refused:
        contacts.consent(contact, purpose, channel, given_at=NOW, proof=proof, partner=partner)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_an_objection_survives_the_contact_and_names_nobody(customer: tenancy.Customer) -> None:
    contact = anna()
    consent = contacts.consent(contact, "service", "email", given_at=NOW, proof=PROOF)
    assert may()
    later = NOW + timedelta(minutes=1)
    assert contacts.object_(emails=["Anna@X.example"], numbers=["0039 0584 943232"], purpose="*", by="t", at=later) == 2
    assert contacts.object_(emails=["anna@x.example"], purpose="*", by="t", at=later) == 0
    assert contacts.consents(contact)[0].withdrawn_at is not None
    assert contacts.consents(contact)[0].id == consent
    contacts.remove([contact], by="test", at=later)
    for who in ("anna@x.example", "ANNA@x.example", "+390584943232"):
        decision = contacts.may_contact(who, purpose="service", channel="email", at=later)
        assert not decision.allowed
        assert decision.clause == "GDPR Art. 21"
    assert may("bruno@x.example", at=later)
    assert "anna" not in "".join(str(row) for row in Objection.objects.values())
    assert contacts.lift_objection(email="anna@x.example", purpose="*", by="test", at=later) == 1
    assert may(at=later)
    assert not may("+390584943232", at=later)


def test_marketing_letters_of_the_provider_follow_the_customers_agreement(make_customer: MakeCustomer) -> None:
    lets, forbids = make_customer(agreement="imagicle-dpa"), make_customer(agreement="ixcloud-dpa")
    with tenancy.scope(tenancy.provider()):
        directory = contacts.add_directory(kind="public", name=f"People of {lets.handle}", by="test", at=NOW)
        address = f"buyer@{lets.handle}.example"
        contact = contacts.add(NewContact(given="Buyer", emails=(address,)), directory=directory.id, by="t", at=NOW)

        def write(key: str, customer: tenancy.Customer) -> UUID:
            return contacts.marketing_letter(
                contact, subject="New", text="Hello", unsubscribe=PAGE, key=f"{key}:{contact}", at=NOW,
                customer=customer.id,
            )  # fmt: skip

        message = write("one", lets)
        assert mail.message(message).clause == "IM-4.marketing"
        assert mail.content(message).text.rstrip().endswith(PAGE)
        raw = bytes(Message.objects.get(id=message).content)
        assert f"List-Unsubscribe: <{PAGE}>".encode() in raw
        assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in raw
        with pytest.raises(contacts.MayNotContact) as refused:
            write("two", forbids)
        assert refused.value.clause == "IX-2.purpose"
        contacts.object_(emails=[address], ground="unsubscribed", by="person", at=NOW)
        with pytest.raises(contacts.MayNotContact):
            write("three", lets)
        with pytest.raises(contacts.ContactRefused):
            contacts.marketing_letter(contact, subject="s", text="t", unsubscribe="nowhere", key="x", at=NOW)


def test_partners_receive_only_who_agreed_to_them(make_customer: MakeCustomer) -> None:
    with tenancy.scope(tenancy.provider()):
        handle = make_customer().handle
        directory = contacts.add_directory(kind="public", name=f"Partners {handle}", by="test", at=NOW)
        one = NewContact(given="Anna", emails=(f"anna@{handle}.example",))
        contact = contacts.add(one, directory=directory.id, by="test", at=NOW)
        with pytest.raises(contacts.MayNotContact, match="list of partners"):
            contacts.share([contact], partner=handle, purpose="marketing", by="test", at=NOW)
        contacts.list_partner(handle, at=NOW, by="test")
        contacts.consent(contact, "marketing", "email", given_at=NOW, proof=PROOF)
        with pytest.raises(contacts.MayNotContact, match="has not agreed"):
            contacts.share([contact], partner=handle, purpose="marketing", by="test", at=NOW)
        contacts.consent(contact, "marketing", "email", given_at=NOW, proof=PROOF, partner=handle)
        assert contacts.share([contact], partner=handle, purpose="marketing", by="test", at=NOW) == 1
        assert contacts.get(contact).fields.shared_with == (handle,)
