"""A recording as a vCon: one JSON file that holds the conversation's facts and its sound.

After draft-ietf-vcon-vcon-core-04 (syntax 0.4.0). Written piece by piece: the sound is inside, in base64url, and never
in memory as a whole.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from parley.recordings.types import Party

VERSION: Final = "0.4.0"
MEDIA_TYPE: Final = "application/vcon+json"
_TRIPLES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a vCon says of a recording; `channels` are the parties (by place) on the left and on the right channel."""

    id: UUID
    created_at: datetime
    started_at: datetime
    seconds: float
    parties: Sequence[Party]
    channels: tuple[tuple[int, ...], tuple[int, ...]]


def vcon(facts: Facts, sound: Iterable[bytes] | None, *, filename: str = "") -> Iterator[bytes]:
    """The file in pieces; without a dialog when there is no sound."""
    head = {
        "vcon": VERSION,
        "uuid": str(facts.id),
        "created_at": facts.created_at.isoformat(),
        "parties": [_party(party) for party in facts.parties],
        "analysis": [],
        "attachments": [],
    }
    opening = json.dumps(head, ensure_ascii=False).encode()[:-1]
    if sound is None:
        yield opening + b', "dialog": []}\n'
        return
    heard = [list(one) for one in facts.channels if one]
    dialog: dict[str, Any] = {
        "type": "recording",
        "start": facts.started_at.isoformat(),
        "duration": round(facts.seconds, 3),
        "parties": heard,
        "mediatype": "audio/mpeg",
        "filename": filename,
        "encoding": "base64url",
    }
    yield opening + b', "dialog": [' + json.dumps(dialog).encode()[:-1] + b', "body": "'
    digest = hashlib.sha512()
    yield from _encoded(sound, digest)
    hashed = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=")
    yield b'", "content_hash": "sha512-' + hashed + b'"}]}\n'


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
