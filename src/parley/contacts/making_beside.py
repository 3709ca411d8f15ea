"""Rows made by processes beside: an import uses all processors, and the process that asked for it stays answering.

They know no database. Each is told the keys first, then batches of rows; what COPY wants of each comes back. It ends
where its connection ends, so that none outlives the process that asked.
"""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from multiprocessing.connection import Connection
from operator import attrgetter
from socket import socketpair
from typing import Any, Final

from parley.contacts.errors import ContactRefused
from parley.contacts.making import Batch, Maker
from parley.contacts.tokens import Tokeniser
from parley.contacts.types import Address, NewContact, Number
from parley.sealing.api import FieldSealer

_STANDARD_INPUT: Final = 0
_MOST: Final = 3
"""Processes: PostgreSQL takes no more in than so many make."""
_PLAIN: Final = tuple(
    one.name for one in fields(NewContact) if one.name not in {"numbers", "emails", "addresses", "custom"}
)
_PLAIN_OF: Final = attrgetter(*_PLAIN)
_ADDRESS: Final = tuple(one.name for one in fields(Address))
_ADDRESS_OF: Final = attrgetter(*_ADDRESS)
_Row = tuple[tuple[Any, ...], list[tuple[str, Any]], tuple[str, ...], list[tuple[str, ...]], dict[str, str]]
"""A contact as plain values: dataclasses take four times as long on their way."""


def made_beside(
    maker: Maker, several: Iterable[Sequence[NewContact]], *, first: int, recipients: Sequence[str]
) -> Generator[Batch, None, None]:
    """A batch for each of several lists of rows, the first of which is number `first` of all, in their order; as
    `maker` makes them, sealed to `recipients`. Raises ContactRefused, ChildProcessError."""
    with ExitStack() as stack:
        free = [stack.enter_context(_process(maker, recipients)) for _ in range(min(os.cpu_count() or 1, _MOST))]
        busy = deque[Connection]()
        for given in several:
            rows = [_packed(one) for one in given]
            if not free:
                free.append(busy.popleft())
                yield _answer(free[0])
            with _alive():
                free[0].send((first, rows))
            busy.append(free.pop(0))
            first += len(rows)
        for one in busy:
            yield _answer(one)


@contextmanager
def _process(maker: Maker, recipients: Sequence[str]) -> Iterator[Connection]:
    ours, theirs = socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],
            stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        with Connection(ours.detach()) as connection:
            token = maker.tokeniser
            connection.send((
                (token.key, token.number_key, token.email_key), tuple(recipients),
                (maker.directory, maker.source, maker.at, maker.region, maker.checked),
            ))  # fmt: skip
            yield connection
    finally:
        process.kill()
        process.wait()


@contextmanager
def _alive() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError) as error:
        raise ChildProcessError("a process that makes rows of contacts ended before its time") from error


def _answer(connection: Connection) -> Batch:
    with _alive():
        answer = connection.recv()
    if isinstance(answer, Batch):
        return answer
    message, remedy, field = answer
    raise ContactRefused(message, remedy=remedy, field=field)


def _packed(new: NewContact) -> _Row:
    return (
        _PLAIN_OF(new), [(one.value, one.kind) for one in new.numbers], tuple(new.emails),
        [_ADDRESS_OF(one) for one in new.addresses], dict(new.custom),
    )  # fmt: skip


def _unpacked(row: _Row) -> NewContact:
    plain, numbers, emails, addresses, custom = row
    return NewContact(
        **dict(zip(_PLAIN, plain, strict=True)),
        numbers=tuple([Number(value=value, kind=kind) for value, kind in numbers]),
        emails=emails,
        addresses=tuple([Address(**dict(zip(_ADDRESS, one, strict=True))) for one in addresses]),
        custom=custom,
    )


def serve(connection: Connection) -> None:
    """The making end: until the other one is closed."""
    (key, number_key, email_key), recipients, (directory, source, at, region, checked) = connection.recv()
    maker = Maker(
        tokeniser=Tokeniser(key=key, number_key=number_key, email_key=email_key), sealer=FieldSealer(recipients),
        directory=directory, source=source, at=at, region=region, checked=checked,
    )  # fmt: skip
    while True:
        try:
            first, rows = connection.recv()
        except EOFError:
            return
        try:
            made = maker.make([_unpacked(one) for one in rows], first=first)
        except ContactRefused as error:
            connection.send((error.args[0], error.remedy, error.field))
        else:
            connection.send(made)


if __name__ == "__main__":
    from parley.foundation.memory import collect_seldom

    collect_seldom()
    serve(Connection(_STANDARD_INPUT))
