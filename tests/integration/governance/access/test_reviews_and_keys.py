"""Access reviews with their next date, key rotation that really rotates, loss and drills, who handles data."""

import secrets
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from tests.support.installation import MakeCustomer
from tests.support.left_evidence import trail

from parley.governance.access import api as access
from parley.obligations import api as obligations
from parley.people import api as people
from parley.sealing.api import generate_identity, open_bytes, seal_bytes
from parley.tenancy import api as tenancy

BY = uuid4()


def now() -> datetime:
    return datetime.now(UTC)


def kinds() -> list[str]:
    return [one.kind for one in trail()]


def accounts() -> list[access.Account]:
    return [
        access.Account(user_id=one.id, role=one.role, active=one.is_active, last_sign_in=one.last_login)
        for one in people.accounts()
    ]


def open_reviews(whose: str) -> list[obligations.DutyView]:
    found = obligations.duties(limit=200)
    return [one for one in found if one.event_kind == "access-review-held" and one.subject == whose and one.waiting]


def test_a_review_of_the_customers_people_meets_its_duty_and_opens_the_next(customer: tenancy.Customer) -> None:
    people.create_user(email="a@example.org", name="A", password="seven-quiet-lanterns", role="administrator")
    people.create_user(email="b@example.org", name="B", password="seven-quiet-lanterns", role="user")
    (first,) = open_reviews("customer-people")
    held_at = now()
    judged = [access.Judgement(account=one, decision="keep") for one in accounts()]
    held = access.hold_review(accounts=accounts(), judgements=judged, roles=people.ROLES, by=BY, at=held_at)
    assert len(held.judgements) == 2
    met = obligations.duty(first.key)
    assert met is not None
    assert met.state == "met"
    (following,) = open_reviews("customer-people")
    assert following.due == held.next_due
    assert open_reviews("provider-staff")  # not touched by the customer's own
    assert "access.reviewed" in kinds()
    assert access.reviews() == [held]


def test_a_review_of_the_staff_reaches_every_customer_once(make_customer: MakeCustomer) -> None:
    first, second = make_customer(), make_customer(agreement="kavkom-dpa")
    provider = tenancy.provider()
    with tenancy.scope(provider):
        email = f"{secrets.token_hex(4)}@provider.example"
        people.create_user(email=email, name="Op", password="seven-quiet-lanterns", role="operator")
        judged = [access.Judgement(account=one, decision="keep") for one in accounts()]
        held = access.hold_review(accounts=accounts(), judgements=judged, roles=people.ROLES, by=BY, at=now())
    for _ in range(2):
        for one in (provider, first, second):
            obligations.run_due(one, handlers=access.handlers(), now=now() + timedelta(seconds=1))
    for one in (first, second):
        with tenancy.scope(one):
            assert kinds().count("access.reviewed") == 1
            (following,) = open_reviews("provider-staff")
            assert following.event_id == str(held.id)
            assert access.last_staff_review() == held


def test_rotation_seals_to_a_new_key_and_the_former_still_opens(customer: tenancy.Customer) -> None:
    sealed_before = seal_bytes(b"before", customer.recipients)
    event = access.rotate_keys(by=BY, party="customer", at=now())
    after = tenancy.current()
    assert event.before == customer.recipients
    assert event.after == after.recipients != customer.recipients
    identities = tenancy.keyring().identities(after)
    assert len(identities) == 2
    assert open_bytes(sealed_before, identities) == b"before"
    assert open_bytes(seal_bytes(b"after", after.recipients), identities[:1]) == b"after"
    assert access.former_keys() == customer.recipients
    assert tenancy.keyring().index_key(after, "number") == tenancy.keyring().index_key(customer, "number")
    assert "key.rotated" in kinds()
    tenancy.add_trunk(after, name="main", sources=["203.0.113.9"])
    entry = tenancy.trunk_directory().find("203.0.113.9", 5060)
    assert entry is not None
    assert entry.recipients == after.recipients  # what recorders read every two seconds
    found = tenancy.by_handle(customer.handle)
    assert found is not None
    assert found.recipients == after.recipients
    assert access.drill(by=BY, party="provider", at=now()).what == "drill-passed"


def test_a_keyring_that_is_gone_fails_the_drill(customer: tenancy.Customer) -> None:
    file = tenancy.keyring().directory / f"{customer.id}.keyring"
    kept = file.read_bytes()
    file.unlink()
    try:
        failed = access.drill(by=BY, party="provider", at=now())
    finally:
        file.write_bytes(kept)
    assert failed.what == "drill-failed"
    assert "Treat it as lost" in failed.consequence


def test_a_customer_that_holds_its_keys_names_the_new_ones_and_proves_them(make_customer: MakeCustomer) -> None:
    held = [generate_identity() for _ in range(2)]
    made = make_customer(
        custody="customer-held", agreement="ixcloud-dpa", recipients=tuple(one.recipient for one in held)
    )
    with tenancy.scope(made):
        with pytest.raises(access.AccessFormError):
            access.drill(by=BY, party="provider", at=now())
        begun = access.challenge(recipient=held[1].recipient, at=now())
        word = open_bytes(access.sealed_word(begun.id), [held[1].secret]).decode()
        assert access.answer(begun.id, word="a guess", by=BY, at=now()).what == "drill-failed"
        assert access.answer(begun.id, word=f" {word}\n", by=BY, at=now()).what == "drill-passed"
        with pytest.raises(access.WrongMoment):
            access.answer(begun.id, word=word, by=BY, at=now())
        lost = access.declare(what="loss", concerned=[held[0].recipient], by=BY, party="customer", at=now())
        assert "Nothing is lost: 1 other key" in lost.consequence
        with pytest.raises(access.AccessFormError):
            access.rotate_keys(recipients=[held[1].recipient], by=BY, party="customer", at=now())
        fresh = generate_identity().recipient
        turned = access.rotate_keys(recipients=[held[1].recipient, fresh], by=BY, party="customer", at=now())
        assert set(tenancy.current().recipients) == {held[1].recipient, fresh} == set(turned.after)
        assert access.former_keys() == (held[0].recipient,)
        with pytest.raises(access.AccessFormError):
            access.declare(what="loss", concerned=["age1nobody"], by=BY, party="customer", at=now())


def test_the_register_of_handlers_is_dated_and_never_rewritten(cluster: object) -> None:
    name = f"Support {secrets.token_hex(3)}"
    first = access.enter_handler(
        kind="subsidiary", name=name, country="fr", does="second-level support", since=date(2026, 1, 1), by=BY, at=now()
    )
    access.enter_handler(
        kind="subsidiary", name=name, country="FR", does="support and billing", since=date(2026, 3, 1), by=BY, at=now()
    )

    def on(day: date) -> list[str]:
        return [one.does for one in access.handlers_register(on=day) if one.name == name]

    assert on(date(2025, 12, 31)) == []
    assert on(date(2026, 2, 28)) == ["second-level support"]
    assert on(date(2026, 3, 1)) == ["support and billing"]
    assert first.country == "FR"
    with pytest.raises(access.AccessFormError):
        access.enter_handler(
            kind="subsidiary", name=name, country="FR", does="earlier", since=date(2025, 1, 1), by=BY, at=now()
        )
    with tenancy.scope(tenancy.provider()):
        assert kinds().count("handlers.entered") >= 2


def test_accounts_leave_evidence(customer: tenancy.Customer) -> None:
    boss = people.create_user(
        email="c@example.org", name="C", password="seven-quiet-lanterns", role="administrator", by=BY
    )
    other = people.create_user(email="d@example.org", name="D", password="seven-quiet-lanterns", role="user")
    people.change_role(other.id, role="supervisor", by=boss.id, at=now())
    people.set_active(other.id, active=False, by=boss.id, at=now())
    with pytest.raises(people.AccountRefused):
        people.set_active(boss.id, active=False, by=other.id, at=now())
    for _ in range(5):
        with pytest.raises(people.SignInRefused):
            people.authenticate(email="c@example.org", password="wrong", address="192.0.2.1", at=now())
    found = kinds()
    for kind in ("person.created", "person.role-changed", "person.closed", "person.locked-out"):
        assert kind in found, kind
    assert people.User.objects.get(id=boss.id).is_active
    written = str([(one.clause, one.details) for one in trail()])
    assert "example.org" not in written
    assert str(boss.id) in written


def test_expired_sessions_are_cleared_the_day_after(customer: tenancy.Customer) -> None:
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session

    store = SessionStore()
    store["x"] = 1
    store.save()
    people.expect_clearing(at=now())
    people.expect_clearing(at=now())
    obligations.run_due(customer, handlers=people.handlers(), now=now() + timedelta(hours=1))
    assert Session.objects.count() == 1
    Session.objects.update(expire_date=now() - timedelta(seconds=1))
    outcome = obligations.run_due(customer, handlers=people.handlers(), now=now() + timedelta(days=3))
    assert outcome.done == 1
    assert Session.objects.count() == 0
