"""Requests from another program: signed receipts and states, refusals with an error_id, keys that open nothing else."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.test import Client
from tests.support.installation import MakeCustomer

from parley.people.api import User, create_user
from parley.rights import api as rights
from parley.tenancy import api as tenancy

PASSWORD = "a sentence that nobody guesses 9"
BASE = "/c/dsr-one/api/v1/opendsr/v3/"


@pytest.fixture(autouse=True)
def unblocked(cluster: Path, django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture(scope="module")
def whose(make_customer: MakeCustomer, django_db_blocker: object) -> tenancy.Customer:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        made = make_customer(handle="dsr-one")
        with tenancy.scope(made):
            create_user(email="keeper@dsr.example", name="Keeper", password=PASSWORD, role="administrator")
            create_user(email="second@dsr.example", name="Second", password=PASSWORD, role="compliance")
            create_user(email="user@dsr.example", name="User", password=PASSWORD, role="user", numbers=["+39058499"])
        return made


def signed_in(handle: str = "dsr-one", email: str = "keeper@dsr.example") -> Client:
    client = Client(HTTP_HOST="127.0.0.1")
    assert client.post(f"/c/{handle}/sign-in", {"email": email, "password": PASSWORD}).status_code == 302
    return client


@pytest.fixture
def key(whose: tenancy.Customer) -> str:
    return made_key()


def made_key(email: str = "keeper@dsr.example") -> str:
    page = signed_in(email=email).post("/c/dsr-one/rights/programs").content.decode()
    return page.split('<code id="key">')[1].split("<")[0]


class Program:
    """Another program with a key."""

    def __init__(self, key: str) -> None:
        self.client = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Bearer {key}"}

    def post(self, body: Any, **more: Any) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = more.pop("kind", "application/json")
        return self.client.post(BASE + "requests", content, content_type=kind, headers=self.headers, **more)

    def get(self, which: str) -> Any:
        return self.client.get(BASE + which, headers=self.headers)

    def delete(self, which: str) -> Any:
        return self.client.delete(BASE + which, headers=self.headers)


def wanted(**more: Any) -> dict[str, Any]:
    return {
        "regulation": "gdpr",
        "subject_request_id": str(uuid4()),
        "subject_request_type": "access",
        "submitted_time": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
        "subject_identities": [
            {"identity_type": "email", "identity_value": "maria@quillfeather.example", "identity_format": "raw"},
            {"identity_type": "phone_number", "identity_value": "+390584123456", "identity_format": "raw"},
        ],
        **more,
    }


def verify(answer: Any) -> None:
    """By the key that anybody may read, as the receiver of a callback would."""
    anybody = Client(HTTP_HOST="127.0.0.1")
    found = anybody.get(BASE + "discovery").json()
    assert found["processor_certificate"].endswith("/api/v1/opendsr/v3/certificate")
    key = load_pem_public_key(anybody.get(BASE + "certificate").content)
    assert isinstance(key, Ed25519PublicKey)
    signature = base64.b64decode(answer["X-OpenDSR-Signature"])
    key.verify(signature, answer.content)
    with pytest.raises(InvalidSignature):
        key.verify(signature, answer.content + b" ")
    assert answer["X-OpenDSR-Processor-Domain"] == "127.0.0.1"


def test_a_request_is_handed_in_followed_and_taken_back(key: str, whose: tenancy.Customer) -> None:
    program, asked = Program(key), wanted()
    answer = program.post(asked)
    assert answer.status_code == 201, answer.content
    verify(answer)
    receipt = answer.json()
    assert receipt["controller_id"] == "dsr-one"
    assert json.loads(base64.b64decode(receipt["encoded_request"])) == asked
    due = datetime.fromisoformat(receipt["expected_completion_time"])
    assert timedelta(days=27) < due - datetime.now(UTC) < timedelta(days=32)
    again = program.post(asked)
    assert again.status_code == 201
    assert program.post({**asked, "subject_request_type": "erasure"}).json()["error_id"] == "opendsr.id_used"
    with tenancy.scope(whose):
        view = rights.by_external(asked["subject_request_id"], at=datetime.now(UTC))
    assert view.line.channel == "api" and view.person.number == "+390584123456"
    status = program.get(f"requests/{asked['subject_request_id']}")
    verify(status)
    assert status.json()["request_status"] == "pending"
    assert "quillfeather" not in status.content.decode()
    gone = program.delete(f"requests/{asked['subject_request_id']}")
    assert gone.status_code == 202
    verify(gone)
    assert program.get(f"requests/{asked['subject_request_id']}").json()["request_status"] == "cancelled"
    over = program.delete(f"requests/{asked['subject_request_id']}")
    assert over.status_code == 409 and over.json()["error"]["code"] == 409


def test_identities_by_type_and_hashes(key: str) -> None:
    program = Program(key)
    by_type = wanted(subject_identities={"email": {"value": "m@quillfeather.example", "encoding": "raw"}})
    assert program.post(by_type).status_code == 201
    hashed = [{"identity_type": "phone_number", "identity_value": "ab" * 32, "identity_format": "sha256"}]
    answer = program.post(wanted(subject_identities=hashed))
    assert answer.status_code == 400 and answer.json()["error_id"] == "opendsr.identity_format"
    assert "raw" in answer.json()["error"]["message"]
    unknown = [{"identity_type": "roku_publisher_id", "identity_value": "x", "identity_format": "raw"}]
    assert program.post(wanted(subject_identities=unknown)).json()["error_id"] == "opendsr.identity_type"
    assert program.post(wanted(subject_identities=[])).json()["error_id"] == "opendsr.no_identity"


@pytest.mark.parametrize(
    ("change", "error_id"),
    [
        ({"subject_request_id": "A7551968-D5D6-44B2-9831-815AC9017798"}, "opendsr.invalid"),
        ({"subject_request_id": "a7551968-d5d6-14b2-9831-815ac9017798"}, "opendsr.invalid"),
        ({"subject_request_type": "everything"}, "opendsr.subject_request_type"),
        ({"submitted_time": "2999-01-01T00:00:00Z"}, "opendsr.submitted_time"),
        ({"submitted_time": "0001-01-01T00:00:00+14:00"}, "opendsr.submitted_time"),
        ({"submitted_time": "2020-01-01T00:00:00"}, "opendsr.submitted_time"),
        ({"regulation": "none"}, "opendsr.invalid"),
        ({"subject_identities": {"email": "m@x.example"}}, "opendsr.invalid"),
        ({"status_callback_urls": ["http://10.0.0.1/x"]}, "rights.callback-refused"),
        ({"status_callback_urls": ["https://a.example", "https://b.example"]}, "opendsr.invalid"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], error_id: str, key: str) -> None:
    answer = Program(key).post(wanted(**change))
    assert answer.status_code == 400 and answer.json()["error_id"] == error_id, answer.content
    assert answer.json()["error"]["errors"][0]["domain"] == "OpenDSR"
    verify(answer)


def test_bodies_that_are_none(key: str) -> None:
    program = Program(key)
    assert program.post(b"{").status_code == 400
    assert program.post(b"[]").status_code == 400
    assert program.post(b"\xff\xfe").status_code == 400
    assert program.post(b"x" * 200_000).status_code in {400, 413}
    assert program.post(b"{}", kind="text/plain").json()["error_id"] == "opendsr.content_type"
    assert program.get(f"requests/{uuid4()}").status_code == 404


def test_keys_open_these_addresses_of_this_customer_alone(key: str, make_customer: MakeCustomer) -> None:
    program, other = Program(key), make_customer()
    assert program.client.get("/c/dsr-one/api/v1/recordings", headers=program.headers).status_code == 401
    assert program.client.get("/c/dsr-one/rights/", headers=program.headers).status_code == 302
    elsewhere = f"/c/{other.handle}/api/v1/opendsr/v3/requests/{uuid4()}"
    assert program.client.get(elsewhere, headers=program.headers).status_code == 401
    assert Program(key[:-2] + "xx").post(wanted()).status_code == 401
    assert Program("").post(wanted()).status_code == 401


def test_a_key_ends_with_its_account_and_its_password(whose: tenancy.Customer) -> None:
    program = Program(made_key("second@dsr.example"))
    assert program.post(wanted()).status_code == 201
    with tenancy.scope(whose):
        user = User.objects.get(email="second@dsr.example")
        user.set_password("another sentence that nobody guesses 8")
        user.save()
    assert program.post(wanted()).status_code == 401


def test_a_session_writes_from_our_pages_only_and_roles_hold(whose: tenancy.Customer) -> None:
    client = signed_in()
    body = json.dumps(wanted())
    kind = {"content_type": "application/json"}
    assert client.post(BASE + "requests", body, **kind).json()["error_id"] == "web.csrf"
    foreign = client.post(BASE + "requests", body, HTTP_ORIGIN="https://elsewhere.example", **kind)
    assert foreign.status_code == 403
    assert client.post(BASE + "requests", body, HTTP_ORIGIN="http://127.0.0.1", **kind).status_code == 201
    user = signed_in(email="user@dsr.example")
    assert user.post(BASE + "requests", body, HTTP_ORIGIN="http://127.0.0.1", **kind).status_code == 403
    assert user.get("/c/dsr-one/rights/programs").status_code == 403


def test_it_is_described(whose: tenancy.Customer) -> None:
    described = signed_in().get("/c/dsr-one/api/v1/openapi.json").json()
    paths = {path for path in described["paths"] if "opendsr" in path}
    assert {path.split("/opendsr/v3/")[1] for path in paths} == {
        "discovery", "certificate", "requests", "requests/{subject_request_id}",
    }  # fmt: skip
    post = next(described["paths"][path]["post"] for path in paths if path.endswith("/requests"))
    assert "subject_request_id" in json.dumps(post["requestBody"])
