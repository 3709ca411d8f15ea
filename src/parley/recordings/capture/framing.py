"""From slots to finished records: a whole batch at once, each recording's packets together and in order of arrival.

What does not belong is left out here, and counted: packets from addresses that are not accepted, and late ones of the
port's previous stream.
"""

import time

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
_FULL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]


class Framer:
    """Turns what the slots hold into `out`, `entries` and the advanced accounts. One thread only."""

    def __init__(self, hold: Hold, *, address: str) -> None:
        self._hold = hold
        self._headers = UdpHeaders(hold.slots, destination=address)
        self._names = hold.names.view(">u4")
        self._ports = hold.names.view(">u2")
        self._seconds = hold.controls.view("<i8")
        self._payloads = hold.slots.view(">u4")[:, _PAYLOAD_WORD:]
        self.owners = np.full(len(hold.lease), -1, np.int64)
        """By port index: a number for its recording, ascending in the order of the lines; -1 for nobody's."""

    def frame(self, order: Words, counts: Ints) -> list[tuple[int, int, int]]:
        """Frame the batch; then its state is FRAMED once the caller has filled in whose the entries are.

        Entries as (owner, start, length) in `out`. The advanced accounts stand in `redo`.
        """
        hold = self._hold
        used = int(counts.sum())
        index = np.repeat(order.astype(np.int64), counts)
        length = hold.messages["length"][:used].astype(np.uint32)
        instant = self._arrivals(used)
        source = self._names[:used, 1].astype(np.uint32)
        source_port = self._ports[:used, 1].astype(np.uint32)
        rtp = parse_payloads(self._payloads[:used], length)
        self._headers.write(
            used,
            seconds=instant // _SECOND,
            nanoseconds=instant % _SECOND,
            stored=length,
            length=self._sent_lengths(used, length),
            source=source,
            source_port=source_port,
            destination_port=hold.lease["port"][index],
        )
        wanted, foreign, late = self._choose(index, source, source_port, rtp, order, instant)
        self._advance(order, counts, wanted, foreign, late, length, instant, source, source_port, rtp)
        return self._gather(index, wanted, instant, length, counts)

    def _arrivals(self, used: int) -> Ints:
        """When each datagram arrived, in Unix nanoseconds, by the kernel's clock."""
        seconds = self._seconds[:used]
        instant = seconds[:, 2] * _SECOND + seconds[:, 3]
        without = self._hold.messages["control_length"][:used] < _TIMESTAMP_CONTROL
        if without.any():
            instant[without] = time.time_ns()
        return np.asarray(instant, np.int64)

    def _sent_lengths(self, used: int, length: Words) -> Words:
        """Lengths as sent; a datagram larger than a slot is marked as cut by one byte more than is stored."""
        if not (length == LARGEST).any():
            return length
        cut = self._hold.messages["flags"][:used] & 0x20 != 0  # MSG_TRUNC
        return length + cut.astype(np.uint32)

    def _choose(
        self, index: Ints, source: Words, source_port: Words, rtp: RtpColumns, order: Words, instant: Ints
    ) -> tuple[Mask, Mask, Mask]:
        """Which datagrams enter, which are foreign, which are late."""
        hold = self._hold
        owned = self.owners[index] >= 0
        accepted = source == hold.lease["sources"][index, 0]
        if not accepted.all():
            others = hold.lease["sources"][index]
            accepted = (others == source[:, None]).any(axis=1) & (source != 0)
        late = np.zeros(len(index), np.bool_)
        until = hold.previous["until_ns"]
        if until[order].any():
            before = hold.previous[index]
            late = (
                (before["until_ns"] >= instant)
                & (before["source"] == source)
                & (before["source_port"] == source_port)
                & (before["ssrc"] == rtp.ssrc)
                & rtp.sound
            )
            if late.any():
                until[index[late]] = int(instant.max()) + MEMORY_NS
        return owned & accepted & ~late, owned & ~accepted, owned & late & accepted

    def _gather(
        self, index: Ints, wanted: Mask, instant: Ints, length: Words, counts: Ints
    ) -> list[tuple[int, int, int]]:
        """Copy the wanted records to `out`: recording by recording, in each by time of arrival."""
        rows = np.flatnonzero(wanted)
        if not len(rows):
            return []
        owner = self.owners[index[rows]]
        moment = instant[rows] - int(instant[rows].min())
        key = owner << _TIME_BITS | np.minimum(_monotonic(moment, index[rows]), (1 << _TIME_BITS) - 1)
        by_time = np.argsort(key, kind="stable")
        rows, owner = rows[by_time], owner[by_time]
        sizes = length[rows].astype(np.int64) + HEADERS
        ends = self._copy(rows, sizes)
        last = np.append(np.flatnonzero(np.diff(owner)), len(owner) - 1)
        stops = ends[last]
        starts = np.append(0, stops[:-1])
        return list(zip(owner[last].tolist(), starts.tolist(), (stops - starts).tolist(), strict=True))

    def _copy(self, rows: Ints, sizes: Ints) -> Ints:
        """Write the records one after another; where each ends. Runs of one size, the usual case, are one copy each."""
        hold, out = self._hold, self._hold.out
        ends = np.cumsum(sizes)
        edges = np.concatenate(([0], np.flatnonzero(np.diff(sizes)) + 1, [len(rows)])).tolist()
        for first, stop in zip(edges[:-1], edges[1:], strict=True):
            size = int(sizes[first])
            start, end = int(ends[first]) - size, int(ends[stop - 1])
            if size > SLOT:
                for row, at in zip(rows[first:stop].tolist(), range(start, end, size), strict=True):
                    out[at : at + SLOT] = hold.slots[row]
                    out[at + SLOT : at + size] = hold.overflow[row, : size - SLOT]
                continue
            records = np.ndarray((len(hold.slots),), f"V{size}", hold.slots, 0, (SLOT,))
            out[start:end].view(f"V{size}")[...] = records[rows[first:stop]]
        return ends

    def _advance(
        self,
        order: Words,
        counts: Ints,
        wanted: Mask,
        foreign: Mask,
        late: Mask,
        length: Words,
        instant: Ints,
        source: Words,
        source_port: Words,
        rtp: RtpColumns,
    ) -> None:
        """Put the accounts as they will be into `redo`: the usual stream by vectors, the others packet by packet."""
        hold = self._hold
        asked = np.flatnonzero(counts)
        hold.header["redo"] = len(asked)
        if not len(asked):
            return
        ports, run = order[asked].astype(np.int64), counts[asked]
        ends = np.cumsum(run)
        starts, last = ends - run, ends - 1
        fresh = hold.account[ports]
        usual = self._usual(fresh, starts, last, run, wanted, rtp)
        fresh["packets"] += run.astype(np.uint64)
        fresh["bytes"] += np.add.reduceat(length, starts, dtype=np.uint64)
        fresh["last_ns"] = np.maximum.reduceat(instant, starts)
        fresh["highest"] = rtp.sequence[last]
        step = np.minimum(run, 63).astype(np.uint64)
        ones = (np.uint64(1) << step) - np.uint64(1)
        fresh["seen"] = np.where(run >= 64, _FULL, fresh["seen"] << step | ones)
        fresh["source"], fresh["source_port"] = source[last], source_port[last]
        for number in np.flatnonzero(~usual).tolist():
            part = slice(int(starts[number]), int(ends[number]))
            fresh[number] = _count_singly(
                hold.account[ports[number]],
                wanted[part],
                foreign[part],
                late[part],
                length[part],
                instant[part],
                source[part],
                source_port[part],
                rtp.sound[part],
                rtp.sequence[part],
                rtp.ssrc[part],
            )
        hold.redo[: len(asked)] = fresh
        hold.redo_ports[: len(asked)] = ports

    @staticmethod
    def _usual(
        before: npt.NDArray[np.void], starts: Ints, last: Ints, run: Ints, wanted: Mask, rtp: RtpColumns
    ) -> Mask:
        """Which runs are simply the next packets of the same source, all of them RTP and wanted."""
        expected = np.repeat(before["highest"].astype(np.int64) + 1 - starts, run) + np.arange(int(run.sum()))
        sound = (
            wanted & rtp.sound & (rtp.sequence == (expected & 0xFFFF)) & (rtp.ssrc == np.repeat(before["ssrc"], run))
        )
        return np.logical_and.reduceat(sound, starts) & (before["seen"] != 0)

    def apply(self) -> None:
        """Make the advanced accounts current. Harmless when done twice."""
        hold = self._hold
        count = int(hold.header["redo"])
        hold.account[hold.redo_ports[:count]] = hold.redo[:count]


def _monotonic(moment: Ints, index: Ints) -> Ints:
    """`moment` made never to fall within the packets of one port: a clock that is set back must not reorder a stream."""
    falling = (np.diff(moment) < 0) & (index[1:] == index[:-1])
    if not falling.any():
        return moment
    moment = moment.copy()
    for port in np.unique(index[1:][falling]).tolist():
        mine = index == port
        moment[mine] = np.maximum.accumulate(moment[mine])
    return moment


def _count_singly(
    before: np.void,
    wanted: Mask,
    foreign: Mask,
    late: Mask,
    length: Words,
    instant: Ints,
    source: Words,
    source_port: Words,
    sound: Mask,
    sequence: npt.NDArray[np.uint16],
    ssrc: Words,
) -> npt.NDArray[np.void]:
    """The account after packets of which some are lost, doubled, of a new source, no RTP, or not wanted."""
    fresh = np.array([before], ACCOUNT)[0]
    fresh["foreign"] += np.count_nonzero(foreign)
    fresh["late"] += np.count_nonzero(late)
    kept = np.flatnonzero(wanted)
    if not len(kept):
        return fresh
    fresh["packets"] += len(kept)
    fresh["bytes"] += int(length[kept].sum())
    fresh["last_ns"] = max(int(fresh["last_ns"]), int(instant[kept].max()))
    fresh["source"], fresh["source_port"] = source[kept[-1]], source_port[kept[-1]]
    account = Account(
        ssrc=int(fresh["ssrc"]),
        highest=int(fresh["highest"]),
        seen=int(fresh["seen"]),
        lost=int(fresh["lost"]),
        duplicates=int(fresh["duplicates"]),
    )
    for number, identifier in zip(sequence[kept[sound[kept]]].tolist(), ssrc[kept[sound[kept]]].tolist(), strict=True):
        count_packet(account, sequence=number, ssrc=identifier)
    for name in ("ssrc", "highest", "seen", "lost", "duplicates"):
        fresh[name] = getattr(account, name)
    return fresh
