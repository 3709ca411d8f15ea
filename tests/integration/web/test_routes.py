"""Separation as a person meets it: every address of a console answers for its own customer and for nobody else.

The walk asks Django's resolver which addresses exist, so that a new one cannot be forgotten: an address whose
parameters the walk cannot fill in fails the test.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tests.support.breaches import told_of_incident
from tests.support.departures import move
from tests.support.spooled import Spooler, call
from tests.support.subprocessors import told_alone

from parley.contacts import api as contacts
from parley.contacts import importing
from parley.exports import api as exports
from parley.governance.access import api as access
from parley.governance.access.models import StaffAccess
from parley.governance.assistance import api as assistance
from parley.governance.audits import api as audits
from parley.governance.contract import api as contract
from parley.governance.instructions import api as instructions
from parley.inventory.api import ExportOptions, Held
from parley.ledger import api as ledger
from parley.lifecycle import api as lifecycle
from parley.obligations import api as obligations
from parley.obligations.api import run_due
from parley.people import api as people
from parley.people.api import User, create_user, viewer
from parley.project.wiring import LETTERS
from parley.recordings.api import RENDER, bulk, finalize, get, installed_store, render_recording
from parley.retention import api as retention
from parley.rights import api as rights
from parley.sealing.api import generate_identity
from parley.tenancy import api as tenancy
from parley.web.place import CONSOLE_URLS, PROVIDER_URLS
from parley.web.rest.api import rest
from parley.webhooks import api as webhooks

PASSWORD = "a sentence that nobody guesses 9"
POSTED = {"sign-out"}
POSTED_API = {path for path, methods in rest.get_openapi_schema()["paths"].items() if "get" not in methods}
OPEN_API = {"api/v1/opendsr/v3/discovery", "api/v1/opendsr/v3/certificate"}  # what verifies our signatures
FREE = {"sign-in", "sign-in/factor"}  # seen by nobody who is signed in: leads home
BEFORE = {"join/<str:token>", "sign-in/passkey"}  # seen by whoever is on its way in
ELSEWHERE = {  # lead to another site: tests/integration/people/test_sign_on.py
    "sign-in/back", "sign-in/with/<uuid:sign_on_id>", "sign-in/with/<uuid:sign_on_id>/end",
}  # fmt: skip
NEEDS_A_KEY = {
    "recordings/<uuid:recording_id>/media/<kind>"
}  # customer-held: the gate refuses, and says by which clause
NEEDS_CONTACTS = {"contacts/export"}  # the agreement of the sealed customer does not reach the contact manager
NEEDS_A_GRANT = {"customers/<slug:handle>/support/"}  # nobody of the staff looks by default


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A customer with a person, a recording and evidence."""

    customer: tenancy.Customer
    email: str
    recording: UUID
    entry: UUID
    ids: Mapping[str, str] = field(default_factory=lambda: defaultdict(lambda: str(uuid4())))
    """Further ids by the name of their parameter; what nobody set is an id that never was."""

    @property
    def home(self) -> str:
        return f"/c/{self.customer.handle}/"

    def client(self, email: str = "") -> Client:
        client = Client(HTTP_HOST="127.0.0.1")
        answer = client.post(self.home + "sign-in", {"email": email or self.email, "password": PASSWORD})
        assert answer.status_code == 302, answer.content
        return client


@pytest.fixture(scope="module")
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


def tenant(customer: tenancy.Customer, folder: Path) -> Tenant:
    email = f"keeper@{customer.handle}.example"
    with tenancy.scope(customer):
        create_user(email=email, name="Keeper", password=PASSWORD, role="compliance")
        create_user(email=f"other-{email}", name="Other", password=PASSWORD, role="user", numbers=["+390584999999"])
        spooler = Spooler(folder / "spool", customer)
        recording = finalize(spooler.close(parts=[call(1.0)]), store=installed_store(), now=datetime.now(UTC))
        render = partial(render_recording, store=installed_store(), scratch=folder)
        run_due(customer, handlers={RENDER: render}, now=datetime.now(UTC))
        with tenancy.connect(customer, role="sequencer") as connected:
            ledger.integrate(connected, signer=tenancy.keyring().ledger_signer(customer))
        entry = get(viewer(User.objects.get(email=email)), recording).evidence_id
        ids = {
            **audits_of(customer, folder),
            **instructed(customer),
            **assistance_of(customer),
            **asked_by_a_person(),
            "export_id": exported(customer),
            "duty_id": str(obligations.duties()[0].id),
            "hold_id": held_record(),
            **hooked(),
            **contacts_of(customer, folder, email),
            **people_of(email),
            "bulk_id": tagged(email, recording),
        }
    change, subprocessor, version = told_alone(customer)
    ids |= {"change_id": change, "subprocessor": subprocessor, "number": str(version)}
    ids["incident_id"] = told_of_incident(customer)
    return Tenant(customer=customer, email=email, recording=recording, entry=entry, ids=ids)


def exported(customer: tenancy.Customer) -> str:
    """A saved export of the customer in scope."""
    options = ExportOptions(formats=("csv",))
    asked = exports.start(
        title="all", reason="everything", options=options, by=uuid4(), at=datetime.now(UTC), key="walk"
    )  # fmt: skip
    assert run_due(customer, handlers=exports.long_handlers(), now=datetime.now(UTC)).done == 1
    return str(asked)


def contacts_of(customer: tenancy.Customer, folder: Path, email: str) -> dict[str, str]:
    """A contact that one person alone sees, and its import with a row to mend; none where no agreement reaches them."""
    if customer.agreement == "ixcloud-dpa":
        return {"contact_id": str(uuid4()), "import_id": str(uuid4())}
    now, who = datetime.now(UTC), User.objects.get(email=email).id
    own = contacts.personal_directory(who, at=now)
    contact = contacts.add(contacts.NewContact(given="Ann"), directory=own.id, by=str(who), at=now)
    received = importing.Incoming(folder)
    received.write(b"Name,E-mail\nBo,bo@person.example\nCy,wrong\n")
    received.close()
    brought = importing.upload(received, by=who, at=now, store=installed_store())
    importing.begin(
        brought.id, mapping=brought.mapping, directory=own.id, region=None, source="walk", by=who, at=now
    )  # fmt: skip
    handlers = importing.long_handlers(store=installed_store(), scratch=folder)
    assert run_due(customer, handlers=handlers, now=datetime.now(UTC)).done == 1
    return {"contact_id": str(contact), "import_id": str(brought.id)}


def tagged(email: str, recording: UUID) -> str:
    """A deed of that person with one recording, not begun yet."""
    keeper, now = User.objects.get(email=email), datetime.now(UTC)
    records = [Held(store="recordings", kind="recording", id=recording, at=now)]
    return str(bulk.start(viewer(keeper), "tag", records, tag="walk", key="walk", by=keeper.id, at=now))


def people_of(email: str) -> dict[str, str]:
    """A person who was invited, and a list of people that waits, of the customer in scope."""
    now, keeper = datetime.now(UTC), User.objects.get(email=email)
    person = create_user(email=f"invited-{email}", name="Ivo", password=None, role="user")
    invited = people.invite(person.id, by=keeper.id, at=now).rpartition("/join/")[2]
    brought = people.importing.upload(b"email,name\na@list.example,Ann\n", region=None, by=keeper.id, at=now)
    return {"person_id": str(person.id), "list_id": str(brought), "token": invited}


def hooked() -> dict[str, str]:
    """An endpoint of the customer in scope, and a delivery to it."""
    now, who = datetime.now(UTC), uuid4()
    made = webhooks.make_endpoint(
        name="CRM", url="https://hooks.example/", kinds=["recording.deleted"], by=who, clause="x", at=now
    )
    return {"endpoint_id": str(made.id), "delivery_id": str(webhooks.send_test(made.id, at=now))}


def held_record() -> str:
    """A hold of the customer in scope, on a contact that is not the one of the walk."""
    now, who = datetime.now(UTC), uuid4()
    other = Held(store="contacts", kind="contact", id=uuid4(), at=now)
    hold = retention.place_hold(
        title="Dispute",
        ground="1 O 7/26",
        records=[other],
        owner=who,
        by=who,
        at=now,
        review_at=now + timedelta(days=9),
    )
    return str(hold.id)


def assistance_of(customer: tenancy.Customer) -> dict[str, str]:
    """A request of the staff, a drill of a key, an impact assessment."""
    now = datetime.now(UTC)
    asked = StaffAccess.objects.create(
        id=uuid4(), staff_id=uuid4(), staff_name="Olga", offering="call-recording", reason="a case", case="C-1",
        minutes=5, consent_needed=True, clause="IM-4.purposes", state="asked", asked_at=now,
    )  # fmt: skip
    drill = access.challenge(recipient=tenancy.current().recipients[0], at=now)
    needed = assistance.check(what=assistance.processing(), at=now)
    assert needed is not None
    return {"access_id": str(asked.id), "challenge_id": str(drill.id), "assessment_id": str(needed.id)}


def asked_by_a_person() -> dict[str, str]:
    """A request of a person, to whoever is in scope."""
    now, external = datetime.now(UTC), str(uuid4())
    asked = rights.receive(
        channel="api", kinds=("access",), email="q@person.example", received_at=now, at=now, external_id=external
    )
    return {"request_id": str(asked.id), "subject_request_id": external}


def instructed(customer: tenancy.Customer) -> dict[str, str]:
    """A signature, a transfer under the standard clauses, and an instruction of the customer in scope."""
    now, who = datetime.now(UTC), uuid4()
    transfer = instructions.confirm_transfer(area="me", measure="scc", importer=customer.name, by=who, at=now)
    given = instructions.give(purpose="secure-service", text="keep it running", by=who, at=now)
    signature = contract.signatures()[0]
    return {"signature_id": str(signature.id), "transfer_id": str(transfer.id), "instruction_id": str(given.id)}


def audits_of(customer: tenancy.Customer, folder: Path) -> dict[str, str]:
    """An audit, a pack, and an attestation of the provider."""
    now, who = datetime.now(UTC), uuid4()
    asked = audits.ask(
        cause="authority", reason="", scope="logs", auditor="Authority", wanted_at=now, by=who, at=now
    )  # fmt: skip
    pack = audits.ask_pack(scope="newest", audit_id=asked.id, by=who, at=now)
    handlers = audits.handlers(store=installed_store(), fonts=LETTERS, scratch=folder)
    assert run_due(customer, handlers=handlers, now=datetime.now(UTC)).failed == 0
    with tenancy.scope(tenancy.provider()):
        proof = audits.attest(
            "confidentiality", attested_at=now - timedelta(days=1), proof=b"%PDF-1.7", by=who, at=now,
            store=installed_store(),
        )  # fmt: skip
    return {"audit_id": str(asked.id), "pack_id": str(pack.id), "attestation_id": str(proof.id)}


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


@cache
def departed() -> str:
    """The departure of a customer that wanted to be destroyed at once, certified."""
    customer = tenancy.create_customer(
        handle="departed-from-routes", name="Departed", region="eu", custody="local", agreement="ixcloud-dpa"
    )
    now = datetime.now(UTC)
    with tenancy.scope(customer):
        lifecycle.end(at=now, by="test", ends_at=None, choice="delete", reason="")
    found = lifecycle.departure_of(customer.id)
    assert found is not None
    lifecycle.confirm_end(found.id, by="test", at=now)
    move(now)
    return str(found.id)


def routes(urlconf: str) -> list[str]:
    """Every route of a console as the resolver knows it, relative to the console."""

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, prefix + str(pattern.pattern))
            else:
                yield prefix + str(pattern.pattern)

    # django-ninja has a converter of its own for the same text.
    return sorted({route.replace("<uuidstr:", "<uuid:") for route in walk(get_resolver(urlconf).url_patterns, "")})


def filled(route: str, whose: Tenant) -> list[str]:
    """The addresses of `route` with the ids of `whose`; fails for a parameter that nobody taught this walk."""
    values = {
        "<uuid:recording_id>": [str(whose.recording)],
        "<uuid:entry_id>": [str(whose.entry)],
        "<kind>": ["mp3", "wav", "peaks"],
        "<name>": ["000.age"],
        "<slug:handle>": [whose.customer.handle],
        "<path:clause>": ["IX-10.incident" if whose.customer.agreement == "ixcloud-dpa" else "IM-3f.breach"],
        "<uuid:duty_id>": [whose.ids["duty_id"]],
        "<uuid:change_id>": [whose.ids["change_id"]],
        "<slug:subprocessor>": [whose.ids["subprocessor"]],
        "<int:number>": [whose.ids["number"]],
        "<uuid:audit_id>": [whose.ids["audit_id"]],
        "<uuid:pack_id>": [whose.ids["pack_id"]],
        "<uuid:attestation_id>": [whose.ids["attestation_id"]],
        "<slug:key>": ["confidentiality"],
        "<uuid:signature_id>": [whose.ids["signature_id"]],
        "<uuid:transfer_id>": [whose.ids["transfer_id"]],
        "<uuid:instruction_id>": [whose.ids["instruction_id"]],
        "<uuid:access_id>": [whose.ids["access_id"]],
        "<uuid:challenge_id>": [whose.ids["challenge_id"]],
        "<uuid:assessment_id>": [whose.ids["assessment_id"]],
        "<uuid:export_id>": [whose.ids["export_id"]],
        "<uuid:incident_id>": [whose.ids["incident_id"]],
        "<uuid:hold_id>": [whose.ids["hold_id"]],
        "<uuid:contact_id>": [whose.ids["contact_id"]],
        "<uuid:import_id>": [whose.ids["import_id"]],
        "<uuid:person_id>": [whose.ids["person_id"]],
        "<uuid:list_id>": [whose.ids["list_id"]],
        "<uuid:bulk_id>": [whose.ids["bulk_id"]],
        "<str:token>": [whose.ids["token"]],
        "<uuid:record_id>": [str(whose.recording)],
        "<slug:store>": ["recordings"],
        "<slug:kind>": ["recording"],
        "<slug:offering>": ["call-recording"],
        "<int:notice>": ["1"],
        "<uuid:request_id>": [whose.ids["request_id"]],
        "<uuid:subject_request_id>": [whose.ids["subject_request_id"]],
        "<uuid:departure_id>": [whose.ids.get("departure_id", "")],
        "<int:statement>": ["1"],
        "<slug:paper>": ["pdf", "json", "proof"],
        "<uuid:endpoint_id>": [whose.ids["endpoint_id"]],
        "<uuid:delivery_id>": [whose.ids["delivery_id"]],
        "<uuid:note_id>": [str(uuid4())],
        "<uuid:tag_id>": [str(uuid4())],
    }
    asked = {"api/v1/lookup": "?number=%2B390584943232", "api/v1/sheets": f"?id={whose.recording}"}
    found = [route + asked.get(route, "")]
    for parameter in re.findall(r"<[^>]+>", route):
        assert parameter in values, f"{route}: say in this test which {parameter} belongs to whom"
        found = [address.replace(parameter, value) for address in found for value in values[parameter]]
    return found


def body(answer: object) -> bytes:
    """The whole answer, streamed or not."""
    streamed = getattr(answer, "streaming_content", None)
    return b"".join(streamed) if streamed is not None else answer.content  # type: ignore[attr-defined,no-any-return]


def is_deed(route: str) -> bool:
    """Whether an address of the interface is only sent to; what deeds answer to whom: tests/integration/rest."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.removeprefix("api/v1")) in POSTED_API


ROUTES = [route for route in routes(CONSOLE_URLS) if route not in ELSEWHERE and not is_deed(route)]
EVERYBODYS = ("<path:clause>", "<slug:kind>", "<slug:offering>")
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
        asked = (f"{address}/media/mp3", f"{address}/media/wav", f"{address}/parts/000.age", delete)
        return [client.get(one).status_code for one in asked]

    try:
        assert answers() == [200, 403, 403, 403]
        page = client.get(f"{own.home}recordings/{own.recording}/")
        assert page.status_code == 200
        assert b"parts/000.age" not in page.content
        with tenancy.scope(own.customer):
            people.set_level(ada.id, level="own", may_download=True, may_delete=True, by=keeper, at=now)
        assert answers() == [200, 200, 200, 200]
        assert client.get(delete.replace("recordings/" + str(own.recording), f"contacts/{uuid4()}")).status_code == 403
        with tenancy.scope(own.customer):
            people.decide(own_visible=False, own_download=False, factor_roles=[], by=keeper, at=now)
        assert answers() == [404, 404, 404, 404]
    finally:
        with tenancy.scope(own.customer):
            people.decide(own_visible=True, own_download=True, factor_roles=[], by=keeper, at=now)


FOR_THE_FEW = (
    "backups/", "backups/progress", "contacts/settings", "exports/", "exports/ask", "holds/", "holds/new", "inventory/",
    "inventory/processing/", "inventory/processing/record.json", "inventory/processing/record.jsonld", "lifecycle/",
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
