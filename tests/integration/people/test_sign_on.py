"""Signing in at the customer's OpenID provider: a certified one in a process of its own, and hostile ones."""

import base64
import hmac
import http.cookiejar
import json
import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from joserfc import jwt
from joserfc.jwk import RSAKey
from tests.support.peers import wait_for

from parley.people import api as people
from parley.people import openid
from parley.people.models import ExternalIdentity, SignOn
from parley.tenancy import api as tenancy
from parley.web.assets import NODE

ROOT = Path(__file__).resolve().parents[3]
SECRET = "a secret / of %ours"
BACK = "http://127.0.0.1:8470/c/signed-on/sign-in/back"
NONCE = "n" * 43


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The issuer of a running provider, which lets anybody in under the name it types."""
    port = free_port()
    running = subprocess.Popen(
        [NODE / "node", ROOT / "tests/peers/openid_provider.mjs", str(port), BACK],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert running.stdout is not None
    try:
        wait_for("the provider listens", lambda: running.stdout.readline().strip() == "listening", seconds=30)  # type: ignore[union-attr]  # checked above
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(10)


@pytest.fixture(scope="module")
def office(make_customer, django_db_blocker: object) -> Iterator[tenancy.Customer]:  # type: ignore[no-untyped-def]
    with django_db_blocker.unblock(), tenancy.scope(made := make_customer(handle="signed-on")):  # type: ignore[attr-defined]
        people.create_user(email="keeper@corp.example", name="Keeper", password=None, role="administrator")
        people.create_user(email="ada@corp.example", name="Ada", password=None, role="supervisor")
        yield made


@pytest.fixture
def sign_on(office: tenancy.Customer, provider: str, settings: Any) -> Iterator[str]:
    """A sign-on at the running provider."""
    settings.PARLEY_CALLBACK_ALLOW = (urllib.parse.urlsplit(provider).netloc,)
    settings.PARLEY_PUBLIC_URL = "http://127.0.0.1:8470"
    made = people.sign_ons.add_sign_on(
        name="Corp", issuer=provider, client_id="parley", secret=SECRET, claim="email", domains=["corp.example"],
        create_missing=False, by=people.User.objects.get(email="keeper@corp.example").id, at=datetime.now(UTC),
    )  # fmt: skip
    yield str(made)
    SignOn.objects.all().delete()


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows redirects at the provider, and stops before the one that leads back to us."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if newurl.startswith(BACK):
            raise urllib.error.HTTPError(newurl, code, "back", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def log_in_there(url: str, name: str) -> str:
    """What a person does at the provider: types a name, agrees; the address that leads back."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(_Stay, urllib.request.HTTPCookieProcessor(jar))
    try:
        page = browser.open(url).read().decode()
        for fields in ({"prompt": "login", "login": name, "password": "x"}, {"prompt": "consent"}):
            action = re.search(r'action="([^"]+)"', page)
            assert action, page[:500]
            there = urllib.parse.urljoin(url, action[1])
            page = browser.open(there, urllib.parse.urlencode(fields).encode()).read().decode()
    except urllib.error.HTTPError as left:
        if left.url.startswith(BACK):
            return left.url
        raise
    raise AssertionError("the provider led nowhere")


def begun(sign_on: str) -> tuple[Client, str]:
    client = Client(HTTP_HOST="127.0.0.1:8470")
    answer = client.get(f"/c/signed-on/sign-in/with/{sign_on}?next=/c/signed-on/recordings/")
    assert answer.status_code == 302
    return client, answer["Location"]


def came_back(client: Client, address: str) -> Any:
    parts = urllib.parse.urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def test_somebody_signs_in_at_a_real_provider(sign_on: str) -> None:
    client, url = begun(sign_on)
    assert "code_challenge_method=S256" in url
    back = log_in_there(url, "ada")
    answer = came_back(client, back)
    assert (answer.status_code, answer["Location"]) == (302, "/c/signed-on/recordings/")
    ada = people.User.objects.get(email="ada@corp.example")
    assert [line.means for line in people.sign_ins(ada.id, at=datetime.now(UTC))] == ["openid"]
    assert client.get("/c/signed-on/account/").status_code == 200
    assert b"ada" not in bytes(ExternalIdentity.objects.get(user=ada).subject_index)
    assert client.post("/c/signed-on/sign-out")["Location"].endswith(f"?ended={sign_on}")
    assert "/session/end" in client.get(f"/c/signed-on/sign-in/with/{sign_on}/end")["Location"]
    # The same answer again, in another browser and in this one, belongs to no sign-in.
    for browser in (client, Client(HTTP_HOST="127.0.0.1:8470")):
        again = came_back(browser, back)
        assert again.status_code == 403
        assert "belongs to no sign-in" in again.content.decode()


def test_accounts_are_found_made_or_refused(sign_on: str) -> None:
    for name, said in (
        ("nobody", "There is no account for you".lower()),
        ("unchecked", "does not speak for your address"),
    ):
        client, url = begun(sign_on)
        answer = came_back(client, log_in_there(url, name))
        assert answer.status_code == 403
        assert said in answer.content.decode().lower()
    SignOn.objects.update(create_missing=True)
    client, url = begun(sign_on)
    assert came_back(client, log_in_there(url, "newcomer")).status_code == 302
    made = people.User.objects.get(email="newcomer@corp.example")
    assert (made.role, made.name, made.level) == ("user", "The newcomer", "own")
    SignOn.objects.update(domains=["other.example"])
    client, url = begun(sign_on)
    assert "does not speak for your address" in came_back(client, log_in_there(url, "eve")).content.decode()
    people.set_active(made.id, active=False, by=made.id, at=datetime.now(UTC))
    client, url = begun(sign_on)
    assert "your account is closed" in came_back(client, log_in_there(url, "newcomer")).content.decode().lower()


def test_the_secret_is_sealed_and_a_wrong_one_is_told(sign_on: str) -> None:
    row = SignOn.objects.get()
    assert SECRET.encode() not in bytes(row.secret)
    people.sign_ons.remove_sign_on(row.id, by=row.id, at=datetime.now(UTC))
    made = people.sign_ons.add_sign_on(
        name="Corp", issuer=row.issuer, client_id="parley", secret="another", claim="email", domains=["corp.example"],
        create_missing=False, by=row.id, at=datetime.now(UTC),
    )  # fmt: skip
    client, url = begun(str(made))
    answer = came_back(client, log_in_there(url, "ada"))
    assert answer.status_code == 403
    assert "Check issuer, client id and client secret." in answer.content.decode()


class Hostile:
    """A provider that answers what a test wants: by default everything right."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.answers: dict[str, Callable[[], bytes]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = outer.answers[urllib.parse.urlsplit(self.path).path]()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self.server.server_port}"
        self.issuer = f"http://{self.place}"
        self.client = openid.Client(issuer=self.issuer, client_id="parley", client_secret="s")
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.says("/.well-known/openid-configuration", self.description())
        self.says("/keys", {"keys": [self.key.as_dict(private=False)]})
        self.gives(self.signed())

    def says(self, path: str, content: dict[str, Any]) -> None:
        self.answers[path] = lambda: json.dumps(content).encode()

    def gives(self, token: str) -> None:
        self.says("/token", {"id_token": token, "access_token": "a"})

    def description(self, **changes: Any) -> dict[str, Any]:
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/go",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys", **changes,
        }  # fmt: skip

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.issuer, "aud": "parley", "sub": "ada", "nonce": NONCE, "iat": now, "exp": now + 300, **changes
        }  # fmt: skip

    def signed(self, **changes: Any) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, self.claims(**changes), self.key)

    def finish(self, **answer: str) -> Any:
        given = {"state": "s" * 43, "code": "c", **answer}
        return openid.finish(
            self.client, given, state="s" * 43, nonce=NONCE, verifier="v", back=BACK, at=datetime.now(UTC)
        )  # fmt: skip


@pytest.fixture
def hostile(settings: Any) -> Iterator[Hostile]:
    made = Hostile()
    settings.PARLEY_CALLBACK_ALLOW = (made.place,)
    yield made
    made.server.shutdown()
    made.server.server_close()


def refused(hostile: Hostile, **answer: str) -> str:
    with pytest.raises(people.SignOnRefused) as refusal:
        hostile.finish(**answer)
    assert refusal.value.remedy
    return str(refusal.value.args[0])


def test_what_is_right_is_believed(hostile: Hostile) -> None:
    assert hostile.finish()["sub"] == "ada"
    assert hostile.finish(iss=hostile.issuer)["sub"] == "ada"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nonce": "another"}, "of another sign-in"),
        ({"nonce": None}, "of another sign-in"),
        ({"aud": "other"}, "for another client"),
        ({"aud": ["parley", "other"]}, "for another client"),
        ({"aud": ["parley", "other"], "azp": "other"}, "for another client"),
        ({"iss": "https://other.example"}, "of another issuer"),
        ({"exp": 1_700_000_000}, "is over"),
        ({"exp": None}, "is over"),
        ({"exp": 10**400}, "is over"),
        ({"exp": "9999999999"}, "is over"),
        ({"iat": 9_999_999_999}, "of the future"),
        ({"sub": ""}, "names nobody"),
        ({"sub": "x" * 256}, "names nobody"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(hostile: Hostile, changes: dict[str, Any], said: str) -> None:
    hostile.gives(hostile.signed(**changes))
    assert said in refused(hostile)


def test_a_token_that_is_not_signed_with_the_providers_key_is_refused(hostile: Hostile) -> None:

    def encoded(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).decode().rstrip("=")

    def part(content: dict[str, Any]) -> str:
        return encoded(json.dumps(content).encode())

    shared = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(hostile.claims())}"
    made_with_public_key = hmac.digest(hostile.key.as_pem(private=False), shared.encode(), "sha256")
    forged = [
        f"{part({'alg': 'none'})}.{part(hostile.claims())}.",
        f"{shared}.{encoded(made_with_public_key)}",  # the public key taken for a shared secret
        jwt.encode({"alg": "RS256", "kid": "one"}, hostile.claims(), RSAKey.generate_key(2048)),
        hostile.signed()[:-8] + "AAAAAAAA",
        "no token",
    ]
    for token in forged:
        hostile.gives(token)
        assert "not signed by it" in refused(hostile)


def test_answers_of_another_provider_are_refused(hostile: Hostile) -> None:
    """RFC 9207: a mix-up of issuers."""
    assert "another provider answered" in refused(hostile, iss="https://other.example")
    naming = {"authorization_response_iss_parameter_supported": True}
    hostile.says("/.well-known/openid-configuration", hostile.description(**naming))
    assert "another provider answered" in refused(hostile)
    hostile.says("/.well-known/openid-configuration", hostile.description(issuer="https://other.example"))
    assert "calls itself by another name" in refused(hostile)
    assert "belongs to no sign-in" in refused(hostile, state="other")


def test_addresses_within_our_network_are_not_called(hostile: Hostile) -> None:
    for place in ("http://127.0.0.1:1/token", "https://169.254.169.254/latest", "file:///etc/passwd"):
        hostile.says("/.well-known/openid-configuration", hostile.description(token_endpoint=place))
        assert "an address that is not called" in refused(hostile)


def test_who_is_told_of_must_be_who_is_proved(hostile: Hostile) -> None:
    there = {"userinfo_endpoint": f"{hostile.issuer}/who"}
    hostile.says("/.well-known/openid-configuration", hostile.description(**there))
    hostile.says("/who", {"sub": "eve", "email": "keeper@corp.example"})
    assert "tells of another person" in refused(hostile)
    hostile.says("/who", {"sub": "ada", "email": "ada@corp.example", "iss": "x"})
    assert hostile.finish()["iss"] == hostile.issuer


def test_huge_slow_and_broken_answers_end(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile.answers["/keys"] = lambda: b" " * (1 << 20)
    assert "larger than" in refused(hostile)
    hostile.answers["/keys"] = lambda: b"[" * 100_000
    assert "its keys" in refused(hostile)
    hostile.says("/keys", {"keys": [{"kty": "RSA", "n": "!", "e": "AQAB"}]})
    assert "its keys cannot be read" in refused(hostile)
    monkeypatch.setattr("parley.webhooks.egress._IN_ALL", 0.5)

    def slow() -> bytes:
        time.sleep(1.5)
        return b"{}"

    hostile.answers["/token"] = slow
    started = time.monotonic()
    assert "does not answer" in refused(hostile)
    assert time.monotonic() - started < 1.4
