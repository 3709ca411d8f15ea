"""The inventory over HTTP: an offering's lines with their counts, and the record of processing in its forms."""

import io
import json
from datetime import UTC, datetime

import pytest
import rdflib
from django.test import Client
from pypdf import PdfReader
from tests.support.recorded_rows import add_recording

from parley.governance.contract import api as contract
from parley.inventory import api as inventory
from parley.inventory.dpv import DPV, TERMS
from parley.people.api import create_user
from parley.retention import api as retention
from parley.tenancy import api as tenancy

PASSWORD = "a sentence that nobody guesses 9"
HOME = "/c/inventory-house/"


@pytest.fixture(scope="module")
def keeper(make_customer, django_db_blocker) -> Client:  # type: ignore[no-untyped-def]
    with django_db_blocker.unblock(), tenancy.scope(make_customer(handle="inventory-house")):
        by = create_user(email="keeper@inventory.example", name="Keeper", password=PASSWORD, role="compliance").id
        now = datetime.now(UTC)
        for number in ("+390584111111", "+390584222222"):
            add_recording(at=now, numbers=[number])
        from parley.agreement.api import Span

        retention.set_rule(store="recordings", kind="recording", keep=Span(6, "months"), by=by, at=now)
        client = Client(HTTP_HOST="127.0.0.1")
        signed = client.post(HOME + "sign-in", {"email": "keeper@inventory.example", "password": PASSWORD})
        assert signed.status_code == 302
        return client


def test_im_4_inventory_each_offering_says_what_is_held(keeper: Client) -> None:
    """control.inventory"""
    listed = keeper.get(HOME + "inventory/").content.decode()
    assert "Call recording" in listed
    shown = keeper.get(HOME + "inventory/offerings/call-recording/").content.decode()
    assert "6 months" in shown, "the customer's rule stands where the declaration leaves it to a rule"
    assert "Keyed blind index of a telephone number" in shown
    assert "IM-4.inventory" in shown
    assert "ours" in shown, "the text of this agreement leaves the categories empty"
    assert keeper.get(HOME + "inventory/offerings/nothing/").status_code == 404


def test_every_stored_field_about_people_stands_in_one_offering(keeper: Client) -> None:
    with tenancy.scope(tenancy.by_handle("inventory-house")):  # type: ignore[arg-type]
        pages = [inventory.inventory(one, terms=(), counted=False) for one in inventory.offerings()]
        lines = {(page.offering, line.category, line.subject) for page in pages for line in page.lines}
        everywhere = inventory.personal(inventory.installed("DECLARATIONS"))
        held = {(one.category, one.subject) for one in everywhere if not one.model.startswith("tenancy.")}
    assert {(category, subject) for _offering, category, subject in lines} <= held
    assert {offering for offering, _category, _subject in lines} >= {"call-recording", "contacts", "shared-services"}
    assert all(line.authored for page in pages for line in page.lines), "no term speaks of it"


def test_the_counts_are_those_of_the_census(keeper: Client) -> None:
    with tenancy.scope(tenancy.by_handle("inventory-house")):  # type: ignore[arg-type]
        page = inventory.inventory("call-recording", terms=())
    found = {(line.category, line.subject): (line.records, line.persons) for line in page.lines}
    assert found["user.contact.phone_number", "call_party"] == (2, 2)


def test_the_record_of_processing_to_read_and_for_programs(keeper: Client) -> None:
    read = keeper.get(HOME + "inventory/processing/").content.decode()
    assert "GDPR Art. 30(2)" in read
    plain = json.loads(keeper.get(HOME + "inventory/processing/record.json").content)
    assert plain["controller"]["name"] == "Inventory-House"
    assert {one["offering"] for one in plain["activities"]} >= {"call-recording", "shared-services"}
    assert plain["measures"][0]["clause"] == "IM-3c.security"
    answer = keeper.get(HOME + "inventory/processing/record.jsonld")
    assert answer["Content-Type"] == "application/ld+json"
    graph = rdflib.Graph().parse(data=answer.content, format="json-ld")
    assert len(graph) > 60
    used = {str(node) for triple in graph for node in triple if str(node).startswith("https://w3id.org/dpv")}
    assert used <= TERMS
    assert f"{DPV}PersonalDataProcess" in used


def test_the_record_of_processing_as_paper_says_what_its_values_say(keeper: Client) -> None:
    """Art. 30(2)(a) to (d): every value of the JSON stands in the PDF's text, in the words of the page."""
    answer = keeper.get(HOME + "inventory/processing/record.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith('attachment; filename="processing-')
    read = PdfReader(io.BytesIO(answer.content))
    assert read.metadata is not None
    assert (read.metadata.title, read.metadata.subject) == ("Record of processing: Inventory-House", "GDPR Art. 30(2)")
    said = "".join("".join(page.extract_text() for page in read.pages).split())
    plain = json.loads(keeper.get(HOME + "inventory/processing/record.json").content)
    wanted = [plain["processor"]["name"], plain["controller"]["name"], *plain["agreements"], "Recordedvoice", "6months"]
    wanted += [one["title"].capitalize() for one in plain["activities"]]
    wanted += [word for one in plain["activities"] for word in one["kept"]]
    wanted += [one[word] for one in plain["recipients"] for word in ("name", "country", "purpose", "safeguard")]
    wanted += [one[word] for one in plain["measures"] for word in ("clause", "statement")]
    squeezed = ["".join(word.split()) for word in wanted]
    missing = [word for word in squeezed if word.lower() not in said.lower()]
    assert not missing
    assert plain["recipients"] or "Datagoestonootherprocessor." in said
    assert [one.title for one in read.outline[:1]] == ["Who processes for whom"]  # type: ignore[union-attr]


def test_ux_6_inventory_what_the_text_names_is_not_called_ours(make_customer, django_db_blocker) -> None:  # type: ignore[no-untyped-def]
    """control.inventory"""
    with django_db_blocker.unblock(), tenancy.scope(make_customer(agreement="ucx-terms")):
        page = inventory.inventory(inventory.SHARED, terms=contract.binding().agreement.terms.data, counted=False)
    of_text = [line for line in page.lines if line.clause == "UX-6.inventory"]
    assert of_text
    assert not any(line.authored for line in of_text)
