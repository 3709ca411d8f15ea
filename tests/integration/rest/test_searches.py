"""Saved searches by programs: kept, shared, read as the list reads them, removed by who may."""

from datetime import timedelta

from django.db import connection
from tests.integration.rest.conftest import Office, bearer, now

from parley.people import api as people
from parley.tenancy import api as tenancy
from parley.tokens import api as tokens


def test_searches_are_kept_shared_and_removed(office: Office) -> None:
    at, here = now(), f"{office.api}/searches"
    with tenancy.scope(office.customer):
        una = people.create_user(email="una@search.example", name="Una", password=None, role="user").id
        made = tokens.make(name="u", scopes=tuple(tokens.SCOPES), by=una, at=at, expires_at=at + timedelta(days=1))
    ada, una_program, sent = bearer(office.token()), bearer(made.text), {"content_type": "application/json"}
    query = "number=%2B390584943232&page=7"
    own = ada.post(here, {"name": "Mine alone", "query": query}, **sent)
    shared = ada.post(here, {"name": "Ours", "query": "direction=inbound", "shared": True}, **sent)
    assert (own.status_code, shared.status_code) == (201, 201)
    first = {one["id"]: one for one in ada.get(here).json()}
    assert first[own.json()["id"]]["query"] == "number=%2B390584943232"  # what the list reads, without its page
    seen = {one["id"]: one for one in una_program.get(here).json()}
    assert own.json()["id"] not in seen
    assert (seen[shared.json()["id"]]["name"], seen[shared.json()["id"]]["mine"]) == ("Ours", False)
    for wrong, status in (("since=no", 422), ("page=2", 409)):
        assert ada.post(here, {"name": "x", "query": wrong}, **sent).status_code == status
    refused = una_program.delete(f"{here}/{shared.json()['id']}")
    assert (refused.status_code, refused.json()["error_id"]) == (409, "people.search_refused")
    assert ada.delete(f"{here}/{shared.json()['id']}").status_code == 204
    assert shared.json()["id"] not in {one["id"] for one in una_program.get(here).json()}
    with tenancy.scope(office.customer), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM people_savedsearch t WHERE t::text LIKE %s", ["%Mine alone%"])
        assert cursor.fetchone() == (0,)
