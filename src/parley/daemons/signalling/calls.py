"""The recorder's call table: SIP events in, session decisions carried out. No socket, no clock: the transport calls it.

What to do is decided in `recordings.session`; here it is done: answers to the endpoint, ports and captures to the media
engine, state to the session files. Log lines hold our own ids and reasons, never a number, name or address of a party.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import structlog

from parley.daemons.signalling.admission import Admission
from parley.daemons.signalling.faults import contained, log_fault
from parley.daemons.signalling.manifest import Manifests
from parley.daemons.signalling.ourselves import ALLOW, Ourselves
from parley.daemons.signalling.ports import Directory, Frame, Gate, Media, Reports
from parley.daemons.signalling.running import Running
from parley.daemons.signalling.state import SavedCall, SessionFiles
from parley.daemons.signalling.steering import SILENT_AFTER, Troubles, deed_of
from parley.daemons.signalling.table import Call, CallTable, restored
from parley.foundation.ids import new_id
from parley.recordings import control
from parley.recordings import session as srs
from parley.recordings.offers import METHODS, Refusal, read_offer
from parley.recordings.types import Deed, Manifest
from parley.wire.sip import api as sip

_log = structlog.get_logger()
MAX_CALLS = 8_192


class Calls:
    """Every call of one recorder. `clock` gives wall time; `now` arguments are monotonic seconds."""

    def __init__(
        self,
        *,
        media: Media,
        gate: Gate,
        directory: Callable[[], Directory | None],
        files: SessionFiles,
        reports: Reports,
        address_for: Callable[[str], str],
        sip_port: int,
        patience: srs.Patience | None = None,
        stranger_rate: float = 50.0,
        invite_rate: float = 500.0,
        silent_after: float = SILENT_AFTER,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._media, self._gate, self._reports = media, gate, reports
        self._ourselves = Ourselves(address_for, sip_port)
        self._patience = patience or srs.Patience()
        self._clock = clock
        self._manifests = Manifests()
        self._troubles = Troubles(reports)
        self._table = CallTable(files=files)
        self._running = Running(
            media=media, reports=reports, table=self._table, troubles=self._troubles, clock=clock,
            silent_after=silent_after,
        )  # fmt: skip
        self.admission = Admission(
            directory=directory, table=self._table, manifests=self._manifests, troubles=self._troubles, clock=clock,
            stranger_rate=stranger_rate, invite_rate=invite_rate,
        )  # fmt: skip
        self.endpoint = sip.Endpoint(tag_key=os.urandom(32), stranger=self.admission.stranger)

    def __len__(self) -> int:
        return len(self._table)

    @property
    def live(self) -> tuple[Call, ...]:
        return tuple(self._table)

    def receive(self, data: bytes, flow: sip.Flow, *, now: float) -> None:
        """One whole message."""
        self.admission.now = now
        self.handle(self.endpoint.receive(data, flow, now=now), now=now)

    def lost(self, lost: sip.Lost, flow: sip.Flow, *, now: float) -> None:
        """The head at which a stream could no longer be framed."""
        self.admission.now = now
        self.handle(self.endpoint.lost(lost, flow), now=now)

    def handle(self, events: list[sip.Event], *, now: float) -> None:
        """Serves what the endpoint reports; a fault in one event leaves the others alone."""
        for event in events:
            with contained():
                self._handle(event, now=now)

    def tick(self, *, now: float) -> None:
        """Once a second or so: what has been heard, timers of the sessions, reports."""
        for call in self.live:
            with contained():
                self._tick(call, now=now)
        self._manifests.forget(now=self._clock())
        self.admission.say_ignored()

    def _handle(self, event: sip.Event, *, now: float) -> None:
        match event:
            case sip.RequestArrived():
                self._served(event, now=now)
            case sip.AckArrived():
                self._acknowledged(event, now=now)
            case sip.AckMissing():
                self._about(event.transaction, srs.AckMissing(), now=now)
            case sip.ResponseArrived():
                self._answered(event.transaction, event.response.code, now=now)
            case sip.ResponseMissing():
                self._answered(event.transaction, 0, now=now)
            case sip.Cancelled():
                self._about(event.transaction, srs.CancelReceived(), now=now)
            case sip.Refused():
                self.admission.refused(event)

    def _tick(self, call: Call, *, now: float) -> None:
        heard = self._media.heard(call.id)
        if heard.last_at is not None:
            self._step(call, srs.Heard(heard.last_at), now=now, quiet=True)
        self._step(call, srs.Tick(), now=now, quiet=True)
        self._running.look(call, heard, now=now)

    def steer(self, recording_id: UUID, deed: Deed, *, by: UUID, wish: UUID) -> bool:
        """Does what somebody wants of a running call and reports what came of it; False: there is no such call."""
        call = self._table.of_recording(recording_id)
        if call is None or call.manifest is None:
            return False
        with contained():
            self._running.steer(call, deed, how="by a person", by=by, wish=wish)
        return True

    def capture_failed(self, recording_id: UUID, reason: str, *, now: float) -> None:
        """The media engine gave up on a recording (`disk-full` or `failed`)."""
        call = self._table.of_recording(recording_id)
        if call is not None:
            if call.steering.writing:
                self._troubles.of_call(call.trunk, call.id, cause="capture-failed", at=self._clock())
            self._step(call, srs.CaptureFailed("disk-full" if reason == "disk-full" else "failed"), now=now)

    def stop(self, *, now: float) -> None:
        """Ends every call: the recorder is being stopped for good."""
        for call in self.live:
            self._step(call, srs.Stopping(), now=now)

    def resume(self, saved: SavedCall, *, gap_seconds: float = 0.0) -> None:
        """Goes on with a call of the recorder before this one; its INVITE, repeated, gets the same 2xx.

        `gap_seconds`: for so long nothing of it could be received.
        """
        call = restored(saved)
        if saved.closing:
            self._close(call, saved.closing)
            return
        self._table.add(call)
        # Who died between the one and the other left a call that is written and should not be, or the reverse.
        self._media.describe(saved.manifest)
        if call.steering.writing:
            self._media.resume(call.id)
            if gap_seconds:
                self._troubles.of_call(call.trunk, call.id, cause="gap", at=self._clock())
        _log.info("call.resumed", recording=str(call.id), phase=call.session.phase)

    # --- requests ------------------------------------------------------------------------------------------------

    def _served(self, event: sip.RequestArrived, *, now: float) -> None:
        """Serves a request; a fault of ours answers 500 and leaves other calls alone."""
        try:
            self._request(event, now=now)
        except Refusal as error:
            self._turn_away(event, error.answer, now=now)
        except sip.BadMessage as error:
            self._turn_away(event, sip.Answer(error.code, error.reason), now=now)
        except Exception as error:
            log_fault(error)
            self._turn_away(event, sip.Answer(500, "internal error"), now=now)

    def _turn_away(self, event: sip.RequestArrived, answer: sip.Answer, *, now: float) -> None:
        self._refuse(event.transaction, answer, now=now)
        self.admission.turned_away(event, answer)

    def _request(self, event: sip.RequestArrived, *, now: float) -> None:
        if event.request.method not in METHODS:
            raise Refusal(sip.Answer(405, "method is not supported", (ALLOW,)))
        if event.request.to_tag is None:
            self._outside_dialog(event, now=now)
        else:
            self._inside_dialog(event, now=now)

    def _refuse(self, transaction: str, answer: sip.Answer, *, now: float) -> None:
        self.endpoint.respond(transaction, answer, now=now)
        _log.info("sip.refused", code=answer.code, reason=answer.reason)

    def _outside_dialog(self, event: sip.RequestArrived, *, now: float) -> None:
        request = event.request
        if request.method == "OPTIONS":
            self.endpoint.respond(event.transaction, self._ourselves.abilities(event.flow), now=now)
            return
        if request.method != "INVITE":
            raise Refusal(sip.Answer(481, "no such dialog"))
        known = self._table.of_invite(request)
        if known is not None:
            self._repeated(known, event, now=now)
            return
        trunk = self.admission.trunk(event.flow, request)
        if trunk is None:
            raise Refusal(sip.Answer(403, "source belongs to no trunk"))
        offer = read_offer(request, initial=True)
        if len(self._table) >= MAX_CALLS:
            raise Refusal(sip.Answer(503, "too many calls", (("Retry-After", "10"),)))
        started = self._clock()
        tag = os.urandom(10).hex()
        call = Call(
            session=srs.Session(
                recording_id=new_id(at=started),
                source=event.flow.remote[0],
                address=self._ourselves.address_for(event.flow.remote[0]),
                sdp_session=int.from_bytes(os.urandom(6), "big"),
                patience=self._patience,
            ),
            trunk=trunk,
            flow=event.flow,
            local_tag=tag,
            request=request,
            transaction=event.transaction,
            started_at=started,
            dialog=sip.accept(request, local_tag=tag),
        )
        try:
            self._step(call, srs.Offered(offer), now=now)
        finally:
            # Whatever stopped it: ports that were taken and not opened are free again.
            if self._table.of_invite(request) is None:
                for port in call.taken:
                    self._media.give_back(port)

    def _repeated(self, call: Call, event: sip.RequestArrived, *, now: float) -> None:
        """The INVITE of a call that is already there: after a restart the same one gets the same answer, else 482."""
        same = call.answered_by == event.transaction and call.answered_sequence == event.request.sequence
        if not same or call.answer is None:
            raise Refusal(sip.Answer(482, "the call is already being recorded"))
        self._table.note_transaction(event.transaction, call)
        self.endpoint.respond(event.transaction, call.answer, now=now)

    def _inside_dialog(self, event: sip.RequestArrived, *, now: float) -> None:
        request = event.request
        call = self._table.of_dialog(request)
        if call is None or call.dialog is None:
            raise Refusal(sip.Answer(481, "no such dialog"))
        if not self.admission.belongs(call, event.flow, request):
            raise Refusal(sip.Answer(403, "source is not that of the call"))
        dialog = call.dialog.received(request)
        offer = read_offer(request, initial=False) if request.method in {"INVITE", "UPDATE"} else None
        call.dialog, call.flow = dialog, event.flow
        call.request, call.transaction = request, event.transaction
        if request.method != "INFO":  # which may carry the digits that somebody keys in
            self._media.signal(call.id, self._frame(event.flow.remote, event.flow.local, request.raw))
        if offer is not None:
            self._step(call, srs.Reoffered(offer, request.method), now=now)
        elif request.method == "BYE":
            self._step(call, srs.ByeReceived(), now=now)
        elif request.method == "OPTIONS":
            self._step(call, srs.Heard(now), now=now)
            self.endpoint.respond(event.transaction, self._ourselves.abilities(event.flow), now=now)
        elif request.method == "INFO":
            deed = deed_of(request.headers.get("record"), call.steering)
            if deed is None:
                raise Refusal(sip.Answer(469, "INFO brings no header Record with a deed that is possible now"))
            self._running.steer(call, deed, how="by the recording client")
            self.endpoint.respond(event.transaction, sip.Answer(200), now=now)
        else:
            raise Refusal(sip.Answer(405, "method is not supported in a dialog", (ALLOW,)))

    def _acknowledged(self, event: sip.AckArrived, *, now: float) -> None:
        request = event.request
        call = self._table.of_dialog(request)
        if call is not None:
            self._media.signal(call.id, self._frame(event.flow.remote, event.flow.local, request.raw))
            # Not worth a file: a recorder that does not know of the ACK only waits for what it already has.
            self._step(call, srs.Acknowledged(), now=now, quiet=True)

    def _about(self, transaction: str, event: srs.Event, *, now: float) -> None:
        call = self._table.of_transaction(transaction)
        if call is not None:
            self._step(call, event, now=now)

    def _answered(self, transaction: str, code: int, *, now: float) -> None:
        """The client answered a request of ours; code 0: it did not."""
        call = self._table.of_transaction(transaction)
        if call is None:
            return
        self._table.forget_transaction(transaction)
        method = call.asked.pop(transaction, "")
        if method in {"OPTIONS", "UPDATE"}:
            self._step(call, srs.Answered(code, refresh=method == "UPDATE"), now=now)

    # --- decisions -----------------------------------------------------------------------------------------------

    def _step(self, call: Call, event: srs.Event, *, now: float, quiet: bool = False) -> None:
        """Lets the session decide about `event`, does it, and keeps the outcome. `quiet`: not worth saving alone."""
        before = call.session
        call.session, decisions = srs.decide(before, event, now)
        for decision in decisions:
            self._carry_out(call, decision, now=now)
        if call.session.live and (decisions or not quiet) and call.session is not before:
            self._table.save(call)

    def _carry_out(self, call: Call, decision: srs.Decision, *, now: float) -> None:
        match decision:
            case srs.AskGate():
                self._step(call, self._admit(call), now=now)
            case srs.TakePorts():
                self._step(call, self._take(call, decision.count), now=now)
            case srs.OpenCapture():
                self._open(call, decision.answer)
            case srs.Reply():
                self._reply(call, decision.answer, now=now)
            case srs.AddLine():
                self._media.add(call.id, decision.line)
            case srs.EndLine():
                self._past(call, decision.line.port)
                self._media.end(call.id, decision.line.port)
            case srs.Describe():
                call.manifest = self._manifest(call)
                self._media.describe(call.manifest)
            case srs.SendBye():
                self._ask(call, "BYE", now=now, extra=(srs.bye_reason(decision.reason),))
            case srs.Ask():
                self._ask(call, decision.method, now=now)
            case srs.CloseCapture():
                self._close(call, decision.reason)

    def _admit(self, call: Call) -> srs.GateAnswered:
        """What the agreement says of a call, then the customer's policies."""
        call.policy = self.admission.policy(call.request, call.trunk, call.session.pending)
        call.steering = control.begin(call.policy)
        verdict = self._gate(call.trunk)
        call.decision = verdict.record
        if verdict.allowed and call.policy.refuse:
            return srs.GateAnswered(False, "recording policy", "this call is not to be recorded")
        never = call.policy.mode == "never"
        return srs.GateAnswered(verdict.allowed, verdict.record.clause, verdict.record.reason, inactive=never)

    def _take(self, call: Call, count: int) -> srs.PortsTaken | srs.PortsMissing:
        refusal = self._media.refusal()
        if refusal:
            return srs.PortsMissing(refusal, 30)
        ports = self._media.take(count)
        if ports is None:
            return srs.PortsMissing("no free port", 10)
        call.taken = ports
        return srs.PortsTaken(ports)

    def _open(self, call: Call, answer: sip.Answer) -> None:
        """Starts the capture; raises Refusal when the spool has no space after all."""
        call.manifest = self._manifest(call)
        lines = [line for line in call.session.lines if line.port]
        here, there = call.flow.local, call.flow.remote
        octets = self.endpoint.preview(call.transaction, self._ourselves.dressed(call, answer))
        call.frames = (self._frame(there, here, call.request.raw), self._frame(here, there, octets))
        if not self._media.open(call.manifest, call.trunk.recipients, lines, call.frames):
            raise Refusal(sip.Answer(503, "no space left to record", (("Retry-After", "30"),)))
        self._table.add(call)
        if call.steering.writing:
            self._troubles.recorded(call.trunk, at=self._clock())
        _log.info(
            "call.recording",
            recording=str(call.id),
            trunk=str(call.trunk.trunk_id),
            streams=len(lines),
            state=control.state(call.steering),
            clause=call.decision.clause if call.decision else "",
        )

    def _frame(self, source: tuple[str, int], destination: tuple[str, int], payload: bytes) -> Frame:
        return Frame.of(payload, source=source, destination=destination, at=self._clock())

    def _manifest(self, call: Call) -> Manifest:
        assert call.decision is not None  # noqa: S101 - nothing is opened before the gate answered
        return self._manifests.write(
            session=call.session,
            trunk=call.trunk,
            decision=call.decision,
            started_at=call.started_at,
            call_id=call.request.call_id,
            now=self._clock(),
            earlier=call.past_streams,
            steering=call.steering,
            holds=call.manifest.on_hold if call.manifest is not None else (),
        )

    @staticmethod
    def _past(call: Call, port: int) -> None:
        streams = call.manifest.streams if call.manifest is not None else ()
        call.past_streams += tuple(stream for stream in streams if stream.port == port)

    def _reply(self, call: Call, answer: sip.Answer, *, now: float) -> None:
        if answer.code >= 300:
            self._refuse(call.transaction, replace(answer, to_tag=call.local_tag), now=now)
            clause = call.decision.clause if call.decision is not None and answer.code == 403 else ""
            if not call.session.live:
                self.admission.missed(call.request, call.trunk, answer, call.policy, clause)
            return
        answer = self._ourselves.dressed(call, answer)
        first = call.answer is None
        if call.request.method == "INVITE":
            call.answer, call.answered_by, call.answered_sequence = answer, call.transaction, call.request.sequence
            self._table.note_transaction(call.transaction, call)
        # State first: an answer that was sent must never belong to a call that a restarted recorder does not know.
        if call.session.live:
            self._table.save(call)
        data = self.endpoint.respond(call.transaction, answer, now=now)
        if data and not first:
            self._media.signal(call.id, self._frame(call.flow.local, call.flow.remote, data))

    def _ask(self, call: Call, method: str, *, now: float, extra: tuple[tuple[str, str], ...] = ()) -> None:
        """Sends a request of ours in the dialog, over the connection of the call or to its next hop."""
        asking = self._ourselves.request(call, method, extra=extra)
        self._table.note_transaction(asking.branch, call)
        call.asked[asking.branch] = method
        self.endpoint.request(asking.data, asking.flow, transaction=asking.branch, now=now)
        self._media.signal(call.id, self._frame(asking.flow.local, asking.flow.remote, asking.data))

    def _close(self, call: Call, reason: str) -> None:
        self._table.save(call, closing=reason)
        self._media.close(call.id, reason)
        self._table.remove(call)
        if call.quiet.said:
            self._troubles.heard_again(call.trunk, call.id, at=self._clock())
        self._reports.ended(call.trunk, call.id)
        _log.info("call.closed", recording=str(call.id), reason=reason)
