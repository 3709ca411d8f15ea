"""The clauses on rights of persons: each under its own agreement, from receipt to answer."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.installation import tenancy
from tests.support.persons import ask, fulfilled, long_work, officer

from parley.contacts import api as contacts
from parley.exports import api as exports
from parley.governance.contract import api as contract
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.rights import api as rights

DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


def mails(purpose=""):
    return [one for one in mail.messages() if purpose in one.purpose]


def a_contact(email):
    directory = contacts.add_directory(kind="public", name=f"With {email}", by="test", at=now())
    new = contacts.NewContact(given="Ines", family="Falk", emails=(email,))
    return contacts.add(new, directory=directory.id, by="test", at=now())


def test_im_3e_rights_the_provider_helps_with_a_copy(under):
    """control.rights and control.exports: found in the stores, handed over as a package after identity."""
    with under("imagicle-dpa") as customer:
        a_contact("ines@falk.example")
        view = fulfilled(ask("access", email="ines@falk.example"), by=officer(), at=now())
        long_work(customer)
        made = exports.get(view.export_id)
        assert (made.state, made.records) == ("ready", sum(one.count for one in view.found))
        assert {one.store: one.count for one in view.found}["contacts"] == 1


def test_im_9_rights_erasure_reaches_the_stores(under):
    """control.rights and control.erasure: the contact is gone, and the disposal left evidence."""
    with under("imagicle-dpa"):
        contact = a_contact("ines@falk.example")
        view = fulfilled(ask("erasure", email="ines@falk.example"), by=officer(), at=now())
        assert (view.blocked, view.undone) == ("", ())
        with pytest.raises(contacts.NoSuchContact):
            contacts.get(contact)


def test_im_9_procedure_acknowledged_identified_extended_in_time_refused_with_reasons(under):
    """control.rights: by the same channel, the least for identity, one month and two, reasons."""
    with under("imagicle-dpa"):
        by = officer()
        receipt = ask("access", email="ines@falk.example")
        view = rights.request(receipt.id, at=now())
        assert view.acknowledged_at is not None
        assert view.clause == "IM-9.procedure"
        month = view.line.due
        rights.extend(receipt.id, reasons="Many recordings.", by=by, at=month - DAY)
        assert rights.request(receipt.id, at=month).line.due == view.longest
        late = ask("access", email="late@falk.example")
        with pytest.raises(rights.MoveRefused):
            rights.extend(late.id, reasons="Too late.", by=by, at=rights.request(late.id, at=now()).line.due + DAY)
        ground = rights.grounds(["access"])[0]
        rights.authorise(late.id, by=by, at=now()) if "authorise" in rights.request(
            late.id, at=now()
        ).possible else None
        rights.refuse(late.id, ground=ground.key, reasons="We could not find out who you are.", by=by, at=now())
        ended = rights.request(late.id, at=now())
        assert (ended.state, ended.ground) == ("refused", ground.key)


def passed_on(under, agreement, clause):
    with under(agreement):
        receipt = ask("access", email="ines@falk.example")
        view = rights.request(receipt.id, at=now())
        forward = obligations.duty(f"rights-request-received:{receipt.id}:forward")
        assert (view.clause, forward.clause) == (clause, clause)
        first = min(mail.messages(), key=lambda one: one.created_at)
        assert first.recipients[0].address in contract.notice_addresses()


def test_kv_4_rights_a_request_is_passed_on_to_the_address_of_the_order(under):
    """control.rights: by e-mail, before anything else."""
    passed_on(under, "kavkom-dpa", "KV-4.rights")


def test_ix_8_rights_a_request_is_passed_on_with_its_details(under):
    """control.rights: to the customer, which keeps full accountability."""
    passed_on(under, "ixcloud-dpa", "IX-8.rights")


def test_kv_1_purposes_requests_are_managed_and_contacts_are_kept(under):
    """control.rights and offering.contacts: two of the purposes of the text."""
    with under("kavkom-dpa"):
        a_contact("ines@falk.example")
        assert contract.ask("keep-contacts", at=now(), offering="contacts").allowed
        view = fulfilled(ask("access", email="ines@falk.example"), by=officer(), at=now())
        assert [one.count for one in view.found if one.store == "contacts"] == [1]


def test_ux_6_processing_help_with_persons(under):
    """control.rights: passed on promptly, answered by the customer."""
    with under("ucx-terms"):
        view = rights.request(ask("portability", email="ines@falk.example").id, at=now())
        assert (view.answers, view.clause) == ("controller", "UX-6.processing")
        assert view.forwarded_at is not None or mails()


def test_ig_1_people_visitors_and_users_ask_the_provider_itself(cluster):
    """control.rights and control.consents: in the provider's own scope, contact persons with consents and requests."""
    with tenancy.scope(tenancy.provider()):
        receipt = ask("rectification", email="visitor@somewhere.example")
        assert rights.request(receipt.id, at=now()).line.kinds == ("rectification",)
        contacts.object_(emails=("visitor@somewhere.example",), by="test", at=now())
        asked = contacts.may_contact("visitor@somewhere.example", purpose="marketing", channel="email", at=now())
        assert not asked.allowed


def test_ig_1_minors_a_guardian_is_answered_like_anybody(under):
    """control.rights and control.consents: the request has a kind of its own; a child is not kept as a contact."""
    with under("imagino-policy"):
        view = rights.request(ask("minor", email="parent@somewhere.example").id, at=now())
        assert view.line.kinds == ("minor",)
        directory = contacts.add_directory(kind="public", name="Everybody", by="test", at=now())
        child = contacts.NewContact(given="Kim", emails=("kim@somewhere.example",), minor=True)
        with pytest.raises(contacts.GateRefused) as refused:
            contacts.add(child, directory=directory.id, by="test", at=now())
        assert refused.value.clause == "IG-1.minors"


def test_ig_5_employees_ask_the_provider_as_their_employer(cluster):
    """control.rights: the provider answers them itself."""
    with tenancy.scope(tenancy.provider()):
        view = rights.request(ask("access", email="staff@provider.example").id, at=now())
        assert view.answers == "provider"


def consented(customer, *, purpose="marketing"):
    contact = a_contact("ines@falk.example")
    before = contacts.may_contact("ines@falk.example", purpose=purpose, channel="email", at=now())
    proof = contacts.Proof(how="web form", text_version="newsletter 3")
    contacts.consent(contact, purpose, "email", given_at=now(), proof=proof)
    after = contacts.may_contact("ines@falk.example", purpose=purpose, channel="email", at=now())
    contacts.object_(emails=("ines@falk.example",), by="test", at=now())
    objected = contacts.may_contact("ines@falk.example", purpose=purpose, channel="email", at=now())
    return [one.allowed for one in (before, after, objected)]


def test_kv_9_customer_collects_consent_with_its_proof(under):
    """control.consents: without consent, or after an objection, nobody is written to."""
    with under("kavkom-dpa") as customer:
        assert consented(customer) == [False, True, False]


def test_ig_1_marketing_every_letter_says_how_to_unsubscribe(under):
    """control.consents: consent first, an objection at any time, partners by name."""
    with under("imagino-policy") as customer:
        assert consented(customer) == [False, True, False]
        contact = a_contact("otto@falk.example")
        contacts.list_partner("Fair Partner", at=now(), by="test")
        with pytest.raises(contacts.MayNotContact):
            contacts.share([contact], partner="Fair Partner", purpose="marketing", by="test", at=now())
        proof = contacts.Proof(how="web form", text_version="newsletter 3")
        contacts.consent(contact, "marketing", "email", given_at=now(), proof=proof)
        message = contacts.marketing_letter(
            contact, subject="News", text="There is news.", unsubscribe="https://parley.example/preferences/x/y",
            key="news:1", at=now(),
        )  # fmt: skip
        assert "https://parley.example/preferences/x/y" in mail.content(message).text


def test_im_4_marketing_the_provider_answers_for_its_own_letters(make_customer):
    """control.consents: in its own scope, under what the contact person's agreement says."""
    customer = make_customer(agreement="imagicle-dpa")
    with tenancy.scope(tenancy.provider()):
        contact = a_contact(f"buyer@{customer.handle}.example")
        message = contacts.marketing_letter(
            contact, subject="New release", text="It is out.", unsubscribe="https://parley.example/preferences/p/z",
            key=f"release:{customer.handle}", at=now(), customer=customer.id,
        )  # fmt: skip
        assert "https://parley.example/preferences/p/z" in mail.content(message).text
        contacts.object_(emails=(f"buyer@{customer.handle}.example",), by="test", at=now())
        with pytest.raises(contacts.MayNotContact):
            contacts.marketing_letter(
                contact, subject="Again", text="Again.", unsubscribe="https://parley.example/preferences/p/z",
                key=f"again:{customer.handle}", at=now(), customer=customer.id,
            )  # fmt: skip


def test_im_4_inventory_contacts_have_their_categories(under):
    """offering.contacts: kept under what the agreement lists, and nothing else."""
    with under("imagicle-dpa"):
        assert a_contact("ines@falk.example")
        listed = frozenset({"user.name", "user.contact.email"})
        assert contract.ask("keep-contacts", at=now(), offering="contacts", categories=listed).allowed
        health = frozenset({"user.health_and_medical"})
        refused = contract.ask("keep-contacts", at=now(), offering="contacts", categories=health, sealed=False)
        assert not refused.allowed
