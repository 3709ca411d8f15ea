"""What networks and peers do to a stream: losses, wraps, changes of source, steps of the clock, ports used again."""

import time

import pytest

from parley.recordings.capture.api import CaptureError, NoFreePort, SignalFrame

from .conftest import Caller, MakeStudio, Studio
from .opening import frames, media


def wait_for_packets(studio: Studio, recording_id: object, count: int) -> None:
    for _ in range(100):
        if sum(stream.packets for stream in studio.engine.stats(recording_id)) >= count:  # type: ignore[arg-type]
            return
        time.sleep(0.05)
    raise AssertionError("packets did not arrive")


def test_two_streams_are_recorded_in_order_of_arrival(make_studio: MakeStudio) -> None:
    studio = make_studio()
    recording_id, ports = studio.record(streams=2)
    callers = [Caller(ssrc=1), Caller(ssrc=2)]
    for _ in range(30):
        for caller, port in zip(callers, ports, strict=True):
            caller.send(port)
            time.sleep(0.002)
    closed = studio.close(recording_id)
    everything = frames(closed.folder, studio.identity.secret)
    assert everything[0].payload.startswith(b"INVITE")
    received = media(closed.folder, studio.identity.secret)
    assert [received[port] for port in ports] == [caller.sent for caller in callers]
    assert all(frame.destination[1] in ports for frame in everything)
    assert [(stream.packets, stream.lost, stream.duplicates) for stream in closed.file.streams] == [(30, 0, 0)] * 2
    assert [part.name for part in closed.file.parts] == ["000.age"]


def test_source_addresses_times_and_lengths_are_kept(make_studio: MakeStudio) -> None:
    studio = make_studio()
    recording_id, (port,) = studio.record()
    caller = Caller()
    sizes = [160, 160, 4, 80, 160, 320, 276, 264, 268, 1400, 1960, 160, 0, 160]
    before = time.time_ns()
    for size in sizes:
        caller.send(port, size=size)
    closed = studio.close(recording_id)
    arrived = frames(closed.folder, studio.identity.secret)[1:]
    assert [frame.payload for frame in arrived] == caller.sent
    assert all(frame.source == caller.socket.getsockname() for frame in arrived)
    assert all(frame.destination == ("127.0.0.1", port) for frame in arrived)
    assert all(before <= frame.at_ns <= time.time_ns() for frame in arrived)


def test_a_datagram_beyond_the_slot_is_cut_and_marked(make_studio: MakeStudio) -> None:
    studio = make_studio()
    recording_id, (port,) = studio.record()
    caller = Caller()
    caller.send(port, size=4000)
    caller.send(port)
    closed = studio.close(recording_id)
    arrived = frames(closed.folder, studio.identity.secret)[1:]
    assert [len(frame.payload) for frame in arrived] == [2048, 172]


def test_wrap_change_of_source_and_clock_step_count_no_loss(make_studio: MakeStudio) -> None:
    studio = make_studio()
    recording_id, (port,) = studio.record()
    caller = Caller(sequence=65500, timestamp=2**32 - 800)
    caller.send(port, 100)
    caller.ssrc, caller.sequence, caller.timestamp = 77, 9, 1
    caller.send(port, 50)
    caller.timestamp += 8_000_000  # the sender's clock steps
    caller.send(port, 50)
    closed = studio.close(recording_id)
    assert media(closed.folder, studio.identity.secret)[port] == caller.sent
    (stream,) = closed.file.streams
    assert (stream.packets, stream.lost, stream.duplicates) == (200, 0, 0)


def test_loss_reordering_and_doubling_are_counted(make_studio: MakeStudio) -> None:
    studio = make_studio()
    recording_id, (port,) = studio.record()
    caller = Caller()
    for sequence in [0, 1, 2, 5, 4, 6, 6, 10]:
        caller.sequence = sequence
        caller.send(port)
    closed = studio.close(recording_id)
    (stream,) = closed.file.streams
    assert (stream.packets, stream.lost, stream.duplicates) == (8, 4, 1)
    assert media(closed.folder, studio.identity.secret)[port] == caller.sent


def test_only_accepted_addresses_enter(make_studio: MakeStudio) -> None:
    studio = make_studio()
    recording_id, (port,) = studio.record(sources=("127.0.0.1", "127.0.0.3"))
    first, stranger, second = Caller(), Caller(address="127.0.0.2"), Caller(address="127.0.0.3", ssrc=3)
    for caller in (first, stranger, second, first):
        caller.send(port, 5)
    wait_for_packets(studio, recording_id, 15)
    (figures,) = studio.engine.stats(recording_id)
    assert (figures.packets, figures.foreign) == (15, 5)
    closed = studio.close(recording_id)
    senders = {frame.source[0] for frame in frames(closed.folder, studio.identity.secret)[1:]}
    assert senders == {"127.0.0.1", "127.0.0.3"}


def test_late_packets_do_not_enter_the_next_recording_of_their_port(make_studio: MakeStudio) -> None:
    studio = make_studio(ports=1, quarantine=0.2)
    recording_id, (port,) = studio.record()
    old = Caller(ssrc=5)
    old.send(port, 20)
    studio.close(recording_id)
    old.send(port, 3)  # while the port rests
    with pytest.raises(NoFreePort):
        studio.engine.ports.take()
    time.sleep(0.25)
    second, (again,) = studio.record()
    assert again == port
    fresh = Caller(ssrc=6)
    for _ in range(10):
        old.send(port)
        fresh.send(port)
    wait_for_packets(studio, second, 10)
    (figures,) = studio.engine.stats(second)
    assert (figures.packets, figures.late, figures.lost) == (10, 10, 0)
    closed = studio.close(second)
    assert media(closed.folder, studio.identity.secret)[port] == fresh.sent


def test_a_signal_stands_where_it_arrived(make_studio: MakeStudio) -> None:
    studio = make_studio(drain_seconds=0.5)
    recording_id, (port,) = studio.record()
    caller = Caller()
    caller.send(port, 3)
    time.sleep(0.05)
    update = SignalFrame(
        at_ns=time.time_ns(), source=("127.0.0.1", 5060), destination=("127.0.0.1", 1), payload=b"UPDATE"
    )
    studio.engine.signal(recording_id, update)
    time.sleep(0.1)
    caller.send(port, 2)
    closed = studio.close(recording_id)
    kinds = [
        b"R" if frame.payload[0] == 0x80 else frame.payload[:6]
        for frame in frames(closed.folder, studio.identity.secret)
    ]
    assert kinds == [b"INVITE", b"R", b"R", b"R", b"UPDATE", b"R", b"R"]


def test_streams_come_and_go_and_their_ports_return(make_studio: MakeStudio) -> None:
    studio = make_studio(ports=2, quarantine=0.0)
    recording_id, (first, second) = studio.record(streams=2)
    caller = Caller()
    caller.send(first, 4)
    studio.engine.end_stream(recording_id, first)
    for _ in range(50):
        if studio.engine.ports.free:
            break
        time.sleep(0.02)
    assert studio.engine.ports.take().port == first
    closed = studio.close(recording_id)
    assert [(stream.port, stream.packets) for stream in closed.file.streams] == [(first, 4), (second, 0)]
    with pytest.raises(CaptureError):
        studio.engine.stats(recording_id)
