"""Separation as a person meets it: every address of a console answers for its own customer and for nobody else.

The walk asks Django's resolver which addresses exist, so that a new one cannot be forgotten: an address whose
parameters the walk cannot fill in fails the test.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.test import Client
from tests.support.console_rows import (
    PASSWORD,
    Tenant,
    asked_by_a_person,
    body,
    departed,
    filled,
    is_deed,
    routes,
    tenant,
)

from parley.people import api as people
from parley.people.api import User, create_user
from parley.sealing.api import generate_identity
from parley.tenancy import api as tenancy
from parley.web.place import CONSOLE_URLS, PROVIDER_URLS

POSTED = {"sign-out"}
OPEN_API = {"api/v1/opendsr/v3/discovery", "api/v1/opendsr/v3/certificate"}  # what verifies our signatures
FREE = {"sign-in", "sign-in/factor"}  # seen by nobody who is signed in: leads home
BEFORE = {"join/<str:token>", "sign-in/passkey"}  # seen by whoever is on its way in
ELSEWHERE = {  # lead to another site: tests/integration/people/test_sign_on.py
    "sign-in/back", "sign-in/with/<uuid:sign_on_id>", "sign-in/with/<uuid:sign_on_id>/end",
}  # fmt: skip
NEEDS_A_KEY = {
    "recordings/<uuid:recording_id>/media/<kind>"
}  # customer-held: the gate refuses, and says by which clause
# The agreement of the sealed customer does not reach the contact manager.
NEEDS_CONTACTS = {"contacts/export", "contacts/objections.csv"}
NEEDS_A_GRANT = {"customers/<slug:handle>/support/"}  # nobody of the staff looks by default


@pytest.fixture(scope="module")
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture(scope="module")
def own(make_customer, tmp_path_factory: pytest.TempPathFactory, unblocked: None) -> Tenant:  # type: ignore[no-untyped-def]
    return tenant(make_customer(handle="walk-own"), tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def other(make_customer, tmp_path_factory: pytest.TempPathFactory, unblocked: None) -> Tenant:  # type: ignore[no-untyped-def]
    return tenant(make_customer(handle="walk-other"), tmp_path_factory.mktemp("other"))


@pytest.fixture(scope="module")
def held(make_customer, tmp_path_factory: pytest.TempPathFactory, unblocked: None) -> Tenant:  # type: ignore[no-untyped-def]
    recipients = tuple(generate_identity().recipient for _ in range(2))
    customer = make_customer(
        handle="walk-held", custody="customer-held", agreement="ixcloud-dpa", recipients=recipients
    )
    return tenant(customer, tmp_path_factory.mktemp("held"))


ROUTES = [route for route in routes(CONSOLE_URLS) if route not in ELSEWHERE and not is_deed(route)]
EVERYBODYS = ("<path:clause>", "<slug:kind>", "<record_kind>", "<slug:offering>")
WITH_IDS = [route for route in ROUTES if "<" in route and not any(one in route for one in EVERYBODYS)]


def test_the_walk_sees_pages_and_rest() -> None:
    assert {"", "recordings/", "recordings/<uuid:recording_id>/", "audit/<uuid:entry_id>/"} <= set(ROUTES)
    assert sum(route.startswith("api/v1/") for route in ROUTES) >= 9


@pytest.mark.parametrize("route", [route for route in ROUTES if route not in POSTED])
def test_own_addresses_answer_200(route: str, own: Tenant) -> None:
    client = own.client()
    for address in filled(route, own):
        answer = client.get(own.home + address)
        if route in FREE:
            assert answer.status_code == 302
            continue
        assert answer.status_code == 200, (address, body(answer)[:500])
        assert body(answer)


@pytest.mark.parametrize("route", WITH_IDS)
def test_ids_of_another_customer_answer_404(route: str, own: Tenant, other: Tenant) -> None:
    client = own.client()
    for address in filled(route, other):
        answer = client.get(own.home + address)
        assert answer.status_code == 404, address
        assert other.customer.handle.encode() not in body(answer)


@pytest.mark.parametrize("route", WITH_IDS)
def test_ids_that_never_were_answer_the_same(route: str, own: Tenant, other: Tenant) -> None:
    """Whether somebody else has such an id cannot be told from the answer."""
    client = own.client()
    nobody = Tenant(customer=own.customer, email="", recording=uuid4(), entry=uuid4())
    for theirs, never in zip(filled(route, other), filled(route, nobody), strict=True):
        assert body(client.get(own.home + theirs)) == body(client.get(own.home + never))


@pytest.mark.parametrize("route", ROUTES)
def test_a_session_is_nothing_in_another_console(route: str, own: Tenant, other: Tenant) -> None:
    """Even if a browser sent the cookie along: the session is not in the other customer's database."""
    client = own.client()
    for address in filled(route, other):
        answer = client.get(other.home + address)
        if route == "sign-in":
            assert b"password" in body(answer)
        elif route in BEFORE:
            # A link of another customer's is none here; what a browser is asked to prove names nobody.
            assert answer.status_code == 200
            assert own.email.encode() not in body(answer)
        elif route in POSTED:
            assert answer.status_code == 405
        elif route in OPEN_API:
            assert answer.status_code == 200
        elif route.startswith("api/"):
            assert answer.status_code == 401, address
            assert answer.json()["error_id"] == "web.sign_in_needed"
        else:
            assert answer.status_code == 302, address
            assert answer["Location"].startswith(other.home + "sign-in")


@pytest.mark.parametrize("route", [route for route in ROUTES if route not in POSTED | FREE])
def test_a_sealed_customer_has_every_page_but_the_sound(route: str, held: Tenant) -> None:
    client = held.client()
    for address in filled(route, held):
        answer = client.get(held.home + address)
        if route.removeprefix("api/v1/") in NEEDS_A_KEY:
            assert answer.status_code == 403, address
            assert "IX-5.encryption" in answer.json()["detail"]
        elif route in NEEDS_CONTACTS:
            assert answer.status_code == 403, address
        elif "<uuid:contact_id>" in route or "<uuid:import_id>" in route:
            assert answer.status_code == 404, address
        else:
            assert answer.status_code == 200, address


def test_a_user_sees_only_calls_of_own_numbers(own: Tenant) -> None:
    client = own.client(f"other-{own.email}")
    assert client.get(own.home + "api/v1/recordings").json()["items"] == []
    for route in sorted(set(WITH_IDS) - BEFORE):
        for address in filled(route, own):
            assert client.get(own.home + address).status_code in {403, 404}, address
    assert client.get(own.home + "audit/").status_code == 403
    assert client.get(own.home + "api/v1/audit").status_code == 403


def test_whoever_may_play_is_not_yet_who_may_take_away_or_delete(own: Tenant) -> None:
    now = datetime.now(UTC)
    with tenancy.scope(own.customer):
        keeper = User.objects.get(email=own.email).id
        ada = create_user(
            email="ada@plays.example", name="Ada", password=PASSWORD, role="user", numbers=["+390584943232"]
        )
        people.decide(own_visible=True, own_download=False, factor_roles=[], by=keeper, at=now)
    client = own.client("ada@plays.example")
    address = f"{own.home}api/v1/recordings/{own.recording}"
    delete = f"{own.home}retention/delete/recordings/{own.recording}/"

    def answers() -> list[int]:
        taken = (f"{address}/media/wav", f"{address}/media/opus", f"{address}/parts/000.age")
        asked = (f"{address}/media/mp3", *taken, delete)
        return [client.get(one).status_code for one in asked]

    try:
        assert answers() == [200, 403, 403, 403, 403]
        page = client.get(f"{own.home}recordings/{own.recording}/")
        assert page.status_code == 200
        assert b"parts/000.age" not in page.content
        with tenancy.scope(own.customer):
            people.set_level(ada.id, level="own", may_download=True, may_delete=True, by=keeper, at=now)
        assert answers() == [200, 200, 200, 200, 200]
        assert client.get(delete.replace("recordings/" + str(own.recording), f"contacts/{uuid4()}")).status_code == 403
        with tenancy.scope(own.customer):
            people.decide(own_visible=False, own_download=False, factor_roles=[], by=keeper, at=now)
        assert answers() == [404, 404, 404, 404, 404]
    finally:
        with tenancy.scope(own.customer):
            people.decide(own_visible=True, own_download=True, factor_roles=[], by=keeper, at=now)


FOR_THE_FEW = (
    "backups/", "backups/progress", "contacts/settings", "exports/", "exports/ask", "holds/", "holds/new", "inventory/",
    "inventory/processing/", "inventory/processing/record.json", "inventory/processing/record.jsonld",
    "inventory/processing/record.pdf", "lifecycle/", "live/alarms/", "live/policies/", "live/policies/new",
    "retention/", "rights/", "rights/enter", "rights/programs", "people/", "people/add", "people/groups/",
    "people/rules", "people/sign-on", "people/access/", "people/access/table.csv", "people/sessions/", "people/import",
)  # fmt: skip


@pytest.mark.parametrize("role", ["user", "supervisor"])
def test_pages_of_duties_are_for_who_sees_everything(role: str, own: Tenant) -> None:
    """Neither seen nor sent to: a button that is not shown is no lock."""
    assert set(FOR_THE_FEW) <= set(ROUTES)
    email = f"{role}@few.example"
    with tenancy.scope(own.customer):
        create_user(email=email, name=role, password=PASSWORD, role=role)
    client = own.client(email)
    for route in FOR_THE_FEW:
        assert client.get(own.home + route).status_code == 403, route
        assert client.post(own.home + route, {"deed": "end", "name": own.customer.handle}).status_code == 403, route
    for route in WITH_IDS:
        if route.startswith(tuple(one for one in FOR_THE_FEW if one.endswith("/"))):
            for address in filled(route, own):
                assert client.post(own.home + address, {"deed": "lift"}).status_code in {403, 404, 405}, address
    asked = client.post(own.home + "api/v1/opendsr/v3/requests", b"{}", "application/json")
    assert asked.status_code == 403


@pytest.mark.parametrize("route", [route for route in routes(PROVIDER_URLS) if route not in POSTED | BEFORE])
def test_the_provider_sees_counts_and_never_content(route: str, own: Tenant) -> None:
    provider = tenancy.provider()
    with tenancy.scope(provider):
        if not User.objects.filter(email="olga@provider.example").exists():
            create_user(email="olga@provider.example", name="Olga", password=PASSWORD, role="operator")
        own = replace(own, ids={**own.ids, "request_id": asked_by_a_person()["request_id"]})
    if "departure_id" in route:
        own = replace(own, ids={**own.ids, "departure_id": departed()})
    client = Client(HTTP_HOST="127.0.0.1")
    for address in filled(route, own):
        assert client.get("/provider/" + address).status_code == (200 if route == "sign-in" else 302)
    signed = client.post("/provider/sign-in", {"email": "olga@provider.example", "password": PASSWORD})
    assert signed.status_code == 302
    for address in filled(route, own):
        answer = client.get("/provider/" + address)
        assert answer.status_code == (302 if route in FREE else 403 if route in NEEDS_A_GRANT else 200), address
        assert b"Quillfeather" not in body(answer)
    assert client.get(own.home + "recordings/").status_code == 302
