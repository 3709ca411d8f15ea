"""The Art. 30(2) record and its export in the Data Privacy Vocabulary."""

import json
from datetime import UTC, datetime

import rdflib
from rdflib import RDF, URIRef

from parley.inventory.article30 import Activity, Contact, ProcessingRecord, Recipient, Safety, as_json
from parley.inventory.dpv import DPV, PD, TERMS, as_json_ld, term

BASE = "https://parley.example/c/acme/inventory/"
RECORD = ProcessingRecord(
    made_at=datetime(2026, 11, 23, 5, tzinfo=UTC),
    processor=Contact(name="Provider", role="processor", contacts=("privacy@provider.example",)),
    controller=Contact(name="Acme", role="controller"),
    agreements=("imagicle-dpa 1",),
    activities=(
        Activity(
            offering="call-recording", title="call recording", purposes=("essential.service",),
            categories=("user.contact.phone_number", "user.user_sensor", "user.biometric.voice"),
            subjects=("call_party", "employee"), kept=("6 months",),
        ),
    ),
    recipients=(
        Recipient(name="Hosting", country="DE", purpose="hosting", safeguard="", third_country=False),
        Recipient(name="Mail Inc", country="US", purpose="mail", safeguard="dpf", third_country=True),
    ),
    measures=(Safety(clause="IM-3c.security", statement="Data is sealed."),),
)  # fmt: skip


def test_im_4_inventory_the_record_says_what_article_30_2_asks_for() -> None:
    """control.inventory"""
    written = json.loads(as_json(RECORD))
    assert written["article"] == "GDPR Art. 30(2)"
    assert written["processor"]["contacts"] == ["privacy@provider.example"]
    assert written["activities"][0]["kept"] == ["6 months"]
    assert written["measures"] == [{"clause": "IM-3c.security", "statement": "Data is sealed."}]
    assert [one.name for one in RECORD.transfers] == ["Mail Inc"]
    assert as_json(RECORD) == as_json(RECORD)


def test_the_export_parses_and_uses_terms_that_exist() -> None:
    graph = rdflib.Graph().parse(data=as_json_ld(RECORD, base=BASE), format="json-ld")
    assert len(graph) == 38
    used = {str(node) for triple in graph for node in triple if str(node).startswith((DPV, PD))}
    assert used <= TERMS
    assert len(used) >= 20
    process = URIRef(f"{BASE}#call-recording")
    assert (process, RDF.type, URIRef(f"{DPV}PersonalDataProcess")) in graph
    held = set(graph.objects(process, URIRef(f"{DPV}hasPersonalData")))
    assert held == {URIRef(f"{PD}TelephoneNumber"), URIRef(f"{PD}VoiceCommunicationRecording")}
    assert set(graph.objects(process, URIRef(f"{DPV}hasDataSubject"))) == {
        URIRef(f"{DPV}DataSubject"), URIRef(f"{DPV}Employee")
    }  # fmt: skip


def test_a_category_without_a_term_takes_that_of_the_one_above() -> None:
    assert term("user.contact.email") == "pd:EmailAddress"
    assert term("user.contact.url") == "pd:Contact"
    assert term("system.operations") == "dpv:PersonalData"
