"""The words that agreement files use, with their meaning: purposes, offerings, areas, subjects of clauses.

Purposes carry a data use of the `fideslang` taxonomy, so that a record of processing can be written from them.
"""

from dataclasses import dataclass
from typing import Final

from parley.agreement.types import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """A deed that the gate is asked about; `meaning` completes "nobody may ...".

    `needs_key`: the provider's machine would have to read content. `stores_content`: new content would be stored.
    `by_staff`: one of the provider's staff does it, and needs a grant.
    """

    key: str
    meaning: str
    effect: Effect
    data_use: str
    needs_key: bool = False
    stores_content: bool = False
    by_staff: bool = False


_PURPOSES: Final = (
    Purpose(key="record-calls", meaning="receive, seal and keep a call of the customer", effect="collect",
            data_use="essential.service", stores_content=True),
    Purpose(key="find-recordings", meaning="list and search what the customer's own people may see", effect="use",
            data_use="essential.service"),
    Purpose(key="play-recordings", meaning="let the customer's own people hear a recording in the console",
            effect="use", data_use="essential.service", needs_key=True),
    Purpose(key="make-rendition", meaning="turn a sealed original into playable audio for the customer's own people",
            effect="use", data_use="essential.service.operations", needs_key=True, stores_content=True),
    Purpose(key="fetch-original", meaning="hand the sealed original to the customer's own people", effect="export",
            data_use="essential.service"),
    Purpose(key="carry-calls", meaning="connect, queue and route calls of the customer", effect="collect",
            data_use="essential.service"),
    Purpose(key="keep-contacts", meaning="keep the customer's database of contacts", effect="collect",
            data_use="essential.service", stores_content=True),
    Purpose(key="run-campaigns", meaning="call, write or message the customer's contacts in its campaigns",
            effect="collect", data_use="marketing.communications"),
    Purpose(key="share-audiences", meaning="hand audience segments to an advertising platform", effect="collect",
            data_use="marketing.advertising.third_party.targeted"),
    Purpose(key="handle-rights-requests", meaning="find, change, hand out or erase one person's data at its request",
            effect="export", data_use="essential.legal_obligation"),
    Purpose(key="export-data", meaning="hand the customer its data", effect="export", data_use="essential.service"),
    Purpose(key="secure-service", meaning="keep the service running, safe and repaired, without reading content",
            effect="look", data_use="essential.service.security"),
    Purpose(key="support-access", meaning="look at the customer's data, as provider staff, to solve its support case",
            effect="look", data_use="essential.service.operations.support", needs_key=True, by_staff=True),
    Purpose(key="service-statistics", meaning="make statistics of resolved cases, from contact data of users only",
            effect="look", data_use="functional.service.improve"),
    Purpose(key="provider-analysis", meaning="analyse content for the provider itself or for a third party",
            effect="look", data_use="analytics", needs_key=True),
    Purpose(key="provider-marketing", meaning="market, for the provider, to people found in the customer's data",
            effect="look", data_use="marketing"),
    Purpose(key="sale", meaning="rent or sell personal data to anybody", effect="look", data_use="third_party_sharing"),
    Purpose(key="train-models", meaning="train a model that serves anybody but this customer", effect="look",
            data_use="train_ai_system", needs_key=True),
)  # fmt: skip

PURPOSES: Final = {purpose.key: purpose for purpose in _PURPOSES}
"""Every deed that the gate knows, by key."""

OFFERINGS: Final = {
    "call-recording": "call recording",
    "screen-recording": "screen recording",
    "voice-analytics": "voice analytics",
    "call-analytics": "call analytics",
    "attendant-console": "contact center and attendant console",
    "queueing": "advanced queueing and auto attendant",
    "receptionist": "virtual receptionist",
    "agents": "Smartflows virtual agents",
    "contacts": "contact manager",
    "fax": "digital fax",
    "hotel": "hotel services",
    "assistant": "manager assistant",
    "telephony": "business telephony: users, numbers, calls, voicemail",
    "campaigns": "phone, e-mail and SMS campaigns",
    "audiences": "audience segments for advertising platforms",
    "website": "the provider's public web site with its forms",
    "shared-services": "sign-on, directory synchronisation, licensing, telemetry, presence",
}
"""What a customer can activate, by key."""

AREAS: Final = {
    "eu": "European Economic Area",
    "uk": "United Kingdom",
    "ch": "Switzerland",
    "us": "United States of America",
    "me": "Middle East",
    "il": "Israel",
    "ru": "Russia",
    "cn": "China",
    "other": "any other country",
}
"""Areas of processing. A region is an area, or an area with a place: "eu", "eu-frankfurt"."""

SUBJECTS: Final = {
    "roles": "Who is who",
    "instructions": "Purposes and instructions",
    "people": "People with access",
    "security": "Security",
    "sub-processors": "Sub-processors",
    "regions": "Places and transfers",
    "rights": "Rights of persons",
    "incidents": "Incidents",
    "retention": "Retention and end of contract",
    "audits": "Audits and information",
    "data": "Which data",
    "service": "What is delivered, and how well",
}
"""The headings under which clauses are shown, in order."""

ROLES: Final = frozenset({
    "controller", "processor", "sub-processor", "reseller", "service-provider", "end-customer", "data-exporter",
    "data-importer",
})  # fmt: skip
"""The roles that a party may hold."""

CATEGORIES: Final = {
    "user.name": "names",
    "user.job_title": "title, position",
    "user.contact": "contact data: company, addresses",
    "user.contact.email": "e-mail addresses",
    "user.contact.phone_number": "telephone numbers",
    "user.contact.fax_number": "fax numbers",
    "user.contact.organization": "company",
    "user.contact.address": "postal addresses",
    "user.account": "accounts: identifiers, settings, extension, voicemail box",
    "user.authorization": "credentials: passwords, PINs, tokens",
    "user.unique_id": "identifiers of a person in a system",
    "user.device": "devices: IP and MAC address, client version, cookies",
    "user.location": "where somebody is: time zone, site, approximate place of an address",
    "user.workplace": "work: department, presence, skills, shifts",
    "user.behavior": "behaviour: usage, applications, addresses visited, statistics of calls",
    "user.telemetry": "telemetry and communications metadata: call detail records, traffic logs",
    "user.content": "content: texts, files, screens, faxes, messages",
    "user.content.self_image": "pictures of a person",
    "user.biometric.voice": "recorded voice",
    "user.financial": "billing and payment data",
    "user.privacy_preferences": "consents and objections",
    "user.demographic": "demographic data",
    "user.social": "social networks",
    "user.health_and_medical": "health",
    "user.biometric": "biometric data that identifies",
    "user.criminal_history": "criminal convictions",
    "user.demographic.political_opinion": "political opinions",
    "user.demographic.race_ethnicity": "racial or ethnic origin",
    "user.demographic.religious_belief": "religious beliefs",
    "user.demographic.sexual_orientation": "sexual orientation",
    "user.childrens": "data about children",
    "system": "machines: names, versions, logs of firewalls, name servers, proxies, file access",
}
"""Categories of personal data, keys of `fideslang`; a category holds those below it ("user.contact" the e-mail)."""

OF_A_CALL: Final = frozenset({
    "user.name", "user.contact.phone_number", "user.device", "user.telemetry", "user.biometric.voice",
})  # fmt: skip
"""What a recorded call consists of: an agreement that does not list all of it does not let calls be recorded."""

SPECIAL_CATEGORIES: Final = frozenset({
    "user.health_and_medical", "user.biometric", "user.criminal_history", "user.demographic.political_opinion",
    "user.demographic.race_ethnicity", "user.demographic.religious_belief", "user.demographic.sexual_orientation",
})  # fmt: skip
"""GDPR Art. 9 and 10. A recorded voice (user.biometric.voice) is not one of them until it serves to identify."""

DATA_SUBJECTS: Final = {
    "customer": "the customer's customers",
    "prospect": "prospects",
    "employee": "employees, authorised users",
    "supplier_vendor": "suppliers, partners and other business contacts",
    "consultant": "consultants and contractors",
    "visitor": "visitors of a web site",
    "job_applicant": "applicants",
    "anonymous_user": "callers and others whose name is not known",
}
"""Whose data, keys of `fideslang`."""

EXPORT_FORMATS: Final = {
    "csv": "database extract as raw CSV",
    "json": "database extract as JSON lines",
    "pdf": "documents",
    "tiff": "faxes",
    "mp3": "audio, playable",
    "wav": "audio, uncompressed",
    "opus": "audio, playable, Opus in Ogg",
    "pcap": "the capture of a call",
    "age": "sealed originals, as stored",
}
"""Forms of an export."""

MEASURES: Final = {
    "adequacy": "adequacy decision (GDPR Art. 45)",
    "dpf": "certified under the EU-US Data Privacy Framework",
    "bcr": "binding corporate rules (GDPR Art. 47)",
    "scc": "standard contractual clauses 2021/914 (GDPR Art. 46)",
    "dedicated-site": "a site dedicated to the persons of that country, on its territory",
}
"""What a transfer may rest on."""

RESPONSIBLE: Final = {
    "dpo": "data-protection officer",
    "security-officer": "security officer",
    "personnel": "personnel department",
    "operations": "operations",
}
"""Roles of the provider that answer for what only people can keep."""


def area_of(region: str) -> str:
    """The area of a region: the part before the first dash."""
    return region.partition("-")[0]


def is_special(category: str) -> bool:
    """Whether a category of data is special (GDPR Art. 9 and 10)."""
    if category == "user.biometric.voice":
        return False
    return any(category == special or category.startswith(special + ".") for special in SPECIAL_CATEGORIES)
