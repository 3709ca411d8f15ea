"""The words of a SIPREC session: what it is at one moment, what can happen to it, what the shell then has to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from parley.recordings.offers import Offer
from parley.wire.sdp.api import AUDIO, Codec, Description
from parley.wire.sip.api import Answer
from parley.wire.siprec.api import Metadata

Phase = Literal["gating", "allocating", "answered", "confirmed", "closed"]
CloseReason = Literal["bye", "no-media", "no-ack", "session-expired", "dialog-gone", "disk-full", "failed", "shutdown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds: silence before the client is asked whether it is still there, silence after which we hang up, also on
    hold.
    """

    probe_after: float = 30.0
    abandon_after: float = 600.0
    abandon_held_after: float = 14_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One m-line by position; `port` is ours, 0 when it was rejected or has ended. `sources` may send to it."""

    position: int
    label: str
    port: int = 0
    held: bool = False
    codecs: tuple[Codec, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def codec(self) -> str:
        """The first voice codec of the line, "" when it was rejected."""
        return next((codec.name for codec in self.codecs if codec.name in AUDIO), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session at one moment; everything that a restarted recorder needs to go on."""

    recording_id: UUID
    source: str
    address: str
    sdp_session: int
    patience: Patience
    phase: Phase = "gating"
    sdp_version: int = 1
    offer: Description | None = None
    metadata: Metadata | None = None
    lines: tuple[Line, ...] = ()
    pending: Offer | None = None
    interval: int = 0
    we_refresh: bool = False
    refreshed_at: float = 0.0
    heard_at: float = 0.0
    asked_at: float = 0.0
    asking: bool = False
    inactive: bool = False
    stopped: Mapping[str, str] = field(default_factory=dict)
    """Label -> participant who sent that stream, is in the call, and by the metadata sends nothing for now."""

    @property
    def held(self) -> bool:
        """Whether no stream is supposed to carry anything now."""
        return self.inactive or all(line.held or not line.port for line in self.lines)

    def silent(self, now: float) -> bool:
        """Whether nothing was heard for as long as the client is trusted."""
        return now - self.heard_at >= self.patience.probe_after

    @property
    def live(self) -> bool:
        """Whether the session is being recorded."""
        return self.phase in {"answered", "confirmed"}


# --- what can happen --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offered:
    """The first INVITE, read."""

    offer: Offer


@dataclass(frozen=True, slots=True)
class GateAnswered:
    allowed: bool
    clause: str
    reason: str
    inactive: bool = False
    """The call is answered, and the client asked to send nothing: policy says that it is not recorded."""


@dataclass(frozen=True, slots=True)
class PortsTaken:
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PortsMissing:
    """No port is free, or no space is left: try again after `retry_after` seconds."""

    reason: str
    retry_after: int


@dataclass(frozen=True, slots=True)
class Reoffered:
    """A re-INVITE or UPDATE in the dialog, read."""

    offer: Offer
    method: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The ACK of a 2xx arrived."""


@dataclass(frozen=True, slots=True)
class AckMissing:
    """No ACK arrived within 64*T1."""


@dataclass(frozen=True, slots=True)
class ByeReceived:
    """The client ended the session."""


@dataclass(frozen=True, slots=True)
class CancelReceived:
    """The client gave up before it had an answer."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Media, or a request in the dialog, arrived at `at` (the clock of `now`)."""

    at: float


@dataclass(frozen=True, slots=True)
class Answered:
    """The client answered our probe, or our refresh of the session timer; code 0: it did not."""

    code: int
    refresh: bool = False


@dataclass(frozen=True, slots=True)
class CaptureFailed:
    """The capture ended: `disk-full` or `failed`."""

    reason: CloseReason


@dataclass(frozen=True, slots=True)
class Stopping:
    """The recorder is being stopped for good."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event = (
    Offered
    | GateAnswered
    | PortsTaken
    | PortsMissing
    | Reoffered
    | Acknowledged
    | AckMissing
    | ByeReceived
    | CancelReceived
    | Heard
    | Answered
    | CaptureFailed
    | Stopping
    | Tick
)


# --- what to do about it ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AskGate:
    """Ask the agreement whether this may be recorded, and report with `GateAnswered`."""


@dataclass(frozen=True, slots=True)
class TakePorts:
    """Take so many ports, and report with `PortsTaken` or `PortsMissing`."""

    count: int


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer the request at hand."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class OpenCapture:
    """Start the capture of the session's lines; before `answer` is sent, so that no packet is missed."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class AddLine:
    """Capture one more line."""

    line: Line


@dataclass(frozen=True, slots=True)
class EndLine:
    """Stop capturing a line and give its port back."""

    line: Line


@dataclass(frozen=True, slots=True)
class Describe:
    """Parties or lines have changed: write the manifest again."""


@dataclass(frozen=True, slots=True)
class CloseCapture:
    reason: CloseReason


@dataclass(frozen=True, slots=True)
class SendBye:
    """End the dialog; `reason` goes into a Reason header."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Send a request in the dialog and report the answer with `Answered`: OPTIONS to probe, UPDATE to refresh."""

    method: Literal["OPTIONS", "UPDATE"]


Decision = AskGate | TakePorts | Reply | OpenCapture | AddLine | EndLine | Describe | CloseCapture | SendBye | Ask
