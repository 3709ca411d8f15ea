"""What signalling needs from the rest of Parley, as protocols: media, gate, trunks, reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, Self
from uuid import UUID

from parley.recordings.session import Line
from parley.recordings.types import Deed, GateRecord, Manifest, Mishap
from parley.tenancy.api import TrunkEntry


class Directory(Protocol):
    """Which trunk a source belongs to (`tenancy.api.TrunkDirectory`)."""

    def find(self, address: str, port: int) -> TrunkEntry | None: ...


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """The agreement's answer; `record` goes into the manifest."""

    allowed: bool
    record: GateRecord


class Gate(Protocol):
    """May calls of this trunk be recorded now?"""

    def __call__(self, trunk: TrunkEntry) -> GateVerdict: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A SIP message as it goes into the capture: Unix nanoseconds, both ends, its octets."""

    at_ns: int
    source_host: str
    source_port: int
    destination_host: str
    destination_port: int
    payload: bytes

    @classmethod
    def of(cls, payload: bytes, *, source: tuple[str, int], destination: tuple[str, int], at: datetime) -> Self:
        return cls(
            at_ns=int(at.timestamp() * 1_000_000) * 1_000,
            source_host=source[0],
            source_port=source[1],
            destination_host=destination[0],
            destination_port=destination[1],
            payload=payload,
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """What arrived for a recording so far, pauses included; times in monotonic seconds, `last_at` None before the first
    packet."""

    packets: int
    octets: int
    last_at: float | None
    by_port: Mapping[int, float] = field(default_factory=dict)
    """When something last arrived, on streams on which anything did."""


class Media(Protocol):
    """The media side of recordings, as signalling drives it. No call blocks."""

    def refusal(self) -> str:
        """Why nothing new can be recorded now ("" when it can), in words for a SIP answer."""
        ...

    def take(self, count: int) -> tuple[int, ...] | None:
        """So many ports, or None when fewer are free."""
        ...

    def give_back(self, port: int) -> None:
        """A port that was taken and not opened."""
        ...

    def open(
        self, manifest: Manifest, recipients: Sequence[str], lines: Sequence[Line], frames: Sequence[Frame]
    ) -> bool:
        """Starts a recording whose parts begin with `frames`; False when there is no space for it."""
        ...

    def describe(self, manifest: Manifest) -> None: ...

    def add(self, recording_id: UUID, line: Line) -> None: ...

    def end(self, recording_id: UUID, port: int) -> None: ...

    def signal(self, recording_id: UUID, frame: Frame) -> None:
        """A SIP message of the session, for the capture."""
        ...

    def pause(self, recording_id: UUID, at: datetime) -> None:
        """Writes nothing of what arrives from `at` on."""
        ...

    def resume(self, recording_id: UUID) -> None:
        """Writes again."""
        ...

    def close(self, recording_id: UUID, reason: str) -> None: ...

    def heard(self, recording_id: UUID) -> Heard: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A deed with a running call: `wish` names the row that asked for it, `by` the user; neither: it was done by itself
    or by the recording client."""

    deed: Deed
    at: datetime
    how: str
    by: UUID | None = None
    wish: UUID | None = None
    refusal: str = ""


class Reports(Protocol):
    """Who is told of running calls. No call blocks."""

    def live(self, trunk: TrunkEntry, manifest: Manifest, heard: Heard, *, held: bool) -> None: ...

    def ended(self, trunk: TrunkEntry, recording_id: UUID) -> None: ...

    def steered(self, trunk: TrunkEntry, manifest: Manifest, done: Done) -> None:
        """Somebody did something with a running call: evidence, and an answer to who asked."""
        ...

    def trouble(self, trunk: TrunkEntry, trouble: Mishap) -> None:
        """A call that policy says to record is not recorded, or not heard."""
        ...

    def well_again(self, trunk: TrunkEntry, key: str, at: datetime) -> None:
        """What `key` names is over, by itself."""
        ...
