"""A customer with one of everything that the interface speaks of, and tokens for it."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial, reduce
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client
from tests.journeys.conftest import integrate, servers
from tests.support.installation import MakeCustomer
from tests.support.spooled import Spooler, call

from parley.contacts import api as contacts
from parley.exports import api as exports
from parley.inventory.api import ExportOptions, Held
from parley.obligations.api import run_due
from parley.people import api as people
from parley.people.api import User, create_user, viewer
from parley.recordings import api as recordings
from parley.recordings import control
from parley.recordings.policies import Decision
from parley.recordings.types import Mishap
from parley.retention import api as retention
from parley.rights import api as rights
from parley.tenancy import api as tenancy
from parley.tokens import api as tokens
from parley.webhooks import api as webhooks

PASSWORD = "a sentence that nobody guesses 9"
ALL = tuple(tokens.SCOPES)

__all__ = ["servers"]


@pytest.fixture(autouse=True)
def unblocked_everywhere(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Office:
    """A customer, who administers it, and ids by the names of parameters."""

    customer: tenancy.Customer
    admin: User
    ids: Mapping[str, str]

    @property
    def api(self) -> str:
        return f"/c/{self.customer.handle}/api/v1"

    def token(self, scopes: Sequence[str] = ALL, *, groups: Sequence[UUID] | None = None) -> str:
        with tenancy.scope(self.customer):
            made = tokens.make(
                name=f"program {secrets.token_hex(3)}", scopes=scopes, groups=groups, by=self.admin.id, at=now(),
                expires_at=now() + timedelta(days=30),
            )  # fmt: skip
        return made.text

    def filled(self, path: str) -> str:
        for name, value in self.ids.items():
            path = path.replace(f"{{{name}}}", value)
        assert "{" not in path, path
        return self.api + path


def bearer(token: str) -> Client:
    return Client(HTTP_HOST="127.0.0.1", HTTP_AUTHORIZATION=f"Bearer {token}")


def signed_in(customer: tenancy.Customer, email: str) -> Client:
    """A browser in which somebody signed in to the console."""
    client = Client(HTTP_HOST="127.0.0.1")
    answer = client.post(f"/c/{customer.handle}/sign-in", {"email": email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return client


def report_running(spooler: Spooler, mode: recordings.Mode = "always", *deeds: recordings.Deed) -> recordings.Manifest:
    """A call as its recorder reports it after `deeds`; it is not forgotten while the tests run."""
    at = now()
    decided = Decision(mode=mode, policy=None, why="policy", auto_resume_seconds=60)
    steering = reduce(lambda so_far, deed: control.steer(so_far, deed, at=at), deeds, control.begin(decided))
    manifest = replace(spooler.manifest(at=at), steering=steering)
    seen = at + timedelta(hours=1)
    recordings.report_live(recordings.LiveReport(manifest=manifest, at=seen, packets=10, bytes=2000))
    return manifest


def furnished(customer: tenancy.Customer, folder: Path) -> Office:
    """`customer` with one of everything: a recording that can be played, a call that runs, an export, an endpoint."""
    at = now()
    with tenancy.scope(customer):
        admin = create_user(
            email=f"admin@{customer.handle}.example", name="Admin", password=PASSWORD, role="administrator"
        )
        spooler = Spooler(folder / "spool", customer)
        store = recordings.installed_store()
        recording = recordings.finalize(spooler.close(parts=[call(1.0)]), store=store, now=at)
        render = partial(recordings.render_recording, store=store, scratch=folder)
        run_due(customer, handlers={recordings.RENDER: render}, now=now())
        eyes = viewer(admin)
        note = recordings.add_note(eyes, recording, moment_ms=100, text="a promise", by=admin.id, at=at)
        tag = recordings.add_tag(eyes, recording, tag="claim", by=admin.id, at=at)
        shared = contacts.add_directory(kind="public", name="All", by=str(admin.id), at=at)
        contact = contacts.add(
            contacts.NewContact(given="Ada", numbers=(contacts.Number(value="+390584943232"),)),
            directory=shared.id, by=str(admin.id), at=at,
        )  # fmt: skip
        export = exports.start(
            title="all", reason="everything", options=ExportOptions(formats=("csv",)), by=admin.id, at=at, key="rest"
        )
        hold = retention.place_hold(
            title="Dispute", ground="1 O 7/26", owner=admin.id, by=admin.id, at=at, review_at=at + timedelta(days=9),
            records=[Held(store="contacts", kind="contact", id=UUID(int=9), at=at)],
        )  # fmt: skip
        hook = webhooks.make_endpoint(
            name="CRM", url="https://hooks.example/", kinds=list(webhooks.KINDS), by=admin.id, clause="x", at=at
        )
        delivery = webhooks.send_test(hook.id, at=at)
        chosen = [Held(store="recordings", kind="recording", id=recording, at=at)]
        deletion = recordings.deletions.ask(eyes, chosen, why="a mistake", key="rest", address="https://x/", at=at)
        bulk = recordings.bulk.start(eyes, "tag", chosen, tag="all", key="rest", by=admin.id, at=at)
        person = create_user(
            email=f"pia@{customer.handle}.example", name="Pia", password=PASSWORD, role="user", groups=["Office"],
            keys=[("extension", "4711")],
        )  # fmt: skip
        belongs = people.match_keys(person)[0].id, person.main_group_id
        search = people.save_search(name="Mine", query="direction=inbound", shared=True, by=admin.id, at=at)
        asked = UUID("6b0ac0c7-91f0-4c4a-9b8e-1d6a1f5b2c3d")
        rights.receive(
            channel="api", kinds=("access",), email="q@person.example", received_at=at, at=at, external_id=str(asked)
        )
        entry = recordings.get(eyes, recording).evidence_id
        running = report_running(spooler).recording_id
        trouble = Mishap(cause="no-ports", key="x", call="x", trunk_id=UUID(int=8), trunk_name="main", at=at)
        alarm = recordings.alarms.raise_alarm(trouble)
        ruled = recordings.Policy(id=recordings.new_policy_id(at), name="All", mode="always")
        policy = recordings.save_policy(ruled, by=admin.id, at=at)
        wish = recordings.pause(eyes, running, by=admin.id, at=at)
    integrate(customer)
    ids = {
        "recording_id": recording, "kind": "mp3", "name": "0000.age", "note_id": note.id, "tag_id": tag.id,
        "entry_id": entry, "contact_id": contact, "export_id": export, "hold_id": hold.id, "endpoint_id": hook.id,
        "delivery_id": delivery, "subject_request_id": asked, "deletion_id": deletion.id, "bulk_id": bulk,
        "search_id": search, "store": "recordings", "record_kind": "recording",
        "call_id": running, "deed": "pause", "wish_id": wish, "alarm_id": alarm,
        "policy_id": policy, "person_id": person.id, "number_id": belongs[0], "group_id": belongs[1],
    }  # fmt: skip
    signed_in(customer, person.email)
    with tenancy.scope(customer):
        ids["session_id"] = people.sign_ins(person.id, at=now())[0].id
        ids["name"] = recordings.get(viewer(admin), recording).parts[0].name
    return Office(customer=customer, admin=admin, ids={name: str(value) for name, value in ids.items()})


@pytest.fixture(scope="module")
def office(make_customer: MakeCustomer, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: object) -> Office:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        return furnished(make_customer(), tmp_path_factory.mktemp("office"))
