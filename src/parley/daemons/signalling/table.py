"""The calls of one recorder, found by dialog, by INVITE and by transaction, and written down for the next recorder."""

import operator
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import structlog

from parley.daemons.signalling.ports import Frame
from parley.daemons.signalling.state import SavedCall, SessionFiles
from parley.daemons.signalling.steering import Quiet
from parley.recordings import session as srs
from parley.recordings.policies import Decision
from parley.recordings.types import UNSTEERED, GateRecord, Manifest, ManifestStream, Steering
from parley.tenancy.api import TrunkEntry
from parley.wire.sip import api as sip

_log = structlog.get_logger()


@dataclass(slots=True)
class Call:
    """One recorded call while it runs, and the request of it that is being served."""

    session: srs.Session
    trunk: TrunkEntry
    flow: sip.Flow
    local_tag: str
    request: sip.Request
    transaction: str
    started_at: datetime
    dialog: sip.Dialog | None = None
    decision: GateRecord | None = None
    manifest: Manifest | None = None
    answer: sip.Answer | None = None
    answered_by: str = ""
    answered_sequence: int = 0
    taken: tuple[int, ...] = ()
    past_streams: tuple[ManifestStream, ...] = ()
    frames: tuple[Frame, ...] = ()
    asked: dict[str, str] = field(default_factory=dict)
    written: tuple[object, ...] = ()
    policy: Decision | None = None
    steering: Steering = UNSTEERED
    quiet: Quiet = field(default_factory=Quiet)

    @property
    def id(self) -> UUID:
        return self.session.recording_id


class CallTable:
    """Every call that is being recorded."""

    def __init__(self, *, files: SessionFiles) -> None:
        self._files = files
        self._by_dialog: dict[sip.DialogId, Call] = {}
        self._by_invite: dict[tuple[str, str], Call] = {}
        self._by_transaction: dict[str, Call] = {}

    def __len__(self) -> int:
        return len(self._by_dialog)

    def __iter__(self) -> Iterator[Call]:
        return iter(tuple(self._by_dialog.values()))

    def of_dialog(self, request: sip.Request) -> Call | None:
        """The call that a request in a dialog belongs to."""
        return self._by_dialog.get(sip.DialogId(request.call_id, request.to_tag or "", request.from_tag))

    def of_invite(self, request: sip.Request) -> Call | None:
        """The call that an INVITE outside of a dialog has made already."""
        return self._by_invite.get((request.call_id, request.from_tag))

    def of_recording(self, recording_id: UUID) -> Call | None:
        return next((call for call in self if call.id == recording_id), None)

    def of_transaction(self, transaction: str) -> Call | None:
        return self._by_transaction.get(transaction)

    def note_transaction(self, transaction: str, call: Call) -> None:
        self._by_transaction[transaction] = call

    def forget_transaction(self, transaction: str) -> None:
        self._by_transaction.pop(transaction, None)

    def add(self, call: Call) -> None:
        if call.dialog is not None:
            self._by_dialog[call.dialog.id] = call
            self._by_invite[call.dialog.id.call_id, call.dialog.id.remote_tag] = call

    def remove(self, call: Call) -> None:
        if call.dialog is not None:
            self._by_dialog.pop(call.dialog.id, None)
            self._by_invite.pop((call.dialog.id.call_id, call.dialog.id.remote_tag), None)
        for transaction in [name for name, one in self._by_transaction.items() if one is call]:
            del self._by_transaction[transaction]

    def save(self, call: Call, *, closing: str = "") -> None:
        """Writes the session file; without one a recording still goes on, it only does not outlive this process."""
        if call.dialog is None or call.decision is None or call.manifest is None or call.answer is None:
            return
        state = (call.session, call.dialog, call.manifest, call.answer)
        if not closing and len(call.written) == len(state) and all(map(operator.is_, state, call.written)):
            return
        call.written = state
        saved = SavedCall(
            session=call.session,
            dialog=call.dialog,
            trunk=call.trunk.bare(),
            decision=call.decision,
            manifest=call.manifest,
            started_at=call.started_at,
            protocol=call.flow.protocol,
            local_host=call.flow.local[0],
            local_port=call.flow.local[1],
            remote_host=call.flow.remote[0],
            remote_port=call.flow.remote[1],
            answer=call.answer,
            answered_by=call.answered_by,
            answered_sequence=call.answered_sequence,
            frames=call.frames,
            past_streams=call.past_streams,
            closing=closing,
        )
        try:
            self._files.save(saved)
        except OSError as error:
            _log.warning("session.unsaved", recording=str(call.id), error=os.strerror(error.errno or 0))


def restored(saved: SavedCall) -> Call:
    """The call that a recorder before this one wrote down; its connection is gone."""
    flow = sip.Flow(
        saved.protocol, (saved.local_host, saved.local_port), (saved.remote_host, saved.remote_port), connection=-1
    )
    return Call(
        session=replace(saved.session, asking=False, pending=None),
        trunk=saved.trunk,
        flow=flow,
        local_tag=saved.dialog.id.local_tag,
        request=sip.Request("INVITE", "", sip.Headers(), call_id=saved.dialog.id.call_id),
        transaction="",
        started_at=saved.started_at,
        dialog=saved.dialog,
        decision=saved.decision,
        manifest=saved.manifest,
        answer=saved.answer,
        answered_by=saved.answered_by,
        answered_sequence=saved.answered_sequence,
        frames=saved.frames,
        past_streams=saved.past_streams,
        steering=saved.manifest.steering,
    )
