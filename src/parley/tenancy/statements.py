"""Statements that are run often: prepared once for each connection, several of them in one round trip.

Django binds values at the client, so that PostgreSQL parses and plans each statement anew, and each costs a round trip
and some 60 us of processor time here. What is done for every call and every contact goes this way: the same
connection, the same transaction, the same errors, by libpq's own calls (PostgreSQL 18, 32.5 "Pipeline Mode").

Places of values are written %s or %(name)s, and PostgreSQL must be able to tell their types: cast them. One statement
each, no percent signs.
"""

import os
import re
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from django.db import connections
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult

Values = Sequence[object] | Mapping[str, object]
Asked = tuple[str, Values]
_PLACE: Final = re.compile(r"%s|%\((\w+)\)s")
_DONE: Final = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})
_PLANNED_FOR: Final = 20.0
"""Seconds that a plan serves: it is made for tables as large as they are then, and they may be growing."""
_BEGIN: Final[Asked] = ("BEGIN", ())
_COMMIT: Final[Asked] = ("COMMIT", ())
_NUMBERS: Final = count()
_TEXT: Final = Format.TEXT
_BINARY: Final = Format.BINARY


class Answer(NamedTuple):
    """What a statement found: rows as tuples, and how many it found or changed (`size`)."""

    rows: list[tuple[Any, ...]]
    size: int


class _Prepared(NamedTuple):
    """A statement that a connection knows: its name there, the names of its values in their order, and until when
    (monotonic clock) its plan may serve."""

    name: bytes
    places: tuple[str, ...]
    until: float


_known: "WeakKeyDictionary[psycopg.Connection[Any], dict[str, _Prepared]]" = WeakKeyDictionary()


class _Bound(NamedTuple):
    prepared: _Prepared
    values: list[Any]
    formats: list[Format] | None
    """Of each value; None where all are texts."""


class Statements:
    """A cursor for such statements, in the caller's transaction; it serves where a cursor of Django would."""

    def __init__(self, using: str = "default") -> None:
        self._using = using
        self._answer = Answer([], -1)

    @property
    def rowcount(self) -> int:
        """Rows that the last statement found or changed."""
        return self._answer.size

    def execute(self, query: str, params: Values = (), /) -> None:
        """Run one statement. Raises Django's database errors."""
        (self._answer,) = run_together((query, params), using=self._using)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows of the last statement."""
        return self._answer.rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row of the last statement."""
        return self._answer.rows[0] if self._answer.rows else None


class Later(Statements):
    """A cursor for statements whose answer nobody waits for: see `run_later`."""

    def execute(self, query: str, params: Values = (), /) -> None:
        """Put one statement off."""
        run_later(query, params, using=self._using)


def run_together(*asked: Asked, using: str = "default") -> list[Answer]:
    """Run statements in one round trip and answer each. Raises Django's error of the first that fails; those after it
    were not run."""
    wrapper: Any = connections[using]
    wrapper.validate_no_broken_transaction()
    wrapper.ensure_connection()
    if wrapper.queries_logged:
        wrapper.queries_log.extend({"sql": query, "time": "0.000"} for query, _ in asked)
    with wrapper.wrap_database_errors, wrapper.taken() as before:
        return send(wrapper.connection, asked, before)


def run_later(query: str, params: Values = (), *, using: str = "default") -> None:
    """Run a statement whose answer nobody waits for with whatever comes next in this transaction: at the latest with
    its commit, which then fails where the statement does. Outside a transaction it is run at once."""
    wrapper: Any = connections[using]
    if wrapper.in_atomic_block:
        wrapper.validate_no_broken_transaction()
        wrapper.ensure_connection()  # another customer's statement does not go with this transaction
        wrapper.defer((query, params))
    else:
        run_together((query, params), using=using)


@contextmanager
def run_beside(*asked: Asked, using: str) -> Iterator[None]:
    """Run statements of another database while the block works: sent before it, done when it ends. Where no
    transaction of that database is open they are one of their own. Raises Django's error of the first that fails."""
    wrapper: Any = connections[using]
    if wrapper.in_atomic_block:
        run_together(*asked, using=using)
        yield
        return
    wrapper.ensure_connection()
    with wrapper.wrap_database_errors:
        wrapper.under_way = _send_off(wrapper.connection, asked)
    try:
        yield
    finally:
        wrapper.settle()


def _send_off(connection: "psycopg.Connection[Any]", asked: Sequence[Asked]) -> Callable[[], None]:
    """Statements on their way; what is given back waits for their answers."""
    pgconn, now = connection.pgconn, time.monotonic()
    known = _known.setdefault(connection, {})
    bound = [_bound(pgconn, known, *one, now=now) for one in asked]
    with _whole(connection):
        _ask(pgconn, bound)

    def answered() -> None:
        with _whole(connection):
            results = _answered(pgconn)
        for result in results:
            _require_done(pgconn, result)

    return answered


def send(
    connection: "psycopg.Connection[Any]", asked: Sequence[Asked], before: Sequence[Asked] = (), *, commit: bool = False
) -> list[Answer]:
    """Answers to `asked`, after what was put off `before` it; then the transaction is committed, where it is to be.
    Raises psycopg's errors."""
    pgconn = connection.pgconn
    known = _known.setdefault(connection, {})
    now = time.monotonic()
    begins = bool(before or asked) and not connection.autocommit
    begins = begins and pgconn.transaction_status == TransactionStatus.IDLE
    several = (*[_BEGIN] * begins, *before, *asked, *[_COMMIT] * commit)
    bound = [_bound(pgconn, known, *one, now=now) for one in several]
    if not bound:
        return []
    if len(bound) == 1:
        results = [pgconn.exec_prepared(bound[0].prepared.name, bound[0].values, bound[0].formats, _BINARY)]
    else:
        with _whole(connection):
            _ask(pgconn, bound)
            results = _answered(pgconn)
    for result in results:
        _require_done(pgconn, result)
    return [_answer(one) for one in results[begins + len(before) : len(bound) - commit]]


def _ask(pgconn: "PGconn", bound: Sequence[_Bound]) -> None:
    pgconn.enter_pipeline_mode()
    for one in bound:
        pgconn.send_query_prepared(one.prepared.name, one.values, one.formats, _BINARY)
    pgconn.pipeline_sync()


def _answered(pgconn: "PGconn") -> "list[PGresult]":
    results = _received(pgconn)
    pgconn.exit_pipeline_mode()
    return results


@contextmanager
def _whole(connection: "psycopg.Connection[Any]") -> Iterator[None]:
    """Where not everything is asked and answered, nobody knows what the connection would answer next."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _received(pgconn: "PGconn") -> "list[PGresult]":
    """Everything up to the end of the pipeline; while it waits, other threads run."""
    waiting, found = select.poll(), list["PGresult"]()
    unsent = pgconn.flush()
    waiting.register(pgconn.socket, select.POLLIN | (select.POLLOUT if unsent else 0))
    while True:
        if pgconn.is_busy():
            waiting.poll()
            pgconn.consume_input()
            if unsent and not (unsent := pgconn.flush()):
                waiting.modify(pgconn.socket, select.POLLIN)
            continue
        result = pgconn.get_result()
        if result is None:
            continue
        if result.status == ExecStatus.PIPELINE_SYNC:
            return found
        found.append(result)


def _answer(result: "PGresult") -> Answer:
    if result.status == ExecStatus.COMMAND_OK:
        return Answer([], result.command_tuples or 0)
    if not result.ntuples:
        return Answer([], 0)
    reading = Transformer()
    reading.set_pgresult(result)
    return Answer(reading.load_rows(0, result.ntuples, tuple), result.ntuples)


def _require_done(pgconn: "PGconn", result: "PGresult") -> None:
    if result.status in _DONE:
        return
    if pgconn.status == ConnStatus.BAD:
        raise psycopg.OperationalError("the connection to the server was lost")
    raise psycopg.errors.error_from_result(result)


def _bound(pgconn: "PGconn", known: dict[str, _Prepared], query: str, given: Values, *, now: float) -> _Bound:
    prepared = known.get(query)
    if prepared is None or prepared.until < now:
        prepared = _prepare(pgconn, known, query, now=now)
    values = [given[one] for one in prepared.places] if isinstance(given, Mapping) else given
    kinds = list(map(type, values))
    encoded = [_ENCODE.get(kind, _dumped)(one) for kind, one in zip(kinds, values, strict=True)]
    return _Bound(prepared, encoded, [_BINARY if one is bytes else _TEXT for one in kinds] if bytes in kinds else None)


def _prepare(pgconn: "PGconn", known: dict[str, _Prepared], query: str, *, now: float) -> _Prepared:
    old, (sql, places) = known.get(query), _numbered(query)
    made = _Prepared(f"parley_{os.getpid()}_{next(_NUMBERS)}".encode(), places, now + _PLANNED_FOR)
    _require_done(pgconn, pgconn.prepare(made.name, sql))
    known[query] = made
    if old is not None:
        _require_done(pgconn, pgconn.exec_(b"DEALLOCATE " + old.name))
    return made


@lru_cache(maxsize=512)
def _numbered(query: str) -> tuple[bytes, tuple[str, ...]]:
    """A statement with $1, $2; and the names of its values in that order, for named ones each once."""
    names: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        name = found[1] or f"({len(names)})"
        return f"${names.setdefault(name, len(names) + 1)}"

    return _PLACE.sub(number, query).encode(), tuple(names)


def _text(value: str) -> bytes:
    if "\0" in value:
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return value.encode()


def _dumped(value: object) -> bytes | None:
    """A value of any other type, as psycopg writes it."""
    (dumped,) = Transformer().dump_sequence([value], [PyFormat.TEXT])
    return None if dumped is None else bytes(dumped)


def _array(values: Sequence[object]) -> bytes | None:
    kinds = set(map(type, values))
    if kinds == {UUID}:
        return ("{" + ",".join([cast(UUID, one).hex for one in values]) + "}").encode()
    if kinds == {int}:
        return ("{" + ",".join(map(str, values)) + "}").encode()
    return _dumped(list(values)) or b"{}"


_ENCODE: Final[Mapping[type, Callable[[Any], bytes | None]]] = {
    type(None): lambda _: None,
    bytes: lambda value: value,
    str: _text,
    UUID: lambda value: value.hex.encode(),
    bool: lambda value: b"t" if value else b"f",
    int: lambda value: str(value).encode(),
    datetime: lambda value: value.isoformat().encode(),
    list: _array,
    tuple: _array,
}
"""Values as PostgreSQL reads them; bytes as they are."""
