"""One alias, many databases: a connection belongs to the customer in scope, and there is none without a customer."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from parley.tenancy.errors import CustomerChangedInTransaction
from parley.tenancy.pool import Pool
from parley.tenancy.selection import Location, wanted
from parley.tenancy.statements import Asked, send

POOL = Pool()
_OPTIONS = "-c plan_cache_mode=force_generic_plan -c gin_pending_list_limit=512"
"""A statement that is prepared is planned once: what `statements` runs needs no other plan for other values. A search
reads the whole list (kB) of what an index has not taken in yet, so it is kept short."""


class DatabaseWrapper(base.DatabaseWrapper):
    """Asks for the wanted database before every statement and every change of transaction state."""

    _opened_for: Location | None = None
    under_way: Callable[[], None] | None = None
    """Waits for the answers of statements that were sent beside other work; nothing else is asked before."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deferred: list[Asked] = []

    def defer(self, asked: Asked) -> None:
        """Run a statement with the next one of this transaction, at the latest with its commit."""
        self._deferred.append(asked)

    @contextmanager
    def taken(self) -> Iterator[Sequence[Asked]]:
        """What was put off, to be run now. Where that fails, be it before anything was sent, the block that it belongs
        to cannot be committed without it."""
        taken, self._deferred = self._deferred, []
        try:
            yield taken
        except BaseException:
            self.needs_rollback = self.needs_rollback or (bool(taken) and self.in_atomic_block)
            raise

    def settle(self) -> None:
        """Have answers what is under way. Raises Django's error of the first statement that failed."""
        answered, self.under_way = self.under_way, None
        if answered is not None:
            with self.wrap_database_errors:
                answered()

    def create_cursor(self, name: str | None = None) -> Any:
        """A cursor finds everything done that was put off."""
        if self._deferred:
            with self.taken() as asked:
                # In a transaction that has failed it is undone as well: it belongs to the innermost savepoint.
                if self.connection.info.transaction_status != TransactionStatus.INERROR:
                    send(self.connection, asked)
        return super().create_cursor(name)

    def _set_autocommit(self, autocommit: bool) -> None:
        """psycopg takes a lock and a turn of its waiting to learn what is known here: that no transaction is open."""
        if self.connection.pgconn.transaction_status == TransactionStatus.IDLE:
            self.connection._autocommit = autocommit
        else:
            with self.wrap_database_errors:
                self.connection.autocommit = autocommit

    def _commit(self) -> None:
        """What was put off and the commit, in one round trip."""
        if self.connection is None:
            return
        if self._deferred or self.connection.info.transaction_status != TransactionStatus.IDLE:
            with self.wrap_database_errors, self.taken() as asked:
                send(self.connection, (), asked, commit=True)

    def rollback(self) -> None:
        """What was put off is undone with the rest."""
        self._deferred = []
        super().rollback()

    def ensure_connection(self) -> None:
        """Be connected to the database of the present scope; a transaction cannot move from one to another."""
        if self.under_way is not None:
            self.settle()
        if self.connection is not None:
            place = wanted(self.alias)
            if place is not self._opened_for and place != self._opened_for:
                if self.in_atomic_block:
                    raise CustomerChangedInTransaction
                self.close()
        if self.connection is None:
            super().ensure_connection()

    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), **wanted(self.alias).parameters(), "options": _OPTIONS}

    def get_new_connection(self, conn_params: dict[str, Any]) -> "psycopg.Connection[Any]":
        place = wanted(self.alias)
        connection = POOL.take(place, lambda: super(DatabaseWrapper, self).get_new_connection(conn_params))
        self._opened_for = place
        return connection

    def close_if_unusable_or_obsolete(self) -> None:
        """Between requests nobody is in scope and nothing may be asked: the connection goes back to the pool."""
        if self.connection is not None and not self.in_atomic_block:
            self.close()

    def _close(self) -> None:
        self._deferred = []
        if self.under_way is not None:
            self.under_way = None
            self.connection.close()
        connection, place = self.connection, self._opened_for
        if connection is None or place is None:
            return
        if not connection.closed and connection.info.transaction_status != TransactionStatus.IDLE:
            connection.close()
        POOL.give_back(place, connection)
