"""One alias, many databases: a connection belongs to the customer in scope, and there is none without a customer."""

from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from parley.tenancy.errors import CustomerChangedInTransaction
from parley.tenancy.pool import Pool
from parley.tenancy.selection import Location, wanted

POOL = Pool()


class DatabaseWrapper(base.DatabaseWrapper):
    """Asks for the wanted database before every statement and every change of transaction state."""

    _opened_for: Location | None = None

    def ensure_connection(self) -> None:
        """Be connected to the database of the present scope; a transaction cannot move from one to another."""
        if self.connection is not None and self._opened_for != wanted(self.alias):
            if self.in_atomic_block:
                raise CustomerChangedInTransaction
            self.close()
        super().ensure_connection()

    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), **wanted(self.alias).parameters()}

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
        connection, place = self.connection, self._opened_for
        if connection is None or place is None:
            return
        if not connection.closed and connection.info.transaction_status != TransactionStatus.IDLE:
            connection.close()
        POOL.give_back(place, connection)
