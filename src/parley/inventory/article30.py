"""The processor's record of processing (GDPR Art. 30(2)) as a value and as JSON. Pure: its caller knows the facts."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

ARTICLE: Final = "GDPR Art. 30(2)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody who is responsible, and how to reach them. Art. 30(2)(a)"""

    name: str
    role: str
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """A category of processing carried out for the controller, with its data. Art. 30(2)(b)"""

    offering: str
    title: str
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    subjects: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Another processor, and what lets data go there. Art. 30(2)(c), 28(2)"""

    name: str
    country: str
    purpose: str
    safeguard: str
    third_country: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """A measure of security in general words, with the clause that promises it. Art. 30(2)(d), 32(1)"""

    clause: str
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingRecord:
    """The record for one controller at one time. `agreements` are those that bind, with their versions."""

    made_at: datetime
    processor: Contact
    controller: Contact
    agreements: tuple[str, ...]
    activities: tuple[Activity, ...]
    recipients: tuple[Recipient, ...]
    measures: tuple[Safety, ...]

    @property
    def transfers(self) -> tuple[Recipient, ...]:
        """To third countries, with the safeguards of each. Art. 30(2)(c)"""
        return tuple(one for one in self.recipients if one.third_country)


def as_json(record: ProcessingRecord) -> bytes:
    """The record in JSON, the same bytes for the same record."""
    values = {"article": ARTICLE, **asdict(record), "made_at": record.made_at.astimezone(UTC).isoformat()}
    return json.dumps(values, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"
