"""Customers with something on every page, and the addresses of those pages: what walks the consoles asks for them.

Django's resolver says which addresses exist; one whose parameters nobody filled in fails whoever walks.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from uuid import UUID, uuid4

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
from parley.recordings import api as recordings
from parley.recordings.api import RENDER, bulk, finalize, get, installed_store, render_recording
from parley.recordings.types import Mishap
from parley.retention import api as retention
from parley.rights import api as rights
from parley.sealing.api import generate_identity
from parley.tenancy import api as tenancy
from parley.web.rest.api import rest
from parley.webhooks import api as webhooks

PASSWORD = "a sentence that nobody guesses 9"
POSTED_API = {path for path, methods in rest.get_openapi_schema()["paths"].items() if "get" not in methods}


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
            "policy_id": ruled(),
            **hooked(),
            **contacts_of(customer, folder, email),
            **people_of(email),
            "bulk_id": tagged(email, recording),
            "deletion_id": asked_to_delete(recording),
            **running(spooler, email),
            "alarm_id": alarmed(),
        }
        rotated(customer)
    change, subprocessor, version = told_alone(customer)
    ids |= {"change_id": change, "subprocessor": subprocessor, "number": str(version)}
    ids["incident_id"] = told_of_incident(customer)
    return Tenant(customer=customer, email=email, recording=recording, entry=entry, ids=ids)


def rotated(customer: tenancy.Customer) -> None:
    """The recording is sealed to former keys from now on."""
    fresh = [generate_identity().recipient for _ in range(2)] if customer.custody == "customer-held" else []
    access.rotate_keys(recipients=fresh, by=uuid4(), party="customer", at=datetime.now(UTC))


def running(spooler: Spooler, email: str) -> dict[str, str]:
    """A call that runs while the tests do, and what a person wants of it."""
    now, who = datetime.now(UTC), User.objects.get(email=email)
    manifest = spooler.manifest(at=now)
    seen = now + timedelta(hours=1)
    recordings.report_live(recordings.LiveReport(manifest=manifest, at=seen, packets=10, bytes=2000))
    wish = recordings.pause(viewer(who), manifest.recording_id, by=who.id, at=now)
    return {"call_id": str(manifest.recording_id), "wish_id": str(wish)}


def alarmed() -> str:
    """An alarm of the customer in scope."""
    now = datetime.now(UTC)
    trouble = Mishap(cause="no-ports", key="walk", call="walk", trunk_id=uuid4(), trunk_name="main", at=now)
    return str(recordings.alarms.raise_alarm(trouble))


def ruled() -> str:
    """A recording policy of the customer in scope, which changes nothing."""
    now = datetime.now(UTC)
    made = recordings.Policy(id=recordings.new_policy_id(now), name="All", mode="always")
    return str(recordings.save_policy(made, by=uuid4(), at=now))


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
    ann = contacts.NewContact(given="Ann", emails=("ann@person.example",))
    contact = contacts.add(ann, directory=own.id, by=str(who), at=now)
    contacts.object_(emails=["ann@person.example", "gone@person.example"], ground="unsubscribed", by="walk", at=now)
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


def asked_to_delete(recording: UUID) -> str:
    """A colleague's request to delete it, which nobody has decided."""
    now = datetime.now(UTC)
    return str(retention.ask_deletion("recordings", [recording], why="walk", key="walk", by=uuid4(), at=now).id)


def people_of(email: str) -> dict[str, str]:
    """A person who was invited, and a list of people that waits, of the customer in scope."""
    now, keeper = datetime.now(UTC), User.objects.get(email=email)
    person = create_user(email=f"invited-{email}", name="Ivo", password=None, role="user")
    invited = people.invite(person.id, by=keeper.id, at=now).rpartition("/join/")[2]
    brought = people.importing.upload(b"email,name\na@list.example,Ann\n", region=None, by=keeper.id, at=now)
    group = people.add_group("Walkers", by=keeper.id, at=now)
    return {"group_id": str(group.id), "person_id": str(person.id), "list_id": str(brought), "token": invited}


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


@cache
def departed() -> str:
    """The departure of a customer that wanted to be destroyed at once, certified."""
    customer = tenancy.create_customer(
        handle="departed-from-routes", name="Departed", region="eu", custody="local", agreement="ixcloud-dpa"
    )
    now = datetime.now(UTC)
    with tenancy.scope(customer):
        contract.set_notice_addresses(["office@departed.example"], by="test", at=now)
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
        "<kind>": ["mp3", "wav", "opus", "peaks"],
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
        "<uuid:policy_id>": [whose.ids["policy_id"]],
        "<uuid:contact_id>": [whose.ids["contact_id"]],
        "<uuid:import_id>": [whose.ids["import_id"]],
        "<uuid:person_id>": [whose.ids["person_id"]],
        "<uuid:list_id>": [whose.ids["list_id"]],
        "<uuid:group_id>": [whose.ids["group_id"]],
        "<uuid:number_id>": [str(uuid4())],
        "<uuid:session_id>": [str(uuid4())],
        "<uuid:call_id>": [whose.ids["call_id"]],
        "<uuid:wish_id>": [whose.ids["wish_id"]],
        "<uuid:alarm_id>": [whose.ids["alarm_id"]],
        "<uuid:bulk_id>": [whose.ids["bulk_id"]],
        "<uuid:deletion_id>": [whose.ids["deletion_id"]],
        "<str:token>": [whose.ids["token"]],
        "<uuid:record_id>": [str(whose.recording)],
        "<slug:store>": ["recordings"],
        "<store>": ["recordings"],
        "<record_kind>": ["recording"],
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
