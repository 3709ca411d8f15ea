"""Recordings sealed anew through the interface: by the command on a customer's machine over HTTP, whose traffic holds
no key; refused to whoever may not, and in words that a program understands."""

import subprocess
import sys
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pytest_django import DjangoDbBlocker
from tests.integration.recordings.conftest import Somebody
from tests.integration.rest.conftest import bearer, now
from tests.journeys.conftest import Servers
from tests.support.installation import MakeCustomer
from tests.support.spooled import Spooler
from tests.support.wiretap import Wiretap

from parley.governance.access import api as access
from parley.inventory.api import Held
from parley.people.api import Role, create_user
from parley.recordings import api as recordings
from parley.recordings.models import Recording
from parley.recordings.resealing import api as resealing
from parley.retention import api as retention
from parley.sealing.api import generate_identity, stored_header
from parley.tenancy import api as tenancy
from parley.tokens import api as tokens

OLD, SPARE, NEW, SECOND = (generate_identity() for _ in range(4))
PRESENT = [NEW.recipient, SECOND.recipient]


@pytest.fixture(scope="module")
def held(
    make_customer: MakeCustomer, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> tuple[tenancy.Customer, list[UUID]]:
    """A customer that rotated its keys after four recordings, one of which rests under a hold."""
    with django_db_blocker.unblock():
        made = make_customer(custody="customer-held", recipients=(OLD.recipient, SPARE.recipient))
        spooler = Spooler(tmp_path_factory.mktemp("spool"), made)
        with tenancy.scope(made):
            begun = now() - timedelta(hours=1)
            found = [
                recordings.finalize(
                    spooler.close(at=begun + timedelta(minutes=n)), store=recordings.installed_store(), now=now()
                )
                for n in range(4)
            ]
            record = Held(store="recordings", kind="recording", id=found[2], at=begun + timedelta(minutes=2))
            retention.place_hold(
                title="T", ground="G", owner=uuid4(), review_at=now() + timedelta(days=9), by=uuid4(), at=now(),
                records=[record],
            )  # fmt: skip
            access.rotate_keys(recipients=PRESENT, by=uuid4(), party="customer", at=now())
    return made, found


def token_of(
    customer: tenancy.Customer, *, role: Role = "administrator", scope: tokens.Scope = "recordings:reseal"
) -> str:
    with tenancy.scope(customer):
        numbers = ["+390584999999"] if role == "user" else []
        by = create_user(email=f"{uuid4().hex}@r.example", name="R", password=None, role=role, numbers=numbers).id
        return tokens.make(
            name="r", scopes=[scope], groups=None, by=by, at=now(), expires_at=now() + timedelta(days=1)
        ).text


def test_whoever_may_not_gets_no_header_and_changes_nothing(held: tuple[tenancy.Customer, list[UUID]]) -> None:
    customer, made = held
    api = f"/c/{customer.handle}/api/v1"
    listed = bearer(token_of(customer)).get(f"{api}/former-keys").json()
    assert (listed["total"], listed["left"], listed["recipients"]) == (4, 4, PRESENT)
    body = {
        "recipients": PRESENT,
        "files": [{"name": "000.age", "header": "YQ==", "proof": b64encode(bytes(32)).decode()}],
    }
    for text in (token_of(customer, role="user"), token_of(customer, scope="recordings:read")):
        program = bearer(text)
        assert program.get(f"{api}/former-keys").status_code == 403
        assert program.get(f"{api}/former-keys/fields").status_code == 403
        for path, given in (
            (f"recordings/{made[0]}/reseal", body),
            ("former-keys/fields", {"recipients": PRESENT, "keys": []}),
        ):
            assert program.post(f"{api}/{path}", given, content_type="application/json").status_code == 403
    program = bearer(token_of(customer))
    for given, recording, status, error in (
        (body, made[0], 400, "recordings.header-refused"),
        (body | {"recipients": [OLD.recipient, SPARE.recipient]}, made[0], 409, "recordings.resealing-refused"),
        (body, made[2], 409, "recordings.resealing-refused"),
        (body, uuid4(), 404, "recordings.no-such-recording"),
        (body | {"files": [{"name": "000.age", "header": "!", "proof": "x" * 44}]}, made[0], 422, "web.bad_request"),
    ):
        answer = program.post(f"{api}/recordings/{recording}/reseal", given, content_type="application/json")
        assert (answer.status_code, answer.json()["error_id"]) == (status, error)
    assert program.get(f"{api}/former-keys?after=2026~x").status_code == 400
    with tenancy.scope(customer):
        assert resealing.former().left == 4


def test_the_command_seals_all_anew_and_no_key_crosses_the_wire(
    held: tuple[tenancy.Customer, list[UUID]], servers: Servers, tmp_path: Path
) -> None:
    customer, made = held
    host, _, port = servers.base.removeprefix("http://").partition(":")
    tap = Wiretap((host, int(port)))
    (tmp_path / "token").write_text(token_of(customer))
    (tmp_path / "old.txt").write_text(f"# mine\n{OLD.secret}\n")

    def command(*recipients: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                sys.executable, "-m", "parley.project.cli", "reseal", f"http://127.0.0.1:{tap.port}/c/{customer.handle}/",
                "--token", tmp_path / "token", "--identity", tmp_path / "old.txt",
                *(word for one in recipients for word in ("--recipient", one)),
            ],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    other = command(NEW.recipient, SPARE.recipient)
    assert other.returncode != 0
    assert "the console names other keys than you do" in other.stdout + other.stderr
    done = command(*PRESENT)
    assert done.returncode == 1, "one of them rests under a hold"
    assert "3 recordings and " in done.stdout, done.stderr
    assert "1 stay as they are: It rests under a legal hold." in done.stdout
    again = command(*PRESENT)
    assert "0 recordings and 0 keys" in again.stdout
    tap.close()
    assert b"/reseal" in tap.sent
    assert not any(tap.holds(key.secret.encode()[20:60]) for key in (OLD, SPARE, NEW, SECOND))
    with tenancy.scope(customer):
        assert (resealing.former().left, resealing.former().fields) == (1, 0)
        (left,) = resealing.headers(Somebody(), store=recordings.installed_store())
        assert left.recording_id == made[2]
        for recording in made:
            part = Recording.objects.get(id=recording).parts.get()
            with recordings.installed_store().open(part.object_key) as file:
                header = stored_header(file, "age") or b""
            assert header.count(b"-> X25519") == 2
            assert (b"parley-sealed-as" in header) == (recording != made[2])
