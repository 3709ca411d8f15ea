"""What protects the console: its headers and cookies, forms, limits, and what errors tell."""

import http.client
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.http import HttpRequest
from django.test import Client
from tests.journeys.conftest import Servers

from parley.people.api import create_user
from parley.tenancy import api as tenancy
from parley.web import rules
from parley.web.problems import failed

PASSWORD = "a sentence that nobody guesses 9"
EMAIL = "anna@protected.example"


@pytest.fixture(scope="module")
def home(make_customer, django_db_blocker: object) -> Iterator[str]:  # type: ignore[no-untyped-def]
    customer = make_customer(handle="protected")
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        with tenancy.scope(customer):
            create_user(email=EMAIL, name="Anna", password=PASSWORD, role="compliance")
        yield "/c/protected/"


@pytest.fixture
def client(home: str) -> Client:
    return Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True, REMOTE_ADDR="192.0.2.1")


def form(client: Client, home: str) -> dict[str, str]:
    page = client.get(home + "sign-in").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    return {"csrfmiddlewaretoken": token[1], "email": EMAIL, "password": PASSWORD}


def test_the_policy_allows_no_inline_script_and_no_foreign_origin(client: Client, home: str) -> None:
    answer = client.get(home + "sign-in")
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cache-Control"] == "no-store, private"
    page = answer.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\son\w+=|\sstyle=|<style", page)


def test_a_session_cookie_goes_to_one_console_only(client: Client, home: str) -> None:
    answer = client.post(home + "sign-in", form(client, home))
    assert answer.status_code == 302
    cookie = answer.cookies["parley_session"]
    assert cookie["path"] == home
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_signing_in_changes_the_session_and_signing_out_ends_it(client: Client, home: str) -> None:
    before = form(client, home)
    planted = client.cookies["parley_session"].value
    client.post(home + "sign-in", before)
    assert client.cookies["parley_session"].value != planted
    kept = client.cookies["parley_session"].value
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(home).content.decode())
    assert token
    client.post(home + "sign-out", {"csrfmiddlewaretoken": token[1]})
    client.cookies["parley_session"] = kept
    assert client.get(home).status_code == 302


def test_a_form_without_its_token_does_nothing(client: Client, home: str) -> None:
    answer = client.post(home + "sign-in", {"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 403
    assert b"web.csrf" in answer.content


def test_five_wrong_passwords_lock_the_account_and_the_page_says_so(home: str, make_customer) -> None:  # type: ignore[no-untyped-def]
    customer = make_customer(handle="lockedout")
    with tenancy.scope(customer):
        create_user(email=EMAIL, name="Anna", password=PASSWORD, role="compliance")
    client = Client(HTTP_HOST="127.0.0.1", REMOTE_ADDR="192.0.2.2")
    wrong = {"email": EMAIL, "password": "wrong"}
    for _ in range(5):
        answer = client.post("/c/lockedout/sign-in", wrong)
        assert answer.status_code == 403
        assert b"people.sign_in_refused" in answer.content
    answer = client.post("/c/lockedout/sign-in", {"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 429
    assert b"15 minutes" in answer.content


def test_a_console_that_does_not_exist_is_a_page_with_an_error_id(home: str) -> None:
    answer = Client(HTTP_HOST="127.0.0.1").get("/c/nobody-here/")
    assert answer.status_code == 404
    assert b"web.not_found" in answer.content
    assert Client(HTTP_HOST="127.0.0.1").get("/c/provider/").status_code == 404


def test_a_foreign_host_name_is_refused(home: str) -> None:
    assert Client(HTTP_HOST="evil.example").get(home + "sign-in").status_code == 400


def test_bad_filters_are_named_and_bad_cursors_refused(client: Client, home: str) -> None:
    client.post(home + "sign-in", form(client, home))
    assert "written 2026-11-22" in client.get(home + "recordings/?since=soon").content.decode()
    assert client.get(home + "recordings/?after=nonsense").status_code == 400
    for query in ("limit=0", "limit=201", "since=2026-11-22T00:00:00", "direction=up", "trunk=main"):
        answer = client.get(home + "api/v1/recordings?" + query)
        assert answer.status_code == 422, query
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["error_id"] == "web.bad_request"


def test_a_failure_tells_a_reference_and_nothing_else(home: str, capsys: pytest.CaptureFixture[str]) -> None:
    request = HttpRequest()
    request.path_info = "/api/v1/x"
    try:
        int("Key (email)=(anna@protected.example) already exists")
    except ValueError:
        answer = failed(request)
    assert answer.status_code == 500
    content = getattr(answer, "content", b"").decode()
    said = capsys.readouterr()
    assert "anna@" not in content + said.out + said.err
    assert "web.unexpected" in content


def test_a_body_of_unknown_length_is_refused_by_the_real_server(servers: Servers, home: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(servers.base).netloc, timeout=10)
    connection.request(
        "POST", home + "sign-in", body=iter([b"email=a", b"&password=b"]), encode_chunked=True,
        headers={"Content-Type": "application/x-www-form-urlencoded", "Transfer-Encoding": "chunked"},
    )  # fmt: skip
    answer = connection.getresponse()
    assert answer.status == 411
    assert b"web.length_required" in answer.read()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/c/protected/events", {}, 401),
        ("/c/protected/events", {"Cookie": "parley_session=abcdefghijklmnop"}, 401),
        ("/c/protected/events", {"Cookie": "parley_session=../../x"}, 401),
        ("/c/nobody/events", {"Cookie": "parley_session=abcdefghijklmnop"}, 401),
        ("/c/protected/events", {"Origin": "https://evil.example"}, 403),
        ("/c/protected/", {}, 404),
    ],
)
def test_events_are_for_those_who_are_signed_in(
    servers: Servers, home: str, path: str, headers: dict[str, str], status: int
) -> None:
    connection = http.client.HTTPConnection(urlsplit(servers.events).netloc, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    assert answer.status == status
    assert b"error_id" in answer.read()


def test_own_script_and_style_of_a_page_stay_below_100_kb() -> None:
    from parley.web.assets import VENDOR

    vendor = VENDOR.resolve()
    templates = VENDOR.parents[1] / "templates"

    def asked(template: Path) -> set[Path]:
        """The files of ours that a page, what it extends and what it includes ask for, not what is loaded later."""
        text = template.read_text()
        found = {VENDOR.parent / name for name in re.findall(r"{% static '(console/[^']+)' %}", text)}
        for name in re.findall(r"{% (?:extends|include) ['\"]([^'\"]+)['\"]", text):
            found |= asked(templates / name)
        return found

    def imported(module: Path, known: set[Path]) -> set[Path]:
        for name in re.findall(r"from [\"'](\.[^\"']+\.js)[\"']", module.read_text()):
            target = (module.parent / name).resolve()
            if target not in known and vendor not in target.parents:
                known |= {target} | imported(target, known | {target})
        return known

    sizes = {}
    for template in templates.rglob("*.html"):
        files = {file.resolve() for file in asked(template) if file.suffix in {".js", ".css"}}
        for script in [file for file in files if file.suffix == ".js"]:
            files |= imported(script, files)
        sizes[template.name] = sum(file.stat().st_size for file in files)
    assert sizes["recording.html"] > 50_000, "the player was counted"
    assert {name: size for name, size in sizes.items() if size >= 100_000} == {}


def test_every_page_asks_for_files_that_exist() -> None:
    from parley.web.assets import VENDOR

    templates = VENDOR.parents[1] / "templates"
    for template in templates.rglob("*.html"):
        for name in re.findall(r"{% static '([^']+)' %}", template.read_text()):
            assert (VENDOR.parent / name).is_file(), (template, name)


def test_all_roles_and_directions_have_words() -> None:
    from parley.people.api import ROLES

    assert set(ROLES) == set(rules.ROLES)
    assert set(rules.DIRECTIONS) == set(rules.ARROWS)
