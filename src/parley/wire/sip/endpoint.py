"""The transaction layer of a user agent: messages in, events and octets to send out (RFC 3261 sections 8.2, 17, 18).

Sans-IO: the shell hands in whole messages with the flow they came by, sends what `outgoing` returns, and calls `tick`
at `next_timer`. Requests of strangers and requests that cannot be read are answered without keeping any state
(section 8.2.7).
"""

import hashlib
import heapq
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from parley.wire.sip.errors import BadMessage
from parley.wire.sip.framing import Lost
from parley.wire.sip.headers import reason_header
from parley.wire.sip.message import Answer, Request, Response, build_response, parse_message
from parley.wire.sip.transaction import INVITE_SERVER, NON_INVITE_CLIENT, NON_INVITE_SERVER, T1, T2, Act, Machine, State

MAX_TRANSACTIONS = 20_000
MAGIC = "z9hG4bK"


@dataclass(frozen=True, slots=True)
class Flow:
    """How a message travels: protocol, our end, the other end, and the connection it belongs to (0 for datagrams)."""

    protocol: str
    local: tuple[str, int]
    remote: tuple[str, int]
    connection: int = 0

    @property
    def reliable(self) -> bool:
        return self.protocol != "UDP"


@dataclass(frozen=True, slots=True)
class Send:
    """Octets for the shell to send; for UDP `flow.remote` is the destination."""

    flow: Flow
    data: bytes


@dataclass(frozen=True, slots=True)
class RequestArrived:
    """A new request, seen once however often it was sent. Answer it with `respond(transaction, ...)`."""

    transaction: str
    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class AckArrived:
    """The ACK of a 2xx."""

    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The INVITE of `transaction` was cancelled before its final answer; the CANCEL itself is answered."""

    transaction: str


@dataclass(frozen=True, slots=True)
class AckMissing:
    """Nobody acknowledged the 2xx of `transaction` within 64*T1 (RFC 3261 section 13.3.1.4)."""

    transaction: str


@dataclass(frozen=True, slots=True)
class ResponseArrived:
    """The final answer to our own request."""

    transaction: str
    response: Response


@dataclass(frozen=True, slots=True)
class ResponseMissing:
    """Nobody answered our own request (timer F)."""

    transaction: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that was answered, or dropped, without state: `code` 0 when there was nobody to answer to."""

    code: int
    reason: str
    flow: Flow


Event = RequestArrived | AckArrived | Cancelled | AckMissing | ResponseArrived | ResponseMissing | Refused


@dataclass(slots=True)
class _Transaction:
    machine: Machine
    flow: Flow
    request: Request | None = None
    last: bytes = b""
    merge_key: tuple[str, str, int, str] | None = None
    scheduled: float | None = None


@dataclass(slots=True)
class _Repeat:
    """A 2xx that the core repeats until its ACK."""

    transaction: str
    flow: Flow
    data: bytes
    next_at: float
    give_up_at: float
    interval: float = T1


class Endpoint:
    """All transactions of one user agent.

    `tag_key` makes the tags of stateless answers; `stranger` returns the answer for a source that is not known, None
    for one that is.
    """

    def __init__(
        self,
        *,
        tag_key: bytes,
        stranger: Callable[[Flow, Request], Answer | None],
        max_transactions: int = MAX_TRANSACTIONS,
    ) -> None:
        self._tag_key = tag_key
        self._stranger = stranger
        self._max = max_transactions
        self._transactions: dict[str, _Transaction] = {}
        self._merged: dict[tuple[str, str, int, str], str] = {}
        self._repeats: dict[tuple[str, str, int], _Repeat] = {}
        self._timers: list[tuple[float, str]] = []
        self._out: list[Send] = []

    def __len__(self) -> int:
        return len(self._transactions) + len(self._repeats)

    def outgoing(self) -> list[Send]:
        """What has to be sent now, in order; asked again, it is empty."""
        out, self._out = self._out, []
        return out

    @property
    def next_timer(self) -> float | None:
        """When `tick` wants to be called; may be early, never late."""
        deadlines = [repeat.next_at for repeat in self._repeats.values()]
        if self._timers:
            deadlines.append(self._timers[0][0])
        return min(deadlines, default=None)

    def receive(self, data: bytes, flow: Flow, *, now: float) -> list[Event]:
        """What one whole message means. Never raises for anything that a peer can send."""
        try:
            message = parse_message(data)
        except BadMessage as error:
            return [self._refuse(error, flow)]
        if isinstance(message, Response):
            return self._response(message, now=now)
        answer = self._stranger(flow, message)
        if answer is not None:
            return [self._stateless(message, answer, flow)]
        if message.method == "ACK":
            return self._ack(message, flow, now=now)
        return self._request(message, flow, now=now)

    def lost(self, lost: Lost, flow: Flow) -> list[Event]:
        """Answers the head at which a stream could no longer be framed; the shell then closes the connection."""
        try:
            request = parse_message(lost.head)
        except BadMessage as error:
            known = error.request
        else:
            known = request if isinstance(request, Request) else None
        return [self._refuse(BadMessage(code=lost.code, reason=lost.reason, request=known), flow)]

    def respond(self, transaction: str, answer: Answer, *, now: float) -> bytes:
        """Sends an answer and returns its octets (b"" when the transaction is over).

        A 2xx to INVITE is repeated until its ACK.
        """
        found = self._transactions.get(transaction)
        if found is None or found.request is None:
            return b""
        if answer.code >= 300 and answer.reason:
            answer = with_reason(answer)
        data = self._build(found.request, answer, found.flow)
        kind = "1xx" if answer.code < 200 else "2xx" if answer.code < 300 else "refusal"
        if not found.machine.table.get((found.machine.state, kind)):
            return b""
        found.last = data
        self._apply(transaction, found, found.machine.handle(kind, now=now))
        if kind == "2xx" and found.request.method == "INVITE":
            self.repeat_until_ack(transaction, found.request, found.flow, data, now=now)
        return data

    def preview(self, transaction: str, answer: Answer) -> bytes:
        """The octets that `respond` would send, b"" when the transaction is over."""
        found = self._transactions.get(transaction)
        return (
            self._build(found.request, answer, found.flow) if found is not None and found.request is not None else b""
        )

    def repeat_until_ack(self, transaction: str, request: Request, flow: Flow, data: bytes, *, now: float) -> None:
        """Repeats a 2xx at T1, 2*T1 ... T2 until `AckArrived` (RFC 3261 section 13.3.1.4), over every transport."""
        key = (request.call_id, request.from_tag, request.sequence)
        self._repeats[key] = _Repeat(transaction, self._reply_flow(request, flow), data, now + T1, now + 64 * T1)

    def request(self, data: bytes, flow: Flow, *, transaction: str, now: float) -> None:
        """Sends a non-INVITE request of our own; `transaction` is the branch in its Via."""
        machine = Machine(table=NON_INVITE_CLIENT, state=State.TRYING, reliable=flow.reliable)
        machine.start("E", "F", now=now)
        found = _Transaction(machine=machine, flow=flow, last=data)
        self._transactions[transaction] = found
        self._out.append(Send(flow, data))
        self._schedule(transaction, found)

    def tick(self, *, now: float) -> list[Event]:
        """Fires the timers that are due."""
        events: list[Event] = []
        while self._timers and self._timers[0][0] <= now:
            _, name = heapq.heappop(self._timers)
            found = self._transactions.get(name)
            if found is None:
                continue
            found.scheduled = None
            self._schedule(name, found)
            for timer in found.machine.due(now):
                events += self._apply(name, found, found.machine.handle(timer, now=now))
        for key, repeat in list(self._repeats.items()):
            if repeat.give_up_at <= now:
                del self._repeats[key]
                events.append(AckMissing(repeat.transaction))
            elif repeat.next_at <= now:
                self._out.append(Send(repeat.flow, repeat.data))
                repeat.interval = min(repeat.interval * 2, T2)
                repeat.next_at = now + repeat.interval
        return events

    def stateless_tag(self, request: Request) -> str:
        """The same tag for every repetition of a request (RFC 3261 section 8.2.7)."""
        text = "|".join((request.call_id, request.vias[0].text if request.vias else "", str(request.sequence)))
        return hmac.new(self._tag_key, text.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:20]

    def _request(self, request: Request, flow: Flow, *, now: float) -> list[Event]:
        key = transaction_key(request)
        found = self._transactions.get(key)
        if found is not None:
            return self._apply(key, found, found.machine.handle("request", now=now))
        if request.method == "CANCEL":
            return self._cancel(request, flow)
        if len(self._transactions) >= self._max:
            answer = Answer(503, "too many transactions", (("Retry-After", "5"),))
            return [self._stateless(request, answer, flow)]
        merge_key = (request.call_id, request.from_tag, request.sequence, request.method)
        if request.to_tag is None:
            if merge_key in self._merged:
                return [self._stateless(request, Answer(482, "the same request arrived by another path"), flow)]
            self._merged[merge_key] = key
        invite = request.method == "INVITE"
        machine = Machine(
            table=INVITE_SERVER if invite else NON_INVITE_SERVER,
            state=State.PROCEEDING if invite else State.TRYING,
            reliable=flow.reliable,
        )
        found = _Transaction(machine=machine, flow=flow, request=request)
        found.merge_key = merge_key if request.to_tag is None else None
        self._transactions[key] = found
        # A user that never answers must not keep the transaction for ever.
        machine.timers["patience"] = now + 128 * T1
        self._schedule(key, found)
        return [RequestArrived(key, request, flow)]

    def _cancel(self, request: Request, flow: Flow) -> list[Event]:
        """Answers a CANCEL (RFC 3261 section 9.2)."""
        target = transaction_key(request, method="INVITE")
        found = self._transactions.get(target)
        if found is None:
            return [self._stateless(request, Answer(481, "nothing to cancel"), flow)]
        self._say(request, Answer(200), flow)
        return [Cancelled(target)] if found.machine.state is State.PROCEEDING else []

    def _ack(self, request: Request, flow: Flow, *, now: float) -> list[Event]:
        key = transaction_key(request, method="INVITE")
        found = self._transactions.get(key)
        if found is not None and found.machine.state in {State.COMPLETED, State.CONFIRMED}:
            return self._apply(key, found, found.machine.handle("ack", now=now))
        repeat = self._repeats.pop((request.call_id, request.from_tag, request.sequence), None)
        return [AckArrived(request, flow)] if repeat is not None else []

    def _response(self, response: Response, *, now: float) -> list[Event]:
        branch = response.vias[0].branch or ""
        found = self._transactions.get(branch)
        if found is None or found.machine.table is not NON_INVITE_CLIENT:
            return []
        acts = found.machine.handle("1xx" if response.code < 200 else "final", now=now)
        self._apply(branch, found, acts)
        return [ResponseArrived(branch, response)] if Act.TELL in acts else []

    def _apply(self, name: str, found: _Transaction, acts: tuple[Act, ...]) -> list[Event]:
        events: list[Event] = []
        for act in acts:
            if act in {Act.SEND, Act.REPEAT} and found.last:
                flow = self._reply_flow(found.request, found.flow) if found.request is not None else found.flow
                self._out.append(Send(flow, found.last))
            elif act is Act.TELL_TIMEOUT:
                events.append(ResponseMissing(name))
        if found.machine.state is State.TERMINATED or not found.machine.timers:
            self._forget(name, found)
        else:
            self._schedule(name, found)
        return events

    def _forget(self, name: str, found: _Transaction) -> None:
        self._transactions.pop(name, None)
        if found.merge_key is not None:
            self._merged.pop(found.merge_key, None)

    def _schedule(self, name: str, found: _Transaction) -> None:
        deadline = found.machine.next_timer
        if deadline is not None and (found.scheduled is None or deadline < found.scheduled):
            found.scheduled = deadline
            heapq.heappush(self._timers, (deadline, name))

    def _refuse(self, error: BadMessage, flow: Flow) -> Refused:
        """Answers a message that cannot be read, when it says where to."""
        if error.request is None or error.request.method == "ACK":
            return Refused(0, error.reason, flow)
        answer = self._stranger(flow, error.request) or Answer(error.code, error.reason)
        return self._stateless(error.request, answer, flow)

    def _stateless(self, request: Request, answer: Answer, flow: Flow) -> Refused:
        if request.method == "ACK" or not answer.code:
            return Refused(0, answer.reason, flow)
        self._say(request, with_reason(answer), flow)
        return Refused(answer.code, answer.reason, flow)

    def _say(self, request: Request, answer: Answer, flow: Flow) -> None:
        self._out.append(Send(self._reply_flow(request, flow), self._build(request, answer, flow)))

    def _build(self, request: Request, answer: Answer, flow: Flow) -> bytes:
        tagged = answer.tagged(self.stateless_tag(request))
        return build_response(request, tagged, address=flow.remote[0], port=flow.remote[1])

    @staticmethod
    def _reply_flow(request: Request | None, flow: Flow) -> Flow:
        if flow.reliable or request is None or not request.vias:
            return flow
        port = request.vias[0].response_port(source_port=flow.remote[1])
        return Flow(flow.protocol, flow.local, (flow.remote[0], port), flow.connection)


def with_reason(answer: Answer) -> Answer:
    """The answer with a Reason header that says why (RFC 3326), unless it has one."""
    if not answer.reason or answer.code < 300 or any(name == "Reason" for name, _ in answer.headers):
        return answer
    reason = ("Reason", reason_header(code=answer.code, text=answer.reason))
    return Answer(
        answer.code, answer.reason, (*answer.headers, reason), answer.content_type, answer.body, answer.to_tag
    )


def transaction_key(request: Request, *, method: str = "") -> str:
    """What the transaction of a request is known by (RFC 3261 section 17.2.3), also for peers before RFC 3261."""
    via = request.vias[0]
    method = method or request.method
    if via.branch and via.branch.startswith(MAGIC):
        return f"{via.branch}|{via.host}|{via.port}|{method}"
    return f"{request.call_id}|{request.from_tag}|{request.sequence}|{via.host}|{via.port}|{method}"
