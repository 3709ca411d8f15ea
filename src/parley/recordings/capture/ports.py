"""Media ports: leased one stream at a time, oldest first, after a quarantine.

A port that comes back may still be sent to by its last stream. Three things keep such packets out of the next
recording: the port rests; what its socket holds is thrown away when it is leased again; and what then still comes from
the old source with the old SSRC is refused for as long as that source goes on, and a minute more.
"""

import array
import contextlib
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Sequence

import numpy as np

from .errors import NoFreePort
from .hold import Hold
from .types import PortLease

MEMORY_NS = 60_000_000_000
"""How long after its last packet an old source is still refused."""
_LIVE_BUFFER = 1 << 20
_IDLE_BUFFER = 4096
_SO_MEMINFO = 55  # linux/sock_diag.h: nine counters, the last one the datagrams dropped since the socket was made
_DROPS = struct.Struct("9I")
_SO_TIMESTAMPNS = 35
_MOST_FLUSHED = 20_000


class PortPool:
    """The sockets by port. Thread-safe. `quarantine` is the least rest of a used port, in seconds."""

    def __init__(self, sockets: Sequence[socket.socket], hold: Hold, *, quarantine: float) -> None:
        self._sockets = list(sockets)
        self._hold = hold
        self._quarantine = quarantine
        self._lock = threading.Lock()
        self._serial = 0
        self._leases: dict[int, PortLease] = {}  # by index
        self._index = {bound.getsockname()[1]: index for index, bound in enumerate(sockets)}
        self._rest: deque[tuple[float, int]] = deque((0.0, index) for index in range(len(sockets)))
        for index, bound in enumerate(sockets):
            bound.setblocking(False)
            bound.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            hold.lease[index]["port"] = bound.getsockname()[1]

    @property
    def free(self) -> int:
        """Ports that `take` could give by now."""
        now = time.monotonic()
        with self._lock:
            return sum(1 for since, _ in self._rest if now >= since)

    def index(self, port: int) -> int:
        """The position of `port` in the hold's tables. Raises KeyError."""
        return self._index[port]

    def descriptor(self, index: int) -> int:
        """The descriptor of the socket at `index`."""
        return self._sockets[index].fileno()

    def leased(self, port: int) -> bool:
        """Whether `port` is taken."""
        with self._lock:
            return self._index.get(port) in self._leases

    def take(self) -> PortLease:
        """The port that rested longest, empty and ready to receive. Raises NoFreePort."""
        with self._lock:
            if not self._rest or time.monotonic() < self._rest[0][0]:
                raise NoFreePort("no media port is free", remedy="end calls or configure more media ports")
            _, index = self._rest.popleft()
            return self._lease(index, flush=True)

    def adopt(self, port: int) -> PortLease:
        """The lease of a port that was in use when the predecessor died: nothing of what it received is thrown away."""
        with self._lock:
            index = self._index[port]
            if index in self._leases:
                return self._leases[index]
            self._rest = deque(item for item in self._rest if item[1] != index)
            return self._lease(index, flush=False)

    def release(self, lease: PortLease, *, used: bool = True) -> None:
        """Give a port back; `used` False when nobody was ever told of it: it needs no rest. Releasing twice is
        harmless."""
        with self._lock:
            index = self._index[lease.port]
            if self._leases.get(index) != lease or self._hold.lease[index]["attached"]:
                return
            self._retire(index, used=used)

    def detached(self, index: int) -> None:
        """The stream at `index` has ended: its lease ends with it."""
        with self._lock:
            if index in self._leases:
                self._retire(index, used=True)

    def dropped(self, index: int) -> int:
        """Datagrams that did not fit into the kernel's buffer since the lease began."""
        return self._drops(index) - int(self._hold.lease[index]["base_drops"])

    def _lease(self, index: int, *, flush: bool) -> PortLease:
        self._serial += 1
        bound = self._sockets[index]
        lease = PortLease(port=bound.getsockname()[1], serial=self._serial)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _LIVE_BUFFER)
        if flush:
            self._flush(index)
            self._hold.account[index] = np.zeros(1, self._hold.account.dtype)[0]
            self._hold.lease[index]["base_drops"] = self._drops(index)
        self._leases[index] = lease
        return lease

    def _flush(self, index: int) -> None:
        """Throw away what came while nobody held the port; a sender that goes on is remembered longer."""
        bound, previous = self._sockets[index], self._hold.previous[index]
        with contextlib.suppress(BlockingIOError):
            for _ in range(_MOST_FLUSHED):
                data, (address, port) = bound.recvfrom(12)
                source = int.from_bytes(socket.inet_aton(address), "big")
                if (source, port) == (int(previous["source"]), int(previous["source_port"])) and len(data) == 12:
                    previous["ssrc"] = int.from_bytes(data[8:12], "big")
                    previous["until_ns"] = time.time_ns() + MEMORY_NS

    def _retire(self, index: int, *, used: bool) -> None:
        del self._leases[index]
        account, previous = self._hold.account[index], self._hold.previous[index]
        if account["packets"]:
            for name in ("ssrc", "source", "source_port"):
                previous[name] = account[name]
            previous["until_ns"] = time.time_ns() + MEMORY_NS
        self._sockets[index].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _IDLE_BUFFER)
        if used:
            self._rest.append((time.monotonic() + self._quarantine, index))
        else:
            self._rest.appendleft((0.0, index))

    def _drops(self, index: int) -> int:
        raw = self._sockets[index].getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _DROPS.size)
        return int(array.array("I", raw)[8])
