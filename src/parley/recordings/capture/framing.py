"""From slots to finished records: a whole batch at once, each recording's packets together and in order of arrival.

What does not belong is left out here, and counted: packets from addresses that are not accepted, and late ones of the
port's previous stream.
"""

import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from parley.wire.pcap.api import HEADERS, UdpHeaders
from parley.wire.rtp.api import Account, RtpColumns, count_packet, parse_payloads

from .hold import ACCOUNT, LARGEST, SLOT, Hold
from .ports import MEMORY_NS

_TIMESTAMP_CONTROL = 32
_SECOND = 1_000_000_000
_TIME_BITS = 40  # nanoseconds of one batch beside the recording's number in one sort key: 18 minutes
_PAYLOAD_WORD = HEADERS // 4
_CUT = 0x20  # MSG_TRUNC
_ROWS_AT_ONCE = (
    512  # what numpy copies on the way then stays in the cache, and in memory that is not returned each time
)

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Batch:
    """What the slots hold: `run[i]` datagrams of the port with index `ports[i]`, one after another; the rest by
    datagram."""

    ports: Ints
    run: Ints
    length: Words
    instant: Ints
    source: Words
    source_port: Words
    rtp: RtpColumns


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which datagrams enter the recording, which come from elsewhere, which are of the port's former stream."""

    wanted: Mask
    foreign: Mask
    late: Mask


class Framer:
    """Turns what the slots hold into `out`, `entries` and the advanced accounts. One thread only."""

    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        self._headers = UdpHeaders(hold.slots)
        self._names = hold.names.view(">u4")
        self._ports = hold.names.view(">u2")
        self._seconds = hold.controls.view("<i8")
        self._payloads = hold.slots.view(">u4")[:, _PAYLOAD_WORD:]
        self.owners = np.full(len(hold.lease), -1, np.int64)
        """By port index: a number for its recording, ascending in the order of the lines; -1 for nobody's."""
        self.refresh()

    def refresh(self) -> None:
        """Take note of ports and accepted addresses after leases were attached, changed or given back."""
        self._address = self._hold.lease["address"].copy()
        self._port = self._hold.lease["port"].copy()
        self._source = self._hold.lease["sources"][:, 0].copy()
        self._paused = self._hold.lease["paused_ns"].copy()
        self._pauses = bool(self._paused.any())

    def frame(self, order: Words, counts: Ints) -> list[tuple[int, int, int]]:
        """Frame the batch; its state is FRAMED once the caller has said in the hold whose the entries are.

        Entries as (owner, start, length) in `out`. The advanced accounts stand in `redo`.
        """
        hold = self._hold
        used = int(counts.sum())
        asked = np.flatnonzero(counts)
        index, run = order[asked].astype(np.int64), counts[asked]
        length = hold.messages["length"][:used].astype(np.uint32)
        self._supply_arrivals(used)
        seconds, nanoseconds = self._seconds[:used, 2], self._seconds[:used, 3]
        source = self._names[:used, 1].astype(np.uint32)
        source_port = self._ports[:used, 1].astype(np.uint32)
        rtp = parse_payloads(self._payloads[:used], length)
        self._headers.write(
            used,
            seconds=seconds,
            nanoseconds=nanoseconds,
            stored=length,
            length=self._sent_lengths(used, length),
            source=source,
            source_port=source_port,
            destination=np.repeat(self._address[index], run),
            destination_port=np.repeat(self._port[index], run),
        )
        batch = Batch(index, run, length, seconds * _SECOND + nanoseconds, source, source_port, rtp)
        verdict = self._choose(batch)
        self._advance(batch, verdict)
        return self._gather(batch, verdict.wanted & ~self._in_pause(batch) if self._pauses else verdict.wanted)

    def _in_pause(self, batch: Batch) -> Mask:
        """Which datagrams arrived in a pause: they are counted, and written nowhere."""
        since = np.repeat(self._paused[batch.ports], batch.run)
        return np.asarray((since != 0) & (batch.instant >= since), np.bool_)

    def _supply_arrivals(self, used: int) -> None:
        """Give a datagram without the kernel's time the present."""
        without = self._hold.messages["control_length"][:used] < _TIMESTAMP_CONTROL
        if without.any():
            self._seconds[:used][without, 2:] = divmod(time.time_ns(), _SECOND)

    def _sent_lengths(self, used: int, length: Words) -> Words:
        """Lengths as sent; a datagram larger than a slot is marked as cut by one byte more than is stored."""
        if not (length == LARGEST).any():
            return length
        cut = self._hold.messages["flags"][:used] & _CUT != 0
        return np.asarray(length + cut, np.uint32)

    def _choose(self, batch: Batch) -> Verdict:
        """Which datagrams enter, which are foreign, which are late."""
        hold = self._hold
        everything = np.ones(len(batch.length), np.bool_)
        nothing = ~everything
        remembered = hold.previous["until_ns"][batch.ports].any()
        own = (self.owners[batch.ports] >= 0).all()
        accepted = batch.source == np.repeat(self._source[batch.ports], batch.run)
        if accepted.all() and own and not remembered:
            return Verdict(everything, nothing, nothing)
        index = np.repeat(batch.ports, batch.run)
        owned = self.owners[index] >= 0
        accepted = (hold.lease["sources"][index] == batch.source[:, None]).any(axis=1) & (batch.source != 0)
        late = accepted & self._late(batch, index) if remembered else nothing
        return Verdict(owned & accepted & ~late, owned & ~accepted, owned & late)

    def _late(self, batch: Batch, index: Ints) -> Mask:
        """Which packets are of the stream that had the port before; a stream that goes on is remembered longer."""
        before = self._hold.previous[index]
        late = (
            batch.rtp.sound
            & (before["until_ns"] >= batch.instant)
            & (before["source"] == batch.source)
            & (before["source_port"] == batch.source_port)
            & (before["ssrc"] == batch.rtp.ssrc)
        )
        if late.any():
            self._hold.previous["until_ns"][index[late]] = int(batch.instant.max()) + MEMORY_NS
        return np.asarray(late, np.bool_)

    def _gather(self, batch: Batch, wanted: Mask) -> list[tuple[int, int, int]]:
        """Copy the wanted records to `out`: recording by recording, in each by time of arrival."""
        instant, owner, index, length = (
            batch.instant,
            np.repeat(self.owners[batch.ports], batch.run),
            np.repeat(batch.ports, batch.run),
            batch.length,
        )
        rows = None
        if not wanted.all():
            rows = np.flatnonzero(wanted)
            if not len(rows):
                return []
            instant, owner, index, length = instant[rows], owner[rows], index[rows], length[rows]
        moment = np.minimum(_monotonic(instant - instant.min(), index), (1 << _TIME_BITS) - 1)
        by_time = np.argsort(owner << _TIME_BITS | moment, kind="stable")
        ends = self._copy(by_time if rows is None else rows[by_time], length[by_time])
        last = np.append(np.flatnonzero(owner[1:] != owner[:-1]), len(owner) - 1)  # sorting keeps the owners' places
        stops = ends[last]
        starts = np.append(0, stops[:-1])
        return list(zip(owner[last].tolist(), starts.tolist(), (stops - starts).tolist(), strict=True))

    def _copy(self, rows: Ints, lengths: Words) -> Ints:
        """Write the records one after another; where each ends. Runs of one size, the usual case, are one copy each."""
        hold, out = self._hold, self._hold.out
        sizes = lengths.astype(np.int64) + HEADERS
        ends = np.cumsum(sizes)
        edges = [0, *(np.flatnonzero(sizes[1:] != sizes[:-1]) + 1).tolist(), len(rows)]
        for first, stop in pairwise(edges):
            size = int(sizes[first])
            start, end = int(ends[first]) - size, int(ends[stop - 1])
            if size > SLOT:
                for row, at in zip(rows[first:stop].tolist(), range(start, end, size), strict=True):
                    out[at : at + SLOT] = hold.slots[row]
                    out[at + SLOT : at + size] = hold.overflow[row, : size - SLOT]
                continue
            records = np.ndarray((len(hold.slots),), f"V{size}", hold.slots, 0, (SLOT,))
            target = out[start:end].view(f"V{size}")
            for at in range(0, stop - first, _ROWS_AT_ONCE):
                chosen = rows[first + at : min(stop, first + at + _ROWS_AT_ONCE)]
                target[at : at + len(chosen)] = records[chosen]
        return ends

    def _advance(self, batch: Batch, verdict: Verdict) -> None:
        """Put the accounts as they will be into `redo`: regular runs by vectors, the others packet by packet."""
        hold = self._hold
        count = len(batch.ports)
        hold.header["redo"] = count
        if not count:
            return
        ends = np.cumsum(batch.run)
        starts, last = ends - batch.run, ends - 1
        before = hold.account[batch.ports]
        fresh = before.copy()
        began = (before["seen"] == 0) | (before["ssrc"] != batch.rtp.ssrc[starts])
        follows = began | (batch.rtp.sequence[starts] == (before["highest"] + np.uint32(1) & np.uint32(0xFFFF)))
        regular = follows & _regular(batch, verdict.wanted, starts)
        fresh["packets"] += batch.run.astype(np.uint64)
        fresh["bytes"] += np.add.reduceat(batch.length, starts, dtype=np.uint64)
        fresh["last_ns"] = batch.instant[last]
        fresh["highest"] = batch.rtp.sequence[last]
        ones = (np.uint64(1) << np.minimum(batch.run, 63).astype(np.uint64)) - np.uint64(1)
        shifted = np.where(began, 0, before["seen"]) << np.minimum(batch.run, 63).astype(np.uint64)
        fresh["seen"] = shifted | ones
        fresh["ssrc"] = batch.rtp.ssrc[last]
        fresh["source"], fresh["source_port"] = batch.source[last], batch.source_port[last]
        for number in np.flatnonzero(~regular).tolist():
            part = slice(int(starts[number]), int(ends[number]))
            fresh[number] = _count_singly(before[number], batch, verdict, part)
        hold.redo[:count] = fresh
        hold.redo_ports[:count] = batch.ports

    def apply(self) -> None:
        """Make the advanced accounts current. Harmless when done twice."""
        hold = self._hold
        count = int(hold.header["redo"])
        hold.account[hold.redo_ports[:count]] = hold.redo[:count]


def _regular(batch: Batch, wanted: Mask, starts: Ints) -> Mask:
    """Which runs are packets of one source, each the next of the one before, all RTP and wanted."""
    rtp = batch.rtp
    good = rtp.sound & wanted
    good[1:] &= (rtp.sequence[1:] - rtp.sequence[:-1] == 1) & (rtp.ssrc[1:] == rtp.ssrc[:-1])
    good[starts] = (rtp.sound & wanted)[starts]
    if good.all():
        return np.ones(len(starts), np.bool_)
    return np.asarray(np.logical_and.reduceat(good, starts), np.bool_)


def _monotonic(moment: Ints, index: Ints) -> Ints:
    """`moment` made never to fall within the packets of one port: a clock that is set back must not reorder a
    stream."""
    falling = (moment[1:] < moment[:-1]) & (index[1:] == index[:-1])
    if not falling.any():
        return moment
    moment = moment.copy()
    for port in np.unique(index[1:][falling]).tolist():
        mine = index == port
        moment[mine] = np.maximum.accumulate(moment[mine])
    return moment


def _count_singly(before: np.void, batch: Batch, verdict: Verdict, part: slice) -> np.void:
    """The account after packets of which some are lost, doubled, of a new source, no RTP, or not wanted."""
    fresh: np.void = np.array([before], ACCOUNT)[0]
    fresh["foreign"] += np.count_nonzero(verdict.foreign[part])
    fresh["late"] += np.count_nonzero(verdict.late[part])
    kept = np.flatnonzero(verdict.wanted[part]) + part.start
    if not len(kept):
        return fresh
    fresh["packets"] += len(kept)
    fresh["bytes"] += int(batch.length[kept].sum())
    fresh["last_ns"] = max(int(fresh["last_ns"]), int(batch.instant[kept].max()))
    fresh["source"], fresh["source_port"] = batch.source[kept[-1]], batch.source_port[kept[-1]]
    names = ("ssrc", "highest", "seen", "lost", "duplicates")
    account = Account(**{name: int(fresh[name]) for name in names})
    sound = kept[batch.rtp.sound[kept]]
    for sequence, ssrc in zip(batch.rtp.sequence[sound].tolist(), batch.rtp.ssrc[sound].tolist(), strict=True):
        count_packet(account, sequence=sequence, ssrc=ssrc)
    for name in names:
        fresh[name] = getattr(account, name)
    return fresh
