"""Transactions by their tables, and the endpoint that holds them."""

from itertools import product

import pytest
from tests.support.siprec_messages import Client

from parley.wire.sip.api import (
    AckArrived,
    AckMissing,
    Answer,
    Cancelled,
    Endpoint,
    Flow,
    Lost,
    Refused,
    Request,
    RequestArrived,
    ResponseArrived,
    ResponseMissing,
)
from parley.wire.sip.transaction import (
    INVITE_SERVER,
    NON_INVITE_CLIENT,
    NON_INVITE_SERVER,
    Machine,
    State,
    Table,
)

UDP = Flow("UDP", ("127.0.0.1", 5090), ("127.0.0.1", 5080))
TCP = Flow("TCP", ("127.0.0.1", 5090), ("127.0.0.1", 40000), 1)


def endpoint(stranger: Answer | None = None, **options: int) -> Endpoint:
    def ask(_flow: Flow, _request: Request) -> Answer | None:
        return stranger

    return Endpoint(tag_key=b"k" * 32, stranger=ask, **options)


def codes(one: Endpoint) -> list[str]:
    return [send.data.split(b" ", 2)[1].decode() for send in one.outgoing()]


@pytest.mark.parametrize("table", [INVITE_SERVER, NON_INVITE_SERVER, NON_INVITE_CLIENT])
@pytest.mark.parametrize("reliable", [True, False])
def test_no_state_is_a_trap(table: Table, reliable: bool) -> None:
    """From each state that is ever reached, time alone leads to the end, or an event of the table does."""
    reached = {move.to for move in table.values()}
    for state in reached - {State.TERMINATED}:
        events = [event for known, event in table if known is state]
        assert events, state
    timers = {timer for move in table.values() for timer in move.start}
    handled = {event for _, event in table}
    assert timers <= handled


@pytest.mark.parametrize("table", [INVITE_SERVER, NON_INVITE_SERVER, NON_INVITE_CLIENT])
def test_unlisted_events_change_nothing(table: Table) -> None:
    events = {event for _, event in INVITE_SERVER | NON_INVITE_SERVER | NON_INVITE_CLIENT}
    for state, event in product(State, events):
        if (state, event) not in table:
            machine = Machine(table=table, state=state, reliable=False, timers={"H": 1.0})
            assert machine.handle(event, now=0) == ()
            assert (machine.state, machine.timers) == (state, {"H": 1.0})


def test_a_repeated_invite_is_one_request_and_the_2xx_is_repeated_until_its_ack() -> None:
    one = endpoint()
    (arrived,) = one.receive(Client().invite(), UDP, now=0)
    assert isinstance(arrived, RequestArrived)
    assert one.receive(Client().invite(), UDP, now=0.1) == []
    one.respond(arrived.transaction, Answer(200, to_tag="t"), now=0.2)
    assert codes(one) == ["200"]
    assert one.receive(Client().invite(), UDP, now=0.5) == []
    assert codes(one) == []
    sent = []
    for tick in range(1, 120):
        one.tick(now=tick / 10)
        sent += [tick / 10] * len(one.outgoing())
    assert sent == [0.7, 1.7, 3.7, 7.7, 11.7]
    (acked,) = one.receive(Client(to_tag="t").ack("z9hG4bK-other"), UDP, now=12)
    assert isinstance(acked, AckArrived)
    assert one.tick(now=20) == []
    assert one.outgoing() == []
    one.tick(now=100)
    assert len(one) == 0
    assert one.next_timer is None


def test_a_2xx_without_ack_is_reported_after_32_seconds_also_on_tcp() -> None:
    for flow in (UDP, TCP):
        one = endpoint()
        (arrived,) = one.receive(Client().invite(), flow, now=0)
        assert isinstance(arrived, RequestArrived)
        one.respond(arrived.transaction, Answer(200, to_tag="t"), now=0)
        events = [event for tick in range(1, 400) for event in one.tick(now=tick / 10)]
        assert events == [AckMissing(arrived.transaction)]
        assert len(one) == 0


def test_a_refusal_is_repeated_on_udp_until_its_ack_and_has_a_reason() -> None:
    one = endpoint()
    (arrived,) = one.receive(Client().invite(), UDP, now=0)
    assert isinstance(arrived, RequestArrived)
    data = one.respond(arrived.transaction, Answer(488, 'no "codec"'), now=0)
    assert b'Reason: SIP;cause=488;text="no \\"codec\\""\r\n' in data
    assert b";tag=" in data.split(b"To:")[1].split(b"\r\n")[0]
    one.outgoing()
    one.tick(now=0.5)
    assert codes(one) == ["488"]
    assert one.receive(Client().invite(), UDP, now=0.6) == []
    assert codes(one) == ["488"]
    assert one.receive(Client(to_tag="x").ack("z9hG4bK-call-1-1-INVITE"), UDP, now=0.7) == []
    one.tick(now=5)
    assert codes(one) == []
    one.tick(now=5.8)
    assert len(one) == 0


def test_a_refusal_without_ack_ends_by_itself() -> None:
    one = endpoint()
    (arrived,) = one.receive(Client().invite(), TCP, now=0)
    assert isinstance(arrived, RequestArrived)
    one.respond(arrived.transaction, Answer(488, "no"), now=0)
    one.tick(now=31.9)
    assert len(one) == 1
    one.tick(now=32.1)
    assert len(one) == 0
    assert codes(one) == ["488"]


def test_cancel_before_the_answer_and_after() -> None:
    one = endpoint()
    (arrived,) = one.receive(Client().invite(branch="z9hG4bKx"), UDP, now=0)
    assert isinstance(arrived, RequestArrived)
    assert one.receive(Client().request("CANCEL", branch="z9hG4bKx"), UDP, now=0) == [Cancelled(arrived.transaction)]
    assert codes(one) == ["200"]
    one.respond(arrived.transaction, Answer(200, to_tag="t"), now=0)
    assert one.receive(Client().request("CANCEL", branch="z9hG4bKx"), UDP, now=0) == []
    assert codes(one) == ["200", "200"]
    (refused,) = one.receive(Client().request("CANCEL", branch="z9hG4bKy"), UDP, now=0)
    assert isinstance(refused, Refused)
    assert refused.code == 481


def test_the_same_request_by_another_path_is_a_loop() -> None:
    one = endpoint()
    one.receive(Client().invite(branch="z9hG4bKa"), UDP, now=0)
    (refused,) = one.receive(Client().invite(branch="z9hG4bKb"), UDP, now=0)
    assert isinstance(refused, Refused)
    assert refused.code == 482


def test_peers_older_than_rfc_3261_have_transactions_too() -> None:
    one = endpoint()
    assert len(one.receive(Client().invite(branch="old"), UDP, now=0)) == 1
    assert one.receive(Client().invite(branch="old"), UDP, now=0) == []


def test_strangers_and_broken_messages_leave_no_state() -> None:
    one = endpoint(Answer(403, "source belongs to no trunk"))
    answers = []
    for _ in range(2):
        (refused,) = one.receive(Client().invite(), UDP, now=0)
        assert isinstance(refused, Refused)
        assert refused.code == 403
        answers.append(one.outgoing()[0].data)
    assert answers[0] == answers[1]
    assert one.receive(Client().ack(), UDP, now=0)[0] == Refused(0, "source belongs to no trunk", UDP)
    assert len(one) == 0
    known = endpoint()
    (refused,) = known.receive(Client(without=frozenset({"Call-ID"})).invite(), UDP, now=0)
    assert isinstance(refused, Refused)
    assert (refused.code, len(known)) == (400, 0)
    assert known.receive(b"\x00\xff nonsense", UDP, now=0) == [Refused(0, "first line is not a SIP request", UDP)]
    (refused,) = known.lost(Lost(head=b"INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n\r\n", code=400, reason="r"), TCP)
    assert isinstance(refused, Refused)
    assert refused.code == 400


def test_a_silent_drop_for_who_asks_too_often() -> None:
    one = endpoint(Answer(0, "too often"))
    assert one.receive(Client().invite(), UDP, now=0) == [Refused(0, "too often", UDP)]
    assert one.outgoing() == []


def test_transactions_are_limited_and_a_repeated_request_costs_no_timer() -> None:
    one = endpoint(max_transactions=2)
    for number in range(3):
        events = one.receive(Client(call_id=f"c{number}").invite(), UDP, now=0)
    assert isinstance(events[0], Refused)
    assert events[0].code == 503
    for _ in range(100):
        one.receive(Client(call_id="c0").invite(), UDP, now=0)
    assert len(one._timers) == 2
    one.tick(now=100)
    assert len(one) == 0


def test_responses_go_where_rport_or_via_say() -> None:
    data = Client().invite()
    flow = Flow("UDP", ("127.0.0.1", 5090), ("10.0.0.1", 33333))
    for message, port in ((data, 33333), (data.replace(b";rport", b""), 5080)):
        one = endpoint()
        (arrived,) = one.receive(message, flow, now=0)
        assert isinstance(arrived, RequestArrived)
        one.respond(arrived.transaction, Answer(200, to_tag="t"), now=0)
        assert one.outgoing()[0].flow.remote == ("10.0.0.1", port)


def test_our_own_request_is_repeated_answered_or_given_up() -> None:
    one = endpoint()
    data = b"BYE sip:a SIP/2.0\r\n\r\n"
    one.request(data, UDP, transaction="z9hG4bKme", now=0)
    assert codes(one) == ["sip:a"]
    one.tick(now=0.5)
    one.tick(now=1.5)
    assert codes(one) == ["sip:a"] * 2
    answer = (
        b"SIP/2.0 481 Gone\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKme\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>;tag=2\r\n"
        b"Call-ID: c\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"
    )
    (arrived,) = one.receive(answer, UDP, now=2)
    assert isinstance(arrived, ResponseArrived)
    assert arrived.response.code == 481
    assert one.receive(answer, UDP, now=3) == []
    one.tick(now=8)
    assert len(one) == 0
    one.request(data, UDP, transaction="z9hG4bKme", now=10)
    events = [event for tick in range(330) for event in one.tick(now=10 + tick / 10)]
    assert events == [ResponseMissing("z9hG4bKme")]
    assert len(one) == 0
