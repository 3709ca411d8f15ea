"""Idle connections of every customer, a bounded number in all: the least recently used are closed first."""

import select
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.pq import ConnStatus, TransactionStatus

from parley.tenancy.selection import Location

AnyConnection = psycopg.Connection[Any]


class Pool:
    """Keeps at most `idle` connections, at most `each` for one location. Thread-safe."""

    def __init__(self, *, idle: int = 60, each: int = 8) -> None:
        self._idle = idle
        self._each = each
        self._lock = threading.Lock()
        self._free: OrderedDict[Location, list[AnyConnection]] = OrderedDict()
        self._count = 0

    def take(self, location: Location, opened: Callable[[], AnyConnection]) -> AnyConnection:
        """A live idle connection to `location`, else what `opened` returns."""
        while (connection := self._pop(location)) is not None:
            if _alive(connection):
                return connection
            connection.close()
        return opened()

    def give_back(self, location: Location, connection: AnyConnection) -> None:
        """Keep `connection` for the next taker, or close it when it is not clean or there are enough."""
        surplus: list[AnyConnection] = []
        if connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
            surplus.append(connection)
        else:
            with self._lock:
                kept = self._free.setdefault(location, [])
                self._free.move_to_end(location)
                kept.append(connection)
                self._count += 1
                if len(kept) > self._each:
                    surplus.append(kept.pop(0))
                    self._count -= 1
                while self._count > self._idle:
                    surplus.append(self._evict())
        for extra in surplus:
            extra.close()

    def clear(self, *, dbname: str | None = None) -> None:
        """Close the idle connections, all or those to one database."""
        with self._lock:
            leaving = [place for place in self._free if dbname in (None, place.dbname)]
            connections = [connection for place in leaving for connection in self._free.pop(place)]
            self._count -= len(connections)
        for connection in connections:
            connection.close()

    def _pop(self, location: Location) -> AnyConnection | None:
        with self._lock:
            kept = self._free.get(location)
            if not kept:
                return None
            connection = kept.pop()
            self._count -= 1
            if not kept:
                del self._free[location]
            return connection

    def _evict(self) -> AnyConnection:
        """The oldest connection of the location that was used longest ago; the lock is held."""
        oldest = next(iter(self._free))
        connection = self._free[oldest].pop(0)
        self._count -= 1
        if not self._free[oldest]:
            del self._free[oldest]
        return connection


def _alive(connection: AnyConnection) -> bool:
    """Whether the server still holds its end. An idle server says nothing: bytes to read are a goodbye."""
    if connection.pgconn.status != ConnStatus.OK:
        return False
    waiting = select.poll()
    waiting.register(connection.pgconn.socket, select.POLLIN)
    return not waiting.poll(0)
