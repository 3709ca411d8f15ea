"""Contacts over HTTP: list, search, forms, deeds, the wizard, export, and the page of a person without an account."""

import io
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from parley.contacts import api as contacts
from parley.contacts import importing
from parley.inventory.api import Subject
from parley.obligations.api import run_due
from parley.people.api import User, create_user
from parley.recordings.api import installed_store
from parley.retention import api as retention
from parley.tenancy import api as tenancy
from parley.web.public.preferences import preferences_path, token_of

PASSWORD = "a sentence that nobody guesses 9"
HOME = "/c/contact-house/"


@pytest.fixture(scope="module")
def house(make_customer, django_db_blocker):  # type: ignore[no-untyped-def]
    with django_db_blocker.unblock():
        customer = make_customer(handle="contact-house")
        with tenancy.scope(customer):
            create_user(email="keeper@contact.example", name="Keeper", password=PASSWORD, role="compliance")
            create_user(email="una@contact.example", name="Una", password=PASSWORD, role="user")
            contacts.add_directory(kind="public", name="Everybody", by="t", at=datetime.now(UTC))
        return customer


@pytest.fixture
def public(house: tenancy.Customer) -> str:
    with tenancy.scope(house):
        return next(str(one.id) for one in contacts.directories() if one.kind == "public")


def signed_in(email: str = "keeper@contact.example") -> Client:
    client = Client(HTTP_HOST="127.0.0.1")
    assert client.post(HOME + "sign-in", {"email": email, "password": PASSWORD}).status_code == 302
    return client


@pytest.fixture
def keeper(house: tenancy.Customer) -> Client:
    return signed_in()


def added(client: Client, directory: str, **given: str) -> str:
    answer = client.post(HOME + "contacts/add", {"directory": directory, "given": "Ann", **given})
    assert answer.status_code == 302, answer.content
    return str(answer["Location"].rstrip("/").rpartition("/")[2])


def page(client: Client, path: str) -> str:
    answer = client.get(HOME + path)
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def test_a_contact_is_added_found_changed_and_deleted(keeper: Client, public: str) -> None:
    one = added(
        keeper, public, family="Ferrari", number1="0584 943232", kind1="work", emails="Ann@Example.org", notes="x"
    )
    shown = page(keeper, f"contacts/{one}/")
    assert "Ann Ferrari" in shown
    assert "ann@example.org" in shown
    assert "recordings/?number=" in shown
    for typed in ("ferr", "ann", "943232", "example"):
        assert f"/contacts/{one}/" in page(keeper, f"contacts/?q={typed}"), typed
    assert "Nobody matches" in page(keeper, "contacts/?q=zzzzqqq")
    form = page(keeper, f"contacts/{one}/edit")
    assert 'value="Ferrari"' in form
    answer = keeper.post(
        HOME + f"contacts/{one}/edit",
        {"directory": public, "given": "Ann", "family": "Bianchi", "keep_until": "2030-01-31"},
    )
    assert answer.status_code == 302
    assert "Ann Bianchi" in page(keeper, f"contacts/{one}/")
    assert keeper.post(HOME + f"contacts/{one}/", {"deed": "delete"}).status_code == 302
    assert keeper.get(HOME + f"contacts/{one}/").status_code == 404


@pytest.mark.parametrize(
    ("given", "said"),
    [({"given": ""}, "needs a name"), ({"emails": "wrong"}, "not an e-mail address"),
     ({"number1": "abc"}, "needs digits"), ({"birthday": "x"}, "A day is written"),
     ({"directory": "x"}, "Choose one"), ({"citizenship": "1x"}, "two capital")],
)  # fmt: skip
def test_what_is_wrong_in_the_form_is_told(keeper: Client, public: str, given: dict[str, str], said: str) -> None:
    answer = keeper.post(HOME + "contacts/add", {"directory": public, "given": "Ann", "notes": "kept"} | given)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert "kept" in answer.content.decode()


def test_nobody_sees_what_is_in_anothers_own_directory(keeper: Client, house: tenancy.Customer) -> None:
    with tenancy.scope(house):
        keepers = User.objects.get(email="keeper@contact.example").id
        own = str(contacts.personal_directory(keepers, at=datetime.now(UTC)).id)
    one = added(keeper, own, family="Secretive")
    una = signed_in("una@contact.example")
    assert una.get(HOME + f"contacts/{one}/").status_code == 404
    assert una.post(HOME + f"contacts/{one}/", {"deed": "delete"}).status_code == 404
    assert "Secretive" not in page(una, "contacts/?q=secretive")
    assert una.get(HOME + "contacts/settings").status_code == 403


def test_whoever_restricted_the_use_of_its_data_can_still_unsubscribe(keeper: Client, house, public: str) -> None:  # type: ignore[no-untyped-def]
    one = UUID(added(keeper, public, family="Resting", emails="resting@example.org"))
    with tenancy.scope(house):
        held = contacts.STORE.find(Subject(emails=("resting@example.org",)))
        retention.restrict(held, reference="R-REST", ground="GDPR Art. 18(1)", at=datetime.now(UTC), by="test")
    path, client = preferences_path(house, one), Client(HTTP_HOST="127.0.0.1")
    assert client.get(path).status_code == 200
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    with tenancy.scope(house):
        assert [entry.purpose for entry in contacts.objections(email="resting@example.org")] == ["marketing"]


def test_who_does_not_change_a_directory_writes_no_consents_nor_lifts_objections(keeper: Client, public: str) -> None:
    one = added(keeper, public, family="Watched", emails="watched@example.org")
    una = signed_in("una@contact.example")
    assert una.get(HOME + f"contacts/{one}/").status_code == 200
    object_ = {"deed": "object", "purpose": "marketing", "channel": "*"}
    assert keeper.post(HOME + f"contacts/{one}/", object_).status_code == 302
    consent = {"deed": "consent", "purpose": "newsletter", "channel": "email", "how": "web form", "text_version": "3"}
    for deed in ({**consent, "given": "2026-01-01"}, {"deed": "lift", "purpose": "marketing"}, {"deed": "delete"}):
        assert una.post(HOME + f"contacts/{one}/", deed).status_code == 403
    assert "must not be contacted" in page(keeper, f"contacts/{one}/").lower()


def test_consents_and_objections(keeper: Client, public: str) -> None:
    one = added(keeper, public, family="Consenting", emails="con@example.org")
    consent = {"deed": "consent", "purpose": "newsletter", "channel": "email", "how": "web form", "text_version": "3"}
    future = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    assert keeper.post(HOME + f"contacts/{one}/", consent | {"given": future}).status_code == 400
    assert keeper.post(HOME + f"contacts/{one}/", consent | {"given": "2026-01-02"}).status_code == 302
    shown = page(keeper, f"contacts/{one}/")
    assert "Newsletter, by e-mail" in shown
    given = re.search(r'name="consent" value="([0-9a-f-]+)"', shown)
    assert given is not None
    assert keeper.post(HOME + f"contacts/{one}/", {"deed": "withdraw", "consent": given[1]}).status_code == 302
    assert "withdrawn" in page(keeper, f"contacts/{one}/")
    assert keeper.post(HOME + f"contacts/{one}/", {"deed": "object", "purpose": "marketing", "channel": "*"})
    assert "Must not be contacted for marketing" in page(keeper, f"contacts/{one}/")
    assert keeper.post(HOME + f"contacts/{one}/", {"deed": "lift", "purpose": "marketing"}).status_code == 302
    assert "Must not be contacted" not in page(keeper, f"contacts/{one}/")


def test_the_wizard_from_upload_to_undo(keeper: Client, house: tenancy.Customer, public: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = SimpleUploadedFile("list.csv", b"Name;Phone;E-mail\nWiz One;0584 1234567;\nWiz Two;;wrong\n")
    answer = keeper.post(HOME + "contacts/imports/", {"file": file})
    assert answer.status_code == 302, answer.content
    path = answer["Location"].removeprefix(HOME)
    shown = page(keeper, path)
    assert "separated by semicolons" in shown
    assert "this is not an e-mail address" in shown
    left_out = page(keeper, path + "?column0=name&column1=&column2=&region=IT")
    assert "1234567" not in left_out.partition('id="arrive"')[2]
    form = {"deed": "begin", "column0": "name", "column1": "numbers.work", "column2": "emails", "region": "IT",
            "directory": public}  # fmt: skip
    assert keeper.post(HOME + path, form).status_code == 400  # where do they come from?
    assert keeper.post(HOME + path, form | {"source": "fair", "agreed": "on"}).status_code == 400
    assert keeper.post(HOME + path, form | {"source": "fair"}).status_code == 302
    assert "begins in a moment" in page(keeper, path)
    handlers = importing.long_handlers(store=installed_store(), scratch=tmp_path)
    assert run_due(house, handlers=handlers, now=datetime.now(UTC)).done == 1
    assert keeper.get(HOME + path + "progress")["HX-Refresh"] == "true"
    assert "Rows to mend" in page(keeper, path)
    answer = keeper.get(HOME + path + "broken.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.splitlines()[0] == "Name,Phone,E-mail,why,line"
    assert "Wiz One" in page(keeper, "contacts/?q=wiz")
    una = signed_in("una@contact.example")
    assert una.get(HOME + path).status_code == 404
    assert una.get(HOME + path + "broken.csv").status_code == 404
    assert keeper.post(HOME + path, {"deed": "undo"}).status_code == 302
    assert run_due(house, handlers=handlers, now=datetime.now(UTC)).done == 1
    assert "Removed again" in page(keeper, path)


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "Choose a file first|file is empty"), (b"%PDF-1.4", "is a PDF"), (b"Name\n", "no rows")]
)
def test_what_is_no_list_is_told(keeper: Client, content: bytes, said: str) -> None:
    answer = keeper.post(HOME + "contacts/imports/", {"file": SimpleUploadedFile("x.csv", content)})
    assert answer.status_code == 400
    assert re.search(said, answer.content.decode())


def test_megabytes_are_uploaded_as_well(keeper: Client) -> None:
    rows = b"".join(b"Name %d,%d@example.org,%s\n" % (n, n, b"x" * 100) for n in range(30_000))
    file = SimpleUploadedFile("x.csv", b"Name,E-mail,Note\n" + rows)
    answer = keeper.post(HOME + "contacts/imports/", {"file": file})
    assert answer.status_code == 302
    path = answer["Location"].removeprefix(HOME)
    assert "First value" in page(keeper, path)
    assert keeper.post(HOME + path, {"deed": "withdraw"}).status_code == 302


def test_an_upload_needs_the_token_of_the_page(house: tenancy.Customer) -> None:
    strict = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
    sign_in = strict.get(HOME + "sign-in").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', sign_in)
    assert token is not None
    given = {"email": "keeper@contact.example", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    assert strict.post(HOME + "sign-in", given).status_code == 302
    refused = strict.post(HOME + "contacts/imports/", {"file": io.BytesIO(b"Name\nA\n")})
    assert refused.status_code == 403


def test_a_file_that_is_too_large_is_refused_unread(keeper: Client) -> None:
    answer = keeper.post(
        HOME + "contacts/imports/", data=b"x", content_type="multipart/form-data; boundary=a",
        headers={"Content-Length": str(importing.MOST_BYTES * 2)},
    )  # fmt: skip
    assert answer.status_code == 413


def test_duplicates_are_merged_field_by_field(keeper: Client, public: str) -> None:
    one = added(keeper, public, family="Twin", company="A", emails="twin@example.org")
    two = added(keeper, public, family="Twin", company="B", emails="twin@example.org", number1="0584 7777777")
    assert one in page(keeper, "contacts/duplicates/")
    shown = page(keeper, f"contacts/duplicates/merge?id={one}&id={two}")
    assert "Company" in shown
    answer = keeper.post(HOME + "contacts/duplicates/merge", {"id": [one, two], "company": two})
    assert answer.status_code == 302
    assert answer["Location"].endswith(f"/contacts/{one}/")
    kept = page(keeper, f"contacts/{one}/")
    assert "<dd>B</dd>" in kept
    assert "777 7777" in kept or "7777777" in kept
    assert keeper.get(HOME + f"contacts/{two}/").status_code == 404


def test_export_streams_in_the_customers_scope(keeper: Client, public: str) -> None:
    added(keeper, public, family="Exported", notes="=1+1")
    for kind in ("csv", "xlsx", "vcard", "vcard3", "ldif", "nonsense"):
        answer = keeper.get(HOME + f"contacts/export?format={kind}&q=exported")
        assert answer.status_code == 200
        content = b"".join(answer.streaming_content)
        assert b"Exported" in content or kind == "xlsx"
        assert "attachment" in answer["Content-Disposition"]


def test_settings(keeper: Client) -> None:
    answer = keeper.post(HOME + "contacts/settings", {"deed": "fields", "labels": "Customer number\n\nKunden Nr. Ü\n"})
    assert answer.status_code == 302
    assert "Customer number" in page(keeper, "contacts/settings")
    assert "Customer number" in page(keeper, "contacts/add")
    assert keeper.post(HOME + "contacts/settings", {"deed": "add-directory", "name": "Shop"}).status_code == 302
    twice = keeper.post(HOME + "contacts/settings", {"deed": "add-directory", "name": "Shop"})
    assert twice.status_code == 400
    assert "there is a directory of that name" in twice.content.decode()


@pytest.fixture
def person(house: tenancy.Customer, public: str) -> UUID:
    with tenancy.scope(house):
        now = datetime.now(UTC)
        email = f"{uuid4().hex}@person.example"
        made = contacts.add(contacts.NewContact(given="P", emails=(email,)), directory=UUID(public), by="t", at=now)
        proof = contacts.Proof(how="web form", text_version="3")
        contacts.consent(made, "marketing", "email", given_at=now, proof=proof)
        return made


def test_a_person_objects_without_an_account(house: tenancy.Customer, person: UUID) -> None:
    path, client = preferences_path(house, person), Client(HTTP_HOST="127.0.0.1")
    shown = client.get(path)
    assert shown.status_code == 200
    assert "Marketing, by e-mail" in shown.content.decode()
    assert shown["Referrer-Policy"] == "no-referrer"
    assert client.post(path, {"deed": "object", "channel": "*"}).status_code == 302
    assert "You get no marketing, in no way." in client.get(path).content.decode()
    with tenancy.scope(house):
        email = contacts.get(person).fields.emails[0]
        assert not contacts.may_contact(email, purpose="marketing", channel="email", at=datetime.now(UTC)).allowed
        assert all(one.withdrawn_at for one in contacts.consents(person))


def test_one_click_of_a_mail_program(house: tenancy.Customer, person: UUID) -> None:
    path, client = preferences_path(house, person), Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
    answer = client.post(path, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert answer.content == b"Done.\n"
    with tenancy.scope(house):
        email = contacts.get(person).fields.emails[0]
        (entry,) = contacts.objections(email=email)
        assert (entry.ground, entry.channel) == ("unsubscribed", "email")


def test_wrong_links_all_get_one_answer(house: tenancy.Customer, person: UUID, make_customer) -> None:  # type: ignore[no-untyped-def]
    other = make_customer()
    client = Client(HTTP_HOST="127.0.0.1")
    good = token_of(house, person)
    tried = [
        f"/preferences/contact-house/{token_of(house, uuid4())}",  # signed, but there is nobody
        f"/preferences/contact-house/{good[:-2]}xx",
        "/preferences/contact-house/nonsense",
        f"/preferences/{other.handle}/{good}",
        f"/preferences/nobody-has-this/{good}",
        f"/preferences/provider/{good}",
    ]
    answers = [client.get(path) for path in tried] + [
        client.post(path, {"List-Unsubscribe": "One-Click"}) for path in tried
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_the_objection_list_is_read_asked_and_taken_by_those_who_oversee(keeper: Client, public: str) -> None:
    one = added(keeper, public, given="Olga", emails="olga@objects.example", number1="+390584717171")
    assert keeper.post(
        f"{HOME}contacts/{one}/", {"deed": "object", "purpose": "survey", "channel": "phone"}
    ).status_code
    shown = page(keeper, "contacts/objections/?who=contact&purpose=survey")
    assert "Olga" in shown
    assert f"contacts/{one}/" in shown
    assert "Olga" not in page(keeper, "contacts/objections/?who=nobody")
    assert "Nothing matches." in page(keeper, "contacts/objections/?purpose=unheard-of%21&who=nobody")
    asked = {
        who: keeper.post(HOME + "contacts/objections/", {"who": who}) for who in ("+390584717171", "+390584717172", "?")
    }
    said = {who: (answer.status_code, answer.content.decode()) for who, answer in asked.items()}
    assert [status for status, _page in said.values()] == [200, 200, 400]
    assert "Yes: on the list." in said["+390584717171"][1]
    assert "No: not on the list." in said["+390584717172"][1]
    assert "neither a number nor an e-mail address" in said["?"][1]
    taken = keeper.get(HOME + "contacts/objections.csv?purpose=survey")
    assert b"Olga" in taken.getvalue()
    una = signed_in("una@contact.example")
    for path in ("contacts/objections/", "contacts/objections.csv"):
        assert una.get(HOME + path).status_code == 403
