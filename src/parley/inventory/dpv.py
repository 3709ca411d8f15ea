"""The record of processing in the Data Privacy Vocabulary (DPV 2) as JSON-LD, for tools that compare such records.

Only terms that exist in DPV 2.0 and 2.3 alike are used; `TERMS` lists them, and a test holds the export to that list.
https://w3id.org/dpv and its extension for personal data https://w3id.org/dpv/pd
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from parley.inventory.article30 import Activity, Contact, ProcessingRecord, Recipient

DPV: Final = "https://w3id.org/dpv#"
PD: Final = "https://w3id.org/dpv/pd#"
_TERMS_OF_DPV: Final = (
    "CommunicationManagement", "Consumer", "Customer", "DataController", "DataProcessingRecord", "DataProcessor",
    "DataSubProcessor", "DataSubject", "Employee", "EnforceSecurity", "IdentityAuthentication", "LegalCompliance",
    "Marketing", "PersonalData", "PersonalDataProcess", "Purpose", "ServiceOptimisation", "ServiceProvision",
    "ServiceUsageAnalytics", "StorageCondition", "TechnicalOrganisationalMeasure", "ThirdCountry", "Visitor",
    "hasContact", "hasDataController", "hasDataProcessor", "hasDataSubject", "hasLocation", "hasName",
    "hasPersonalData", "hasProcess", "hasPurpose", "hasRecipient", "hasStorageCondition",
    "hasTechnicalOrganisationalMeasure", "hasThirdCountry",
)  # fmt: skip
_TERMS_OF_PD: Final = (
    "Authenticating", "Communication", "CommunicationsMetadata", "Contact", "DeviceBased", "EmailAddress", "Financial",
    "IPAddress", "Identifier", "Job", "Location", "Name", "Password", "PhysicalAddress", "Picture", "Professional",
    "TelephoneNumber", "UID", "VoiceCommunicationRecording", "WorkEnvironment",
)  # fmt: skip
TERMS: Final = frozenset({f"{DPV}{term}" for term in _TERMS_OF_DPV} | {f"{PD}{term}" for term in _TERMS_OF_PD})
"""Every term that an export may use; looked up one by one in the published vocabulary."""

_CATEGORIES: Final = {
    "user.name": "pd:Name",
    "user.job_title": "pd:Job",
    "user.contact": "pd:Contact",
    "user.contact.email": "pd:EmailAddress",
    "user.contact.phone_number": "pd:TelephoneNumber",
    "user.contact.fax_number": "pd:TelephoneNumber",
    "user.contact.address": "pd:PhysicalAddress",
    "user.contact.organization": "pd:Professional",
    "user.account": "pd:Identifier",
    "user.authorization": "pd:Authenticating",
    "user.authorization.password": "pd:Password",
    "user.unique_id": "pd:UID",
    "user.device": "pd:DeviceBased",
    "user.device.ip_address": "pd:IPAddress",
    "user.location": "pd:Location",
    "user.workplace": "pd:WorkEnvironment",
    "user.behavior": "pd:CommunicationsMetadata",
    "user.telemetry": "pd:CommunicationsMetadata",
    "user.content": "pd:Communication",
    "user.content.self_image": "pd:Picture",
    "user.user_sensor": "pd:VoiceCommunicationRecording",
    "user.biometric.voice": "pd:VoiceCommunicationRecording",
    "user.financial": "pd:Financial",
}
_PURPOSES: Final = {
    "essential": "dpv:ServiceProvision",
    "essential.service.authentication": "dpv:IdentityAuthentication",
    "essential.service.security": "dpv:EnforceSecurity",
    "essential.service.notifications": "dpv:CommunicationManagement",
    "essential.legal_obligation": "dpv:LegalCompliance",
    "functional": "dpv:ServiceOptimisation",
    "marketing": "dpv:Marketing",
    "analytics": "dpv:ServiceUsageAnalytics",
}
_SUBJECTS: Final = {
    "employee": "dpv:Employee",
    "customer": "dpv:Customer",
    "consumer": "dpv:Consumer",
    "prospect": "dpv:Consumer",
    "visitor": "dpv:Visitor",
}


def as_json_ld(record: ProcessingRecord, *, base: str) -> bytes:
    """The record as JSON-LD; `base` begins the addresses of what it names ("https://.../c/acme/inventory/")."""
    nodes = [
        _actor(record.controller, f"{base}#controller", "dpv:DataController"),
        _actor(record.processor, f"{base}#processor", "dpv:DataProcessor"),
        *(_recipient(one, f"{base}#recipient-{number}") for number, one in enumerate(record.recipients, 1)),
        *(
            {
                "@id": f"{base}#measure-{number}", "@type": "dpv:TechnicalOrganisationalMeasure",
                "dct:identifier": one.clause, "dct:description": one.statement,
            }
            for number, one in enumerate(record.measures, 1)
        ),
        *(_process(one, record, base) for one in record.activities),
        {
            "@id": f"{base}#record",
            "@type": "dpv:DataProcessingRecord",
            "dct:created": {"@value": record.made_at.isoformat(), "@type": "xsd:dateTime"},
            "dct:conformsTo": list(record.agreements),
            "dpv:hasProcess": _refs(f"{base}#{one.offering}" for one in record.activities),
        },
    ]  # fmt: skip
    return json.dumps({"@context": _CONTEXT, "@graph": nodes}, ensure_ascii=False, indent=2).encode() + b"\n"


_CONTEXT: Final = {
    "dpv": DPV,
    "pd": PD,
    "dct": "http://purl.org/dc/terms/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def term(category: str) -> str:
    """The DPV term of a data category, or of the nearest one above it."""
    return _nearest(category, _CATEGORIES, "dpv:PersonalData")


def _process(one: Activity, record: ProcessingRecord, base: str) -> Mapping[str, Any]:
    node: dict[str, Any] = {
        "@id": f"{base}#{one.offering}",
        "@type": "dpv:PersonalDataProcess",
        "dct:title": one.title,
        "dpv:hasDataController": {"@id": f"{base}#controller"},
        "dpv:hasDataProcessor": {"@id": f"{base}#processor"},
        "dpv:hasPurpose": _refs(_nearest(purpose, _PURPOSES, "dpv:Purpose") for purpose in one.purposes),
        "dpv:hasPersonalData": _refs(term(category) for category in one.categories),
        "dpv:hasDataSubject": _refs(_SUBJECTS.get(subject, "dpv:DataSubject") for subject in one.subjects),
        "dpv:hasStorageCondition": [{"@type": "dpv:StorageCondition", "dct:description": words} for words in one.kept],
        "dpv:hasTechnicalOrganisationalMeasure": _refs(
            f"{base}#measure-{number}" for number in range(1, len(record.measures) + 1)
        ),
        "dpv:hasRecipient": _refs(f"{base}#recipient-{number}" for number in range(1, len(record.recipients) + 1)),
    }
    return {name: value for name, value in node.items() if value != []}


def _actor(one: Contact, address: str, kind: str) -> Mapping[str, Any]:
    return {"@id": address, "@type": kind, "dpv:hasName": one.name, "dpv:hasContact": list(one.contacts)}


def _recipient(one: Recipient, address: str) -> Mapping[str, Any]:
    where = {"@type": "dpv:ThirdCountry", "dct:title": one.country} if one.third_country else one.country
    return {
        "@id": address, "@type": "dpv:DataSubProcessor", "dpv:hasName": one.name, "dct:description": one.purpose,
        "dpv:hasThirdCountry" if one.third_country else "dpv:hasLocation": where,
        **({"dct:rights": one.safeguard} if one.safeguard else {}),
    }  # fmt: skip


def _refs(addresses: Iterable[str]) -> list[dict[str, str]]:
    return [{"@id": address} for address in dict.fromkeys(addresses)]


def _nearest(word: str, table: Mapping[str, str], otherwise: str) -> str:
    while word:
        if word in table:
            return table[word]
        word = word.rpartition(".")[0]
    return otherwise
