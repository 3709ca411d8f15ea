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
    """

    key: str
    meaning: str
    effect: Effect
    data_use: str
    needs_key: bool = False
    stores_content: bool = False


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
    Purpose(key="export-data", meaning="hand the customer its data", effect="export", data_use="essential.service"),
    Purpose(key="secure-service", meaning="keep the service running, safe and repaired, without reading content",
            effect="look", data_use="essential.service.security"),
    Purpose(key="support-access", meaning="look at the customer's data, as provider staff, to solve its support case",
            effect="look", data_use="essential.service.operations.support", needs_key=True),
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
}
"""The headings under which clauses are shown, in order."""

ROLES: Final = frozenset({"controller", "processor", "sub-processor", "reseller", "data-exporter", "data-importer"})
"""The roles that a party may hold."""


def area_of(region: str) -> str:
    """The area of a region: the part before the first dash."""
    return region.partition("-")[0]
