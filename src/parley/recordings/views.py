"""What the console, REST and the demo see of recordings: frozen, and in clear only what the viewer may see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, Self
from uuid import UUID

from parley.recordings import strictjson
from parley.recordings.awareness import Awareness
from parley.recordings.quality import Quality
from parley.recordings.types import (
    ClosedStream,
    Direction,
    Gap,
    GateRecord,
    ManifestStream,
    Mode,
    OnHold,
    PartKind,
    Party,
    State,
    Steering,
)

RenditionKind = Literal["mp3", "wav", "peaks"]
RenditionState = Literal["pending", "ready", "failed", "refused", "customer-held"]


class Viewer(Protocol):
    """Who is looking (`people.api.Viewer`): `number_indexes` None sees everything, else recordings of those numbers."""

    @property
    def user_id(self) -> UUID: ...
    @property
    def role(self) -> str: ...
    @property
    def number_indexes(self) -> frozenset[bytes] | None: ...


@dataclass(frozen=True, kw_only=True)
class RecordingRow:
    """One line of the list: a conversation, represented by its first segment that the viewer may see.

    `sealed` is true where the provider holds no key (`customer-held`): `parties` is then empty. `quality` is the worst
    of the segments, `consent` and `notice` those of them that most ask to be looked at ("": not wanted, nothing said).
    """

    recording_id: UUID
    conversation_id: UUID
    started_at: datetime
    ended_at: datetime
    seconds: float
    direction: Direction
    trunk_id: UUID
    trunk_name: str
    sealed: bool
    parties: tuple[Party, ...]
    segments: int
    reason: str
    rendition: RenditionState
    quality: Quality
    consent: str
    notice: str

    @property
    def caller(self) -> Party | None:
        """The calling party, when known."""
        return next((party for party in self.parties if party.role == "caller"), None)

    @property
    def callee(self) -> Party | None:
        """The called party, when known."""
        return next((party for party in self.parties if party.role == "callee"), None)


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of search results, newest first; `cursor` asks for the next one, None when this is the last."""

    rows: tuple[RecordingRow, ...]
    cursor: str | None


@dataclass(frozen=True, kw_only=True)
class PartView:
    """A stored part of the original."""

    number: int
    name: str
    kind: PartKind
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class RenditionView:
    """A stored rendition: `size` is that of the clear content in bytes, `sha256` that of the sealed object."""

    kind: RenditionKind
    media_type: str
    size: int
    sha256: str
    evidence_id: UUID


@dataclass(frozen=True, kw_only=True)
class SegmentView:
    """Another session of the same conversation."""

    recording_id: UUID
    started_at: datetime
    ended_at: datetime
    current: bool


@dataclass(frozen=True, kw_only=True)
class RecordingView:
    """Everything a recording's page shows. `evidence_id` is the ledger entry `recording.sealed`, `original_evidence_id`
    that or, where it was sealed anew, the `recording.resealed` that names the parts as they are now, `sound_starts_at`
    the instant of the first sample of its renditions (None: the server has not opened it)."""

    recording_id: UUID
    conversation_id: UUID
    segments: tuple[SegmentView, ...]
    started_at: datetime
    ended_at: datetime
    sound_starts_at: datetime | None
    seconds: float
    direction: Direction
    trunk_id: UUID
    trunk_name: str
    sealed: bool
    parties: tuple[Party, ...]
    call_id: str
    streams: tuple[ManifestStream, ...]
    received: tuple[ClosedStream, ...]
    gaps: tuple[Gap, ...]
    on_hold: tuple[OnHold, ...]
    parts: tuple[PartView, ...]
    renditions: Mapping[str, RenditionView]
    rendition: RenditionState
    rendition_error: str
    agreement: str
    agreement_version: str
    decision: GateRecord
    steering: Steering | None
    awareness: Awareness
    reason: str
    evidence_id: UUID
    original_evidence_id: UUID

    @property
    def caller(self) -> Party | None:
        """The calling party, when known."""
        return next((party for party in self.parties if party.role == "caller"), None)

    @property
    def callee(self) -> Party | None:
        """The called party, when known."""
        return next((party for party in self.parties if party.role == "callee"), None)


@dataclass(frozen=True, kw_only=True)
class NoteView:
    """What somebody wrote, at `moment_ms` from the recording's start or (None) on the whole; `by` is a user's id. Of
    what was written while the call ran, `instant` says of when: where the server has not opened the recording, its
    sound may begin later than `moment_ms` supposes.

    `text` is None where only the customer can open it: `sealed` is then opened with the key in `wrapped`, bound to
    "note:" and the 16 bytes of the id (see `sealing.fields`).
    """

    id: UUID
    recording_id: UUID
    moment_ms: int | None
    text: str | None
    by: UUID
    at: datetime
    instant: datetime | None = None
    sealed: bytes = field(repr=False)
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class TagView:
    """What somebody filed a recording under; as NoteView, bound to "tag:" and `index`, the tag's blind index."""

    id: UUID
    recording_id: UUID
    moment_ms: int | None
    tag: str | None
    by: UUID
    at: datetime
    instant: datetime | None = None
    index: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class LiveCallView:
    """A call that is being recorded now."""

    recording_id: UUID
    started_at: datetime
    seen_at: datetime
    direction: Direction
    trunk_name: str
    sealed: bool
    parties: tuple[Party, ...]
    streams: int
    packets: int
    bytes: int
    on_hold: bool
    mode: Mode
    state: State
    resumes_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Peaks:
    """The waveform to draw: per channel (min, max) pairs in -127..127, interleaved, each over `seconds_per_peak`.

    `zero_is_silence`: (0, 0) means that nothing was sent, or digital silence; before, faint sound was rounded to it.
    """

    seconds_per_peak: float
    seconds: float
    caller: tuple[int, ...]
    callee: tuple[int, ...]
    zero_is_silence: bool = False

    def to_json(self) -> bytes:
        """The stored form."""
        return strictjson.dumps(self)

    @classmethod
    def from_json(cls, data: bytes | str) -> Self:
        """The peaks in `data`. Raises MalformedFile."""
        return strictjson.loads(cls, data)


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Recordings that began in one stretch of time, and how long they are together."""

    starts_at: datetime
    recordings: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Recordings that cannot be played, and such that ended because something failed."""

    unplayable: int
    interrupted: int


@dataclass(frozen=True, kw_only=True)
class Totals:
    """How many recordings a customer has, and when the last began."""

    recordings: int
    last: datetime | None
