"""The provider's own people: visitors, users, employees. Nobody is between them and the controller."""

from collections.abc import Iterator

import pytest
from tests.integration.rights.conftest import NUMBER, now
from tests.support.installation import tenancy

from parley.agreement.api import Span, after
from parley.inventory.api import stores
from parley.obligations import api as obligations
from parley.people import api as people
from parley.rights import api as rights

PERSON = "visitor@person.example"


@pytest.fixture
def operator(cluster) -> Iterator[people.User]:
    with tenancy.scope(tenancy.provider()):
        existing = [one for one in people.accounts() if one.role == "operator" and one.is_active]
        yield (
            existing[0]
            if existing
            else people.create_user(
                email="operator@parley.example", name="Otto", password="a-long-password-9", role="operator"
            )
        )


def ask(*kinds: str, employee: bool = False, email: str = PERSON) -> rights.Receipt:
    at = now()
    return rights.receive(
        channel="portal", kinds=kinds, email=email, number=NUMBER, received_at=at, at=at, employee=employee
    )


@pytest.mark.parametrize(("employee", "clause"), [(False, "IG-1.people"), (True, "IG-5.employees")])
def test_received_by_the_provider_itself(operator, employee, clause):
    receipt = ask("access", employee=employee)
    view = rights.request(receipt.id, at=now())
    assert view.clause == clause
    assert view.answers == "provider"
    duties = {one.key.rpartition(":")[2]: one for one in obligations.duties(event_id=str(receipt.id))}
    assert "forward" not in duties
    assert duties["answer"].due == after(view.line.received_at, Span(1, "months"), zone="UTC")
    assert "forwarded" not in [line.what for line in view.story]


def test_a_guardian_is_answered_for_a_child(operator):
    receipt = ask("minor", "erasure")
    assert rights.request(receipt.id, at=now()).clause == "IG-1.minors"
    rights.verify(receipt.id, means="document-seen", seen="birth certificate", by=operator.id, at=now())
    rights.decide(receipt.id, kind="minor", granted=True, by=operator.id, at=now())
    assert rights.request(receipt.id, at=now()).done["minor"] == "Granted."


def test_a_closed_account_of_the_staff_is_erased(operator):
    account = people.create_user(
        email="former@parley.example", name="Former", password="a-long-password-8", role="operator"
    )
    people.set_active(account.id, active=False, by=operator.id, at=now())
    receipt = ask("erasure", employee=True, email="former@parley.example")
    rights.verify(receipt.id, means="known-to-controller", by=operator.id, at=now())
    assert rights.request(receipt.id, at=now()).state == "in-work"
    rights.fulfil(receipt.id, by=operator.id, at=now())
    assert stores()["people"].present([account.id]) == frozenset()
    rights.answer(receipt.id, text="Erased.", by=operator.id, at=now())
    assert rights.request(receipt.id, at=now()).state == "answered"


def test_an_access_of_the_staff_is_packaged(operator):
    people.create_user(email="curious@parley.example", name="Curious", password="a-long-password-7", role="operator")
    receipt = ask("access", employee=True, email="curious@parley.example")
    rights.verify(receipt.id, means="known-to-controller", by=operator.id, at=now())
    rights.fulfil(receipt.id, by=operator.id, at=now())
    assert rights.request(receipt.id, at=now()).export_id is not None
    from parley.exports import api as exports
    from parley.project import wiring

    handlers = {**wiring.job_handlers(), **wiring.long_handlers()}
    handlers = {kind: handler for kind, handler in handlers.items() if kind.startswith(("exports.", "rights."))}
    obligations.run_due(tenancy.provider(), handlers=handlers, now=now())
    assert exports.get(rights.request(receipt.id, at=now()).export_id).state == "ready"
    rights.answer(receipt.id, text="Here it is.", by=operator.id, at=now())
    assert rights.by_follow(receipt.follow).package
