"""Policies, deeds and troubles of running calls: what a policy says of a call that is offered, what somebody wants of
one that runs, and which call should be recorded and is not, or went silent.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from parley.daemons.signalling.ports import Heard, Reports
from parley.recordings import control
from parley.recordings.policies import PolicySet, read_policies
from parley.recordings.session import Line
from parley.recordings.strictjson import MalformedFile
from parley.recordings.types import Cause, Deed, Mishap, Steering
from parley.tenancy.api import TrunkEntry
from parley.wire.sip.api import Answer

_log = structlog.get_logger()
SILENT_AFTER: Final = 20.0
"""Seconds without a packet on a stream that is not on hold, after which somebody is told; within 30 it is known."""
_REMEMBERED: Final = 8_192
_WORDS: Final[dict[str, tuple[Deed, ...]]] = {
    "on": ("start", "resume", "keep"),
    "start": ("start",),
    "off": ("pause",),
    "pause": ("pause",),
    "resume": ("resume",),
    "keep": ("keep",),
}
_BY_CODE: Final[dict[int, Cause]] = {
    400: "not-readable", 403: "gate", 415: "not-readable", 420: "not-readable", 488: "no-usable-media", 500: "fault",
}  # fmt: skip
_BY_REASON: Final[dict[str, Cause]] = {
    "no free port": "no-ports", "no space left to record": "no-space", "too many calls": "too-many",
    "calls come too fast": "too-many",
}  # fmt: skip


def policies_of(trunk: TrunkEntry) -> PolicySet:
    """The policies of the trunk's customer. Such as cannot be read are none: then every call is recorded."""
    try:
        return read_policies(trunk.policies)
    except MalformedFile as error:
        _log.error("policies.unreadable", customer=str(trunk.customer.id), error_id=error.error_id)
        return PolicySet()


def deed_of(record: str | None, steering: Steering) -> Deed | None:
    """What the header `Record` of an INFO request asks for (on, off, pause, resume, start, keep); None: nothing that
    is possible."""
    able = control.possible(steering)
    return next((deed for deed in _WORDS.get((record or "").strip().lower(), ()) if deed in able), None)


def cause_of(answer: Answer) -> Cause | None:
    """Why a call that gets this refusal is not recorded; None where the client merely has to ask otherwise."""
    return _BY_REASON.get(answer.reason) or _BY_CODE.get(answer.code)


@dataclass
class Quiet:
    """Since when each stream of a call has been silent (monotonic seconds), by port; `said`: somebody was told."""

    since: dict[int, float] = field(default_factory=dict)
    said: bool = False

    def look(self, lines: Iterable[Line], heard: Heard, *, held: bool, now: float, after: float) -> bool:
        """Whether a stream that should carry something has carried nothing for `after` seconds."""
        silent = False
        for line in lines:
            if not line.port:
                self.since.pop(line.port, None)
                continue
            if held or line.held:
                self.since[line.port] = now
                continue
            last = max(self.since.setdefault(line.port, now), heard.by_port.get(line.port, 0.0))
            self.since[line.port] = last
            silent = silent or now - last >= after
        return silent


class Troubles:
    """Tells `reports` what is the matter: each call once for each cause, and when it is over by itself."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._told: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._well: set[UUID] = set()

    def refused(self, trunk: TrunkEntry, *, cause: Cause, call: str, at: datetime, clause: str = "") -> None:
        """A call of this trunk that should be recorded was refused."""
        self._well.discard(trunk.trunk_id)
        self._tell(trunk, f"{cause}:{trunk.trunk_id}", cause=cause, call=call, at=at, clause=clause)

    def recorded(self, trunk: TrunkEntry, *, at: datetime) -> None:
        """A call of this trunk is recorded: whatever refused others before is over."""
        if trunk.trunk_id not in self._well:
            self._well.add(trunk.trunk_id)
            self._reports.well_again(trunk, str(trunk.trunk_id), at)

    def of_call(self, trunk: TrunkEntry, recording_id: UUID, *, cause: Cause, at: datetime) -> None:
        """A recording has a gap, went silent or cannot go on."""
        self._tell(
            trunk, f"{cause}:{recording_id}", cause=cause, call=str(recording_id), at=at, recording_id=recording_id
        )

    def heard_again(self, trunk: TrunkEntry, recording_id: UUID, *, at: datetime) -> None:
        """A call that was silent is heard, or over."""
        self._told.pop((f"silent:{recording_id}", str(recording_id)), None)
        self._reports.well_again(trunk, f"silent:{recording_id}", at)

    def _tell(
        self,
        trunk: TrunkEntry,
        key: str,
        *,
        cause: Cause,
        call: str,
        at: datetime,
        recording_id: UUID | None = None,
        clause: str = "",
    ) -> None:
        if (key, call) in self._told:
            return
        self._told[key, call] = None
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        self._reports.trouble(
            trunk,
            Mishap(
                cause=cause,
                key=key,
                call=call,
                trunk_id=trunk.trunk_id,
                trunk_name=trunk.name,
                at=at,
                recording_id=recording_id,
                clause=clause,
            ),
        )
