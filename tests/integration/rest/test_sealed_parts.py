"""Sealed parts where the customer holds the key: opened by its page to be played, taken away by right alone."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from tests.integration.rest.conftest import PASSWORD, bearer, integrate, now
from tests.support.installation import MakeCustomer
from tests.support.spooled import CALLER, Spooler, call

from parley.people import api as people
from parley.recordings import api as recordings
from parley.tenancy import api as tenancy
from parley.tokens import api as tokens


@pytest.fixture(scope="module")
def sealed(
    make_customer: MakeCustomer, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: object
) -> tuple[tenancy.Customer, UUID]:
    """A customer that holds its keys, and a recording of Una's, who may play and not download."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        customer = make_customer(custody="customer-held", agreement="ixcloud-dpa")
        with tenancy.scope(customer):
            keeper = people.create_user(email="k@sealed.example", name="K", password=PASSWORD, role="compliance")
            people.create_user(
                email="una@sealed.example", name="Una", password=PASSWORD, role="user", numbers=[CALLER.number]
            )
            people.decide(own_visible=True, own_download=False, factor_roles=[], by=keeper.id, at=now())
            spooler = Spooler(tmp_path_factory.mktemp("sealed"), customer)
            made = spooler.close(parts=[call(1.0)])
            recording = recordings.finalize(made, store=recordings.installed_store(), now=now())
        integrate(customer)
    return customer, recording


def test_a_part_is_played_without_the_right_to_download_and_never_kept(
    sealed: tuple[tenancy.Customer, UUID],
) -> None:
    customer, recording = sealed
    home = f"/c/{customer.handle}/"
    clients, programs = {}, {}
    for name in ("una", "k"):
        clients[name] = Client(HTTP_HOST="127.0.0.1")
        clients[name].post(f"{home}sign-in", {"email": f"{name}@sealed.example", "password": PASSWORD})
        with tenancy.scope(customer):
            person = people.User.objects.get(email=f"{name}@sealed.example")
            made = tokens.make(
                name=name, scopes=["recordings:listen"], by=person.id, at=now(), expires_at=now() + timedelta(days=1)
            )
        programs[name] = bearer(made.text)
    with tenancy.scope(customer):
        viewer = people.viewer(people.User.objects.get(email="una@sealed.example"))
        part = f"{home}api/v1/recordings/{recording}/parts/{recordings.get(viewer, recording).parts[0].name}"

    def answers(client: Client) -> tuple[int, int]:
        return client.get(part).status_code, client.get(f"{part}?use=play").status_code

    assert answers(clients["una"]) == (403, 200)
    assert answers(programs["una"]) == (403, 403), "a program keeps what it fetches"
    assert answers(clients["k"]) == answers(programs["k"]) == (200, 200)
    page = clients["una"].get(f"{home}recordings/{recording}/").content.decode()
    assert "data-seek" in page or "data-play" in page
    assert "/parts/" not in page
    assert "data-save" not in page
    assert "data-save" in clients["k"].get(f"{home}recordings/{recording}/").content.decode()
