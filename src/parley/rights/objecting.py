"""Objections (GDPR Art. 21): to marketing at once, in the transaction of receipt; others wait for a decision."""

from collections.abc import Mapping
from datetime import datetime

from parley.contacts import api as contacts
from parley.rights.models import Request
from parley.rights.story import MACHINE, tell


def to_marketing(row: Request, *, person: Mapping[str, str], at: datetime) -> None:
    """Nobody writes to the person for marketing any more (Art. 21(3)), whether or not it is known.

    It needs no proof of identity: the worst that a stranger can do is to spare somebody advertising. The objection list
    keeps blind indexes, which survive an erasure.
    """
    note_objection(person, at=at)
    row.done = {**row.done, "objection": "Marketing has stopped."}
    tell(row, "marketing-stopped", who=MACHINE, at=at)


def note_objection(person: Mapping[str, str], *, purpose: str = "marketing", at: datetime) -> None:
    """Put the addresses on the objection list; `purpose` "*": for anything."""
    contacts.object_(
        numbers=[person["number"]] if person.get("number") else (),
        emails=[person["email"]] if person.get("email") else (),
        purpose=purpose,
        ground="request",
        by="rights",
        at=at,
    )
