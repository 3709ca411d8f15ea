"""Every page and address that shows a recording asks the gate first, and a deed names the instruction it rests on."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client
from tests.support.installation import MakeCustomer, tenancy
from tests.support.left_evidence import trail
from tests.support.spooled import Spooler, call

from parley.governance.contract import api as contract
from parley.governance.instructions import api as instructions
from parley.obligations.api import run_due
from parley.people.api import create_user
from parley.recordings.api import RENDER, finalize, installed_store, render_recording

PASSWORD = "a sentence that nobody guesses 9"
ADA = UUID(int=1)


@pytest.fixture(autouse=True)
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture
def recorded(make_customer: MakeCustomer, tmp_path: Path) -> tuple[tenancy.Customer, UUID, Client]:
    """A customer with a recording, and a client of somebody who sees everything."""
    customer = make_customer()
    with tenancy.scope(customer):
        create_user(email="keeper@example.org", name="Keeper", password=PASSWORD, role="compliance")
        closed = Spooler(tmp_path / "spool", customer).close(parts=[call(1.0)])
        recording = finalize(closed, store=installed_store(), now=datetime.now(UTC))
        render = partial(render_recording, store=installed_store(), scratch=tmp_path)
        run_due(customer, handlers={RENDER: render}, now=datetime.now(UTC))
    client = Client(HTTP_HOST="127.0.0.1")
    home = f"/c/{customer.handle}/"
    assert client.post(home + "sign-in", {"email": "keeper@example.org", "password": PASSWORD}).status_code == 302
    return customer, recording, client


PAGES = (
    ("find-recordings", "recordings/"),
    ("find-recordings", "recordings/{recording}/"),
    ("find-recordings", "live/"),
    ("find-recordings", "api/v1/recordings"),
    ("find-recordings", "api/v1/recordings/{recording}"),
    ("find-recordings", "api/v1/live"),
    ("play-recordings", "api/v1/recordings/{recording}/media/mp3"),
    ("play-recordings", "api/v1/recordings/{recording}/media/peaks"),
    ("fetch-original", "api/v1/recordings/{recording}/parts/000.age"),
)


def test_nothing_is_shown_that_the_instructions_do_not_allow(
    recorded: tuple[tenancy.Customer, UUID, Client],
) -> None:
    customer, recording, client = recorded
    home = f"/c/{customer.handle}/"
    for purpose in sorted({purpose for purpose, _ in PAGES}):
        addresses = [home + page.format(recording=recording) for named, page in PAGES if named == purpose]
        assert [client.get(address).status_code for address in addresses] == [200] * len(addresses)
        with tenancy.scope(customer):
            instructions.withdraw(purpose=purpose, text="no more", by=ADA, at=datetime.now(UTC))
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code == 403, address
            assert b"IM-3a.instructions" in answer.content, address
        with tenancy.scope(customer):
            instructions.give(purpose=purpose, text="again", by=ADA, at=datetime.now(UTC))


def test_a_deed_names_the_instruction_that_it_rests_on(recorded: tuple[tenancy.Customer, UUID, Client]) -> None:
    customer, recording, client = recorded
    with tenancy.scope(customer):
        signed = contract.signatures()[0]
        given = instructions.give(purpose="fetch-original", text="hand them out", by=ADA, at=datetime.now(UTC))
    api = f"/c/{customer.handle}/api/v1/recordings/{recording}/"
    assert client.get(api + "media/mp3").status_code == client.get(api + "parts/000.age").status_code == 200
    with tenancy.scope(customer):
        found = {
            entry.kind: entry.details["instruction"]  # type: ignore[index]
            for entry in trail(["recording.played", "recording.downloaded"])
        }
    assert found == {"recording.played": str(signed.id), "recording.downloaded": str(given.id)}
