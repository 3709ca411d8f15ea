"""A recording as a vCon: one JSON file that holds the conversation's facts and its sound.

After draft-ietf-vcon-vcon-core-04 (syntax 0.4.0). Written piece by piece: the sound is inside, in base64url, and never
in memory as a whole.

What is known of announcement and consent is an attachment named in plain words, that the customer's organisation adds
(a party of its own, as the core wants it). It is none of the two that are drafted: a `consent` attachment
(draft-howe-vcon-consent-00, sections 5 and 8) must name the party that consents and when that ends, but what was said
is known of the call, not of whom; a `lawful_basis` one (draft-howe-vcon-lawful-basis-01) asserts the ground of Art. 6
GDPR, which the controller chooses and a recorder does not know. Words for consent are those of the former.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from parley.recordings.awareness import Awareness
from parley.recordings.types import Party

VERSION: Final = "0.4.0"
MEDIA_TYPE: Final = "application/vcon+json"
AWARENESS: Final = "recording announcement and consent"
"""The purpose of the attachment."""
_STATUS: Final = {"given": "granted", "refused": "denied", "withdrawn": "revoked"}
_TRIPLES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a vCon says of a recording; `channels` are the parties (by place) on the left and on the right channel,
    `awareness` what is known of announcement and consent, as `organisation` (the customer) has it."""

    id: UUID
    created_at: datetime
    started_at: datetime
    seconds: float
    parties: Sequence[Party]
    channels: tuple[tuple[int, ...], tuple[int, ...]]
    organisation: str
    awareness: Awareness


def vcon(facts: Facts, sound: Iterable[bytes] | None, *, filename: str = "") -> Iterator[bytes]:
    """The file in pieces; when there is no sound, the dialog has no body, as a redacted one."""
    known = facts.awareness
    matters = bool(known.column or known.notice_column)
    parties = [_party(party) for party in facts.parties]
    head = {
        "vcon": VERSION,
        "uuid": str(facts.id),
        "created_at": facts.created_at.isoformat(),
        "parties": [*parties, {"type": "organization", "org": facts.organisation}] if matters else parties,
        "analysis": [],
        "attachments": [_awareness(facts, party=len(parties))] if matters else [],
    }
    opening = json.dumps(head, ensure_ascii=False).encode()[:-1]
    heard = [list(one) for one in facts.channels if one]
    dialog: dict[str, Any] = {
        "type": "recording",
        "start": facts.started_at.isoformat(),
        "duration": round(facts.seconds, 3),
        "parties": heard,
    }
    if sound is None:
        yield opening + b', "dialog": [' + json.dumps(dialog).encode() + b"]}\n"
        return
    dialog |= {"mediatype": "audio/mpeg", "filename": filename, "encoding": "base64url"}
    yield opening + b', "dialog": [' + json.dumps(dialog).encode()[:-1] + b', "body": "'
    digest = hashlib.sha512()
    yield from _encoded(sound, digest)
    hashed = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=")
    yield b'", "content_hash": "sha512-' + hashed + b'"}]}\n'


def _awareness(facts: Facts, *, party: int) -> dict[str, Any]:
    """What is wanted, what holds, and all that was said in its order; not by whom of the customer's people."""
    known = facts.awareness
    body = {
        "announcement": {"wanted": known.notice_wanted, "state": known.notice or "not-known"},
        "consent": {"wanted": known.consent_rule, "status": _STATUS.get(known.consent, known.consent)},
        "said": [
            {"of": "announcement" if one.about == "notice" else "consent", "value": _STATUS.get(one.value, one.value),
             "known_from": one.how, "at": one.at.isoformat()}
            for one in known.told
        ],
    }  # fmt: skip
    last = known.told[-1].at if known.told else facts.started_at
    return {
        "purpose": AWARENESS, "start": last.isoformat(), "party": party, "dialog": 0, "mediatype": "application/json",
        "encoding": "json", "body": body,
    }  # fmt: skip


def _encoded(pieces: Iterable[bytes], digest: Any) -> Iterator[bytes]:
    """base64url without padding, of pieces of any length."""
    held = b""
    for piece in pieces:
        digest.update(piece)
        joined = held + piece
        whole = len(joined) - len(joined) % _TRIPLES
        held = joined[whole:]
        yield base64.urlsafe_b64encode(joined[:whole])
    yield base64.urlsafe_b64encode(held).rstrip(b"=")


def _party(party: Party) -> dict[str, str]:
    known = {"tel": party.number, "name": party.name, "sip": party.aor, "role": party.role}
    return {name: value for name, value in known.items() if value}
