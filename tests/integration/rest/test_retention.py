"""Rules of retention by programs: read with their limits, tried without harm, set with the number that was seen."""

from datetime import timedelta

from tests.integration.rest.conftest import Office, bearer, now

from parley.people import api as people
from parley.retention import api as retention
from parley.tenancy import api as tenancy
from parley.tokens import api as tokens


def test_a_rule_is_tried_and_set(office: Office) -> None:
    at, here = now(), f"{office.api}/retention"
    with tenancy.scope(office.customer):
        una = people.create_user(email="una@kept.example", name="Una", password=None, role="user").id
        made = tokens.make(name="u", scopes=tuple(tokens.SCOPES), by=una, at=at, expires_at=at + timedelta(days=1))
        rules = retention.rules()
    ada, una_program, sent = bearer(office.token()), bearer(made.text), {"content_type": "application/json"}
    one = f"{here}/recordings/recording"
    assert una_program.get(here).status_code == 403
    assert una_program.put(one, {"amount": 1, "unit": "years", "count": 0}, **sent).status_code == 403
    assert [(each["store"], each["kind"]) for each in ada.get(here).json()] == [
        (each.store, each.kind) for each in rules
    ]
    assert ada.get(f"{here}/recordings/other/preview").status_code == 404
    assert ada.get(f"{one}/preview", {"amount": 1}).status_code == 422
    assert ada.get(f"{one}/preview", {"amount": 99_999, "unit": "years"}).status_code == 409
    assert ada.get(f"{one}/preview", {"amount": 1, "unit": "years"}).json()["count"] == 0
    changed = ada.put(one, {"amount": 1, "unit": "years", "count": 5}, **sent)
    assert (changed.status_code, "would delete 0 records now" in changed.json()["detail"]) == (409, True)
    kept = ada.put(one, {"amount": 1, "unit": "years", "count": 0}, **sent).json()
    assert (kept["keep"], kept["set_by"]) == ({"amount": 1, "unit": "years"}, str(office.admin.id))
    with tenancy.scope(office.customer):
        assert str(retention.rule("recordings", "recording").keep) == "1 year"
    assert ada.put(one, {"count": 0}, **sent).json()["keep"] is None
