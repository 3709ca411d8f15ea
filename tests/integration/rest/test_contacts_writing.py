"""Contacts written by programs: as the console's pages write them, in directories that the caller changes."""

from datetime import timedelta
from uuid import UUID, uuid4

from tests.integration.rest.conftest import ALL, Office, bearer, now

from parley.contacts import api as contacts
from parley.inventory.api import Held
from parley.people import api as people
from parley.retention import api as retention
from parley.tenancy import api as tenancy
from parley.tokens import api as tokens

SENT = {"content_type": "application/json"}


def test_a_contact_is_added_changed_moved_and_deleted(office: Office) -> None:
    with tenancy.scope(office.customer):
        dan = people.create_user(email="dan@write.example", name="Dan", password=None, role="user").id
        token = tokens.make(name="d", scopes=ALL, by=dan, at=now(), expires_at=now() + timedelta(days=1)).text
        read_only = contacts.add_directory(kind="public", name="Read only", by="test", at=now())
        contacts.set_custom_fields([contacts.CustomField(key="member", label="Member")], by="test", at=now())
    admin, program, here = bearer(office.token()), bearer(token), f"{office.api}/contacts"
    mine, public = (
        next(one for one in program.get(f"{office.api}/directories").json() if one["kind"] == kind)
        for kind in ("personal", "public")
    )
    assert (mine["may_change"], public["may_change"]) == (True, False)
    new = {
        "directory": mine["id"], "given": "Eva", "family": "Esser", "emails": ["Eva@Person.example"],
        "numbers": [{"value": "+39 0584 777 777", "kind": "mobile"}], "custom": {"member": "17"}, "minor": True,
        "purposes": ["support"], "keep_until": "2031-01-01T00:00:00Z", "birthday": "2012-02-29",
    }  # fmt: skip
    made = program.post(here, new, **SENT)
    assert made.status_code == 201, made.content
    eva = made.json()
    assert (eva["name"], eva["emails"], eva["custom"], eva["minor"]) == (
        "Eva Esser", ["eva@person.example"], {"member": "17"}, True,
    )  # fmt: skip
    assert eva["numbers"] == [{"value": "+390584777777", "kind": "mobile"}]
    one = f"{here}/{eva['id']}"
    assert program.get(one).json() == eva
    assert admin.get(one).status_code == 404, "a personal directory is its owner's alone"
    assert admin.delete(one).status_code == 404

    for wrong, field in (({"emails": ["no address"]}, "`emails`"), ({"custom": {"x": "1"}}, "`custom`")):
        refused = program.put(one, {**new, **wrong}, **SENT)
        assert refused.status_code in {400, 422}
        assert field in refused.json()["detail"]
    assert program.put(one, {**new, "directory": public["id"]}, **SENT).status_code == 403
    assert program.put(one, {**new, "directory": str(uuid4())}, **SENT).status_code == 404
    assert program.post(here, {**new, "directory": str(read_only.id)}, **SENT).status_code == 403
    assert program.get(one).json() == eva, "nothing of what was refused was kept"

    changed = program.put(one, {"directory": mine["id"], "given": "Eva", "family": "Ernst"}, **SENT).json()
    assert (changed["name"], changed["emails"], changed["minor"]) == ("Eva Ernst", [], False)
    again = program.put(one, {"directory": mine["id"], "given": "Eva", "family": "Ernst"}, **SENT).json()
    assert again == changed, "the same again changes nothing"
    assert [program.delete(one).status_code for _ in range(2)] == [204, 404]


def test_what_is_held_is_not_deleted(office: Office) -> None:
    admin, at = bearer(office.token()), now()
    with tenancy.scope(office.customer):
        shared = contacts.add_directory(kind="public", name="Held ones", by="test", at=at)
    made = admin.post(f"{office.api}/contacts", {"directory": str(shared.id), "company": "Held Ltd"}, **SENT).json()
    with tenancy.scope(office.customer):
        hold = retention.place_hold(
            title="Dispute", ground="2 O 7/26", owner=office.admin.id, by=office.admin.id, at=at,
            review_at=at + timedelta(days=9),
            records=[Held(store="contacts", kind="contact", id=UUID(made["id"]), at=at)],
        )  # fmt: skip
    one = f"{office.api}/contacts/{made['id']}"
    assert admin.delete(one).status_code == 409
    with tenancy.scope(office.customer):
        retention.lift_hold(hold.id, reason="settled", by=office.admin.id, at=now())
    assert admin.delete(one).status_code == 204
