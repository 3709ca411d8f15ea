"""Tokens: every operation refuses one without its scope, one that is over, and one of somebody else."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from tests.integration.rest.conftest import ALL, Office, bearer, now

from parley.ledger import api as ledger
from parley.people.api import add_group, create_user, set_active
from parley.people.api import groups as people_groups
from parley.tenancy import api as tenancy
from parley.tokens import api as tokens
from parley.tokens.models import Token
from parley.tokens.types import Scope
from parley.web.rest.api import rest

OPEN = {"opendsr_discovery", "opendsr_certificate"}


@dataclass(frozen=True)
class Operation:
    """One operation as the description has it."""

    method: str
    path: str
    id: str
    scopes: tuple[str, ...]
    security: tuple[Any, ...]


def operations() -> Iterator[Operation]:
    for path, methods in rest.get_openapi_schema()["paths"].items():
        for method, found in methods.items():
            security = found.get("security", ())
            scopes = tuple(scope for one in security for scope in one.get("token", ()))
            yield Operation(method, path, found["operationId"], scopes, tuple(security))


OPERATIONS = list(operations())
SCOPED = [one for one in OPERATIONS if one.scopes]


def send(client: Client, office: Office, one: Operation):
    address = office.filled(one.path)
    data = {"data": "{}", "content_type": "application/json"} if one.method in ("post", "put") else {}
    return getattr(client, one.method)(address, **data)


def test_every_operation_declares_one_scope_and_ids_are_different():
    assert {one.id for one in OPERATIONS if not one.scopes} == OPEN | {"index"}
    assert all(len(one.scopes) == 1 for one in SCOPED)
    assert {one.scopes[0] for one in SCOPED} == set(tokens.SCOPES) == set(get_args(Scope))
    assert len({one.id for one in OPERATIONS}) == len(OPERATIONS)


@pytest.fixture(scope="module")
def without(office: Office) -> dict[str, str]:
    """Of each scope, a token that includes all others."""
    return {scope: office.token([one for one in ALL if one != scope]) for scope in ALL}


@pytest.mark.parametrize("one", SCOPED, ids=lambda one: one.id)
def test_without_its_scope_an_operation_is_refused(office: Office, without: dict[str, str], one: Operation):
    answer = send(bearer(without[one.scopes[0]]), office, one)
    assert answer.status_code == 403
    if one.method != "head":
        assert answer.json()["error_id"] == "tokens.scope-missing"
        assert one.scopes[0] in answer.json()["detail"]


@pytest.fixture(scope="module")
def over(office: Office) -> dict[str, str]:
    """Tokens with every scope that open nothing: revoked, expired, of a closed account, invented."""
    revoked, expired = office.token(), office.token()
    with tenancy.scope(office.customer):
        by_text = {one.hint: one for one in tokens.tokens()}
        tokens.revoke(by_text[revoked[-4:]].id, by=office.admin.id, at=now())
        ended = Token.objects.get(hint=expired[-4:])
        ended.made_at, ended.expires_at = now() - timedelta(days=2), now() - timedelta(days=1)
        ended.save()
        gone = create_user(email="gone@rest.example", name="Gone", password=f"not {uuid4()}", role="compliance")
        closed = tokens.make(name="x", scopes=ALL, by=gone.id, at=now(), expires_at=now() + timedelta(days=1))
        set_active(gone.id, active=False, by=office.admin.id, at=now())
    return {"revoked": revoked, "expired": expired, "closed": closed.text, "invented": tokens.PREFIX + "a" * 43}


@pytest.mark.parametrize("one", SCOPED, ids=lambda one: one.id)
def test_what_is_over_opens_nothing(office: Office, over: dict[str, str], one: Operation):
    for why, token in over.items():
        answer = send(bearer(token), office, one)
        assert answer.status_code == 401, (why, one)
        assert "invalid_token" in answer["WWW-Authenticate"]


def test_a_token_opens_no_page_and_nothing_of_another_customer(office: Office, make_customer):
    client, other = bearer(office.token()), make_customer()
    assert client.get(f"{office.api}/recordings").status_code == 200
    assert client.get(f"/c/{office.customer.handle}/recordings/").status_code == 302
    assert client.get(f"/c/{other.handle}/api/v1/recordings").status_code == 401
    assert "parley_session" not in client.cookies


def test_a_bad_token_is_nobody_even_with_a_session(office: Office):
    client = Client(HTTP_HOST="127.0.0.1")
    signed = client.post(
        f"/c/{office.customer.handle}/sign-in",
        {"email": office.admin.email, "password": "a sentence that nobody guesses 9"},
    )
    assert signed.status_code == 302
    assert client.get(f"{office.api}/live").status_code == 200
    assert client.get(f"{office.api}/live", HTTP_AUTHORIZATION=f"Bearer {tokens.PREFIX}x").status_code == 401
    # A deed with a session comes from a page of ours, or not at all.
    made = {"name": "x", "url": "https://a.example/", "kinds": ["recording.deleted"]}
    assert client.post(f"{office.api}/webhooks", made, "application/json").status_code == 403
    ours = {"HTTP_ORIGIN": "http://127.0.0.1"}
    assert client.post(f"{office.api}/webhooks", made, "application/json", **ours).status_code == 201


def test_a_token_sees_what_its_maker_sees_or_less(office: Office):
    with tenancy.scope(office.customer):
        create_user(
            email="narrow@rest.example", name="N", password=f"not {uuid4()}", role="user", groups=["Sales"],
            numbers=["+390584000000"],
        )  # fmt: skip
        sales = create_user(
            email="ada@rest.example", name="A", password=f"not {uuid4()}", role="user", groups=["Desk"],
            numbers=["+390584943232"],
        )  # fmt: skip
        from parley.people.models import Group

        groups = {one.name: one.id for one in Group.objects.all()}
        user = tokens.make(name="u", scopes=ALL, by=sales.id, at=now(), expires_at=now() + timedelta(days=1))
    seen = {
        name: len(bearer(token).get(f"{office.api}/recordings").json()["items"])
        for name, token in {
            "all": office.token(), "sales": office.token(groups=[groups["Sales"]]),
            "desk": office.token(groups=[groups["Desk"]]), "user": user.text,
        }.items()
    }  # fmt: skip
    assert seen == {"all": 1, "sales": 0, "desk": 1, "user": 1}
    for token in (office.token(groups=[groups["Desk"]]), user.text):
        for path in ("audit", "webhooks", "exports", "holds"):
            assert bearer(token).get(f"{office.api}/{path}").status_code == 403


def test_the_form_never_makes_a_wider_token_than_was_asked_for(office: Office):
    with tenancy.scope(office.customer):
        add_group("Night", by=office.admin.id, at=now())
        night = next(one.id for one in people_groups() if one.name == "Night")
    client = Client(HTTP_HOST="127.0.0.1")
    home = f"/c/{office.customer.handle}/"
    client.post(f"{home}sign-in", {"email": office.admin.email, "password": "a sentence that nobody guesses 9"})
    filled = {"name": "narrow", "days": "7", "scopes": ["live:read"], "groups": [str(night)]}
    again = client.post(f"{home}integrations/tokens/new", {**filled, "name": ""})
    assert again.status_code == 400
    assert f'value="{night}" checked' in again.content.decode(), "the choice of groups is kept"
    gone = client.post(f"{home}integrations/tokens/new", {**filled, "groups": [str(uuid4())]})
    assert gone.status_code == 400
    assert client.post(f"{home}integrations/tokens/new", filled).status_code == 200
    with tenancy.scope(office.customer):
        assert [one.groups for one in tokens.tokens() if one.name == "narrow"] == [(night,)]


def test_too_many_requests_are_told_when_to_come_back(office: Office, settings):
    settings.PARLEY_TOKEN_RATE = 3
    client, other = bearer(office.token()), bearer(office.token())
    answers = [client.get(f"{office.api}/live") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one["RateLimit"].split(";")[1] for one in answers] == ["r=2", "r=1", "r=0", "r=0"]
    assert answers[0]["RateLimit-Policy"] == '"minute";q=3;w=60'
    assert 0 < int(answers[3]["Retry-After"]) <= 60
    assert answers[3].json()["error_id"] == "web.too_many_requests"
    assert other.get(f"{office.api}/live").status_code == 200


def test_made_and_revoked_are_in_the_log_and_the_token_is_nowhere(office: Office):
    text = office.token(["live:read"])
    with tenancy.scope(office.customer):
        one = next(one for one in tokens.tokens() if one.hint == text[-4:])
        assert one.last_used is None
        bearer(text).get(f"{office.api}/live")
        tokens.revoke(one.id, by=office.admin.id, at=now())
        with connection.cursor() as cursor:
            found = {entry.kind: entry.details for entry in ledger.entries(cursor, limit=2)}
            cursor.execute("SELECT count(*) FROM tokens_token t WHERE t::text LIKE %s", [f"%{text[:-4]}%"])
            assert cursor.fetchone() == (0,)
        assert found["token.made"]["scopes"] == ["live:read"]
        assert found["token.revoked"]["token"] == str(one.id)
        assert next(one for one in tokens.tokens() if one.hint == text[-4:]).last_used == now().date()


@pytest.mark.parametrize(
    "wrong", [{"scopes": []}, {"scopes": ["everything"]}, {"name": " "}, {"days": -1}, {"days": 400}]
)
def test_tokens_that_are_never_made(office: Office, wrong):
    given = {"name": "x", "scopes": ["live:read"], "days": 1, **wrong}
    days = given.pop("days")
    with tenancy.scope(office.customer), pytest.raises(tokens.TokenRefused):
        tokens.make(by=office.admin.id, at=now(), expires_at=now() + timedelta(days=days), **given)
