"""What a recording is, to those who write it (recorder) and keep it (worker); what people see of it is in `views`.

`Manifest` and `ClosedFile` are the two files of a spool directory. They hold no clear personal data: the parties are a
sealed field, numbers and conversation keys are blind indexes.
"""

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from parley.recordings import strictjson
from parley.recordings.strictjson import Hex

MANIFEST_FILE = "manifest.json"
CLOSED_FILE = "closed.json"

NUMBER_INDEX = "number"
"""Blind-index field of a party's number: value is `foundation.numbers.canonical_number`."""
NAME_INDEX = "party name"
"""Blind-index field of a word of a party's name: value is a word as `foundation.words.words_of` gives it."""
CONVERSATION_INDEX = "conversation"
"""Blind-index field of what joins sessions: the rs-metadata group id, else the communication session id or Call-ID."""

Direction = Literal["inbound", "outbound", "internal", "unknown"]
Mode = Literal["always", "never", "on-demand", "keep-live"]
"""What a policy says of a call. On demand: nothing is written until somebody starts it. Keep live: it is written, and
discarded at its end unless somebody says keep."""
Why = Literal["default", "policy", "not-sampled", "not-announced"]
State = Literal["recording", "paused", "dormant", "buffered", "off", "stopped"]
Deed = Literal["pause", "resume", "start", "keep", "stop", "permit"]
"""Stop: somebody refused, or withdrew, consent; nothing more is written until they consent after all (permit)."""
Notice = Literal["none", "tone", "announcement"]
"""A recording indication to the parties (RFC 7866 section 6.1.2), played by the telephone system, never by Parley."""
NoticeState = Literal["not-known", "none", "tone", "announcement"]
"""What is known of it: a Notice, or that one is wanted and nobody said anything."""
ConsentRule = Literal["not-needed", "wanted", "needed"]
"""Wanted: the state of consent is shown. Needed: a call to which nobody consented is discarded at its end."""
Consent = Literal["not-asked", "asked", "given", "refused", "withdrawn"]
How = Literal["policy", "header", "extension", "page", "program"]
"""From where something is known: a policy says so; a header of the INVITE, or an extension of its metadata; people."""
Side = Literal["caller", "callee", "other"]
PartKind = Literal["age", "tail"]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PART_NAME = re.compile(r"[0-9]{3}\.(age|tail)")


@dataclass(frozen=True, kw_only=True)
class PayloadType:
    """One RTP payload type of the SDP answer: number 0..127, upper-case encoding name (`PCMU`, `CN`, ...), Hz."""

    number: int
    name: str
    clock_rate: int = 8000

    def __post_init__(self) -> None:
        if not 0 <= self.number <= 127 or self.clock_rate <= 0:
            raise ValueError("a payload type is 0 to 127 with a positive clock rate")


@dataclass(frozen=True, kw_only=True)
class ManifestStream:
    """One m-line: its SIPREC label, whose voice it carries, and the local UDP port its packets were sent to.

    Codec names are upper case as in SDP: `PCMU`, `PCMA`, `TELEPHONE-EVENT`, `CN`. `payload_types` lists every payload
    type of the answer (dynamic ones too); empty means the static table of RFC 3551. `party` is the number (index) of
    the sending party in `PartySheet.parties`, when known.
    """

    label: str
    side: Side
    port: int
    codec: str
    clock_rate: int = 8000
    payload_types: tuple[PayloadType, ...] = ()
    party: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.port < 65536 or self.clock_rate <= 0:
            raise ValueError("a stream needs a port and a clock rate")


@dataclass(frozen=True, kw_only=True)
class GateRecord:
    """Why this recording was allowed: the clause that decided, the purpose, the reason in words (no personal data)."""

    clause: str
    purpose: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A time of which nothing is written, at somebody's wish; without an end it goes on, or lasted until the end."""

    starts_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class OnHold:
    """A time in which, as the recording client said, a stream carried nothing; without an end it goes on. `removed`:
    its line was taken out of the session, which is a hold only if it comes back. See `on_hold`."""

    label: str
    side: Side
    starts_at: datetime
    ends_at: datetime | None = None
    removed: bool = False


@dataclass(frozen=True, kw_only=True)
class Told:
    """One thing that was said about what the parties of a call know (a Notice) or agreed to (a Consent), when, how it
    is known and by whom it was said (a user's id; None: by no person)."""

    about: Literal["notice", "consent"]
    value: Literal["none", "tone", "announcement", "not-asked", "asked", "given", "refused", "withdrawn"]
    how: How
    at: datetime
    by: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Steering:
    """What the customer's policies decided about a call (`policy` None: none was for it), and what became of it since.

    `kept`: it stays when it ends; `writing`: what arrives now is written; `stopped`: for want of consent. `notice` and
    `consent` are what the policy asks for, `told` is what was known when the call began. See `control`.
    """

    mode: Mode
    policy: UUID | None
    why: Why
    kept: bool
    writing: bool
    auto_resume_seconds: int = 0
    resumes_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    stopped: bool = False
    notice: Notice = "none"
    consent: ConsentRule = "not-needed"
    told: tuple[Told, ...] = ()


UNSTEERED = Steering(mode="always", policy=None, why="default", kept=True, writing=True)
"""A call without policies."""


Cause = Literal[
    "no-ports", "no-space", "gate", "no-usable-media", "not-readable", "too-many", "fault", "capture-failed", "gap",
    "silent",
]  # fmt: skip
"""Why a call that should be recorded is not, or not heard."""


@dataclass(frozen=True, kw_only=True)
class Mishap:
    """Something for an alarm: `key` names what is the matter (one call gone silent; one cause at one trunk), `call` the
    call, so that it counts once however often it is refused; nothing here is about a person."""

    cause: Cause
    key: str
    call: str
    trunk_id: UUID
    trunk_name: str
    at: datetime
    recording_id: UUID | None = None
    clause: str = ""


@dataclass(frozen=True, kw_only=True)
class EpochKey:
    """A sealing epoch: its id and its key wrapped to the customer (`sealing.SealedField.epoch_id`, `.wrapped`)."""

    id: UUID
    wrapped: bytes


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What is known of a recording while it runs: `<spool>/<recording id>/manifest.json`.

    `sealed` is `sealing.SealedField.data` over `PartySheet.to_json()` with AAD `party_aad(recording_id)`.
    `conversation_index`, `number_indexes` and `name_indexes` are `sealing.blind_index` values. Rewritten (atomically,
    by `recordings.api.write_manifest`) when a re-INVITE or UPDATE adds a stream, holds one or names a party, and when
    somebody steers the call. Version 1 had no `steering`: every call was recorded.
    """

    recording_id: UUID
    customer_id: UUID
    trunk_id: UUID
    trunk_name: str
    agreement: str
    agreement_version: str
    decision: GateRecord
    started_at: datetime
    direction: Direction
    conversation_index: Hex
    epoch: EpochKey
    sealed: bytes
    number_indexes: tuple[Hex, ...]
    streams: tuple[ManifestStream, ...]
    name_indexes: tuple[Hex, ...] = ()
    steering: Steering = UNSTEERED
    on_hold: tuple[OnHold, ...] = ()
    version: Literal[1, 2] = 2

    def __post_init__(self) -> None:
        if self.started_at.tzinfo is None:
            raise ValueError("started_at needs a time zone")
        ports = [stream.port for stream in self.streams]
        if len(set(ports)) != len(ports):
            raise ValueError("two streams share a port")

    def to_json(self) -> bytes:
        """The file's content."""
        return strictjson.dumps(self)

    def as_dict(self) -> dict[str, Any]:
        """The same as a JSON object."""
        encoded: dict[str, Any] = strictjson.encode(self)
        return encoded

    @classmethod
    def from_json(cls, data: bytes | str) -> Self:
        """The manifest in `data`. Raises MalformedFile."""
        return strictjson.loads(cls, data)

    def with_streams(self, *added: ManifestStream) -> Self:
        """The manifest with further streams; one with a known port replaces the old."""
        fresh = {stream.port for stream in added}
        return replace(self, streams=(*(kept for kept in self.streams if kept.port not in fresh), *added))


@dataclass(frozen=True, kw_only=True)
class ClosedPart:
    """One file of the original, in order: `000.age`, `000.tail`, `001.age`; size in bytes, sha256 in lower-case hex."""

    name: str
    kind: PartKind
    size: int
    sha256: str

    def __post_init__(self) -> None:
        if not _PART_NAME.fullmatch(self.name) or not self.name.endswith(f".{self.kind}"):
            raise ValueError("a part is named NNN.age or NNN.tail")
        if self.size < 0 or not _SHA256.fullmatch(self.sha256):
            raise ValueError("a part needs a size and a sha256")


@dataclass(frozen=True, kw_only=True)
class ClosedStream:
    """What arrived on one stream: counts of packets, payload bytes, sequence numbers never seen, and duplicates."""

    label: str
    port: int
    packets: int
    bytes: int
    lost: int = 0
    duplicates: int = 0


PAUSED = "paused"
"""The reason of a gap that somebody wanted."""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A time in which the recorder could not receive: Unix nanoseconds, and why (`recorder-restart`, `power`, ...)."""

    starts_ns: int
    ends_ns: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ClosedFile:
    """How a recording ended: `<spool>/<recording id>/closed.json`, written last, atomically; its presence means closed.

    `reason` is a stable word: `bye`, `no-media`, `interrupted`, `disk-full`, `shutdown`, ...
    """

    recording_id: UUID
    reason: str
    ended_at: datetime
    parts: tuple[ClosedPart, ...]
    streams: tuple[ClosedStream, ...] = ()
    gaps: tuple[Gap, ...] = ()
    version: Literal[1] = 1

    def __post_init__(self) -> None:
        names = [part.name for part in self.parts]
        if len(set(names)) != len(names):
            raise ValueError("two parts share a name")

    def to_json(self) -> bytes:
        """The file's content."""
        return strictjson.dumps(self)

    @classmethod
    def from_json(cls, data: bytes | str) -> Self:
        """The closed file in `data`. Raises MalformedFile."""
        return strictjson.loads(cls, data)


@dataclass(frozen=True, kw_only=True)
class Party:
    """One participant, in clear: only ever inside a sealed field or before the eyes of somebody who may see it."""

    label: str
    role: Side
    name: str = ""
    aor: str = ""
    number: str = ""


@dataclass(frozen=True, kw_only=True)
class PartySheet:
    """The personal data of a recording: parties and the call's id. Sealed before it leaves the recorder's memory."""

    parties: tuple[Party, ...]
    call_id: str = ""

    def to_json(self) -> bytes:
        """The plaintext that is sealed."""
        return strictjson.dumps(self)

    @classmethod
    def from_json(cls, data: bytes | str) -> Self:
        """The sheet in `data`. Raises MalformedFile.

        A page of the list reads fifty: what was written by `to_json` is read without looking at every type twice.
        """
        try:
            sheet = json.loads(data)
            parties = tuple(Party(**party) for party in sheet["parties"])
            plain = all(type(value) is str for party in sheet["parties"] for value in party.values())
            if plain and type(sheet.get("call_id", "")) is str and sheet.keys() <= {"parties", "call_id"}:
                return cls(parties=parties, call_id=sheet.get("call_id", ""))
        except (ValueError, TypeError, KeyError, AttributeError):
            pass  # said exactly, below
        return strictjson.loads(cls, data)


def party_aad(recording_id: UUID) -> bytes:
    """The associated data that binds a sealed party sheet to its recording."""
    return b"recording:" + recording_id.bytes


@dataclass(frozen=True, kw_only=True)
class LiveReport:
    """What the recorder says of a running call, at least every `LIVE_STALE_SECONDS / 3`."""

    manifest: Manifest
    at: datetime
    packets: int
    bytes: int
    on_hold: bool = False
