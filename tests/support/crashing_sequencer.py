"""A sequencer that is killed at its every step, one after the other: `python crashing_sequencer.py CUSTOMER_ID`.

Before and after each statement and each commit, a fresh process is killed there with entries waiting; then a whole one
goes on. Prints how many kills there were; ends with an error when an entry was lost, doubled or not countersigned.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import django
import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))
django.setup()

from django.db import connections  # noqa: E402
from tests.support.logs import record_many, signer_of  # noqa: E402

from parley.daemons.sequencer import Sequencer  # noqa: E402
from parley.ledger import api as ledger  # noqa: E402
from parley.tenancy import api as tenancy  # noqa: E402

_kill_at = 0
_steps = 0


def step() -> None:
    """Dies here when it is the step to die at."""
    global _steps  # noqa: PLW0603 - one process, one life
    _steps += 1
    if _steps == _kill_at:
        os.kill(os.getpid(), signal.SIGKILL)


class Cursor(psycopg.Cursor[Any]):
    """Counts a step before and after each statement."""

    def execute(self, *arguments: Any, **named: Any) -> Any:
        step()
        result = super().execute(*arguments, **named)
        step()
        return result

    def executemany(self, *arguments: Any, **named: Any) -> None:
        step()
        super().executemany(*arguments, **named)
        step()

    @contextmanager
    def copy(self, *arguments: Any, **named: Any) -> Iterator[Any]:
        with super().copy(*arguments, **named) as copy:
            yield copy
            step()  # the rows are on their way, the statement has not ended
        step()


class Connection(psycopg.Connection[Any]):
    """Counts a step before and after each commit."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.cursor_factory = Cursor

    @contextmanager
    def transaction(self, *arguments: Any, **named: Any) -> Iterator[Any]:
        with super().transaction(*arguments, **named) as transaction:
            yield transaction
            step()
        step()


def killed(customer: tenancy.Customer, kill_at: int) -> bool:
    """Whether a process that tends `customer` met its death at step `kill_at`, and was not done before."""
    connections.close_all()
    tenancy.wake(customer.id, "ledger", datetime.now(UTC))
    connections.close_all()
    child = os.fork()
    if child == 0:
        global _kill_at  # noqa: PLW0603 - as above
        _kill_at = kill_at
        psycopg.connect = Connection.connect  # type: ignore[assignment]
        Sequencer().turn(now=datetime.now(UTC))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    if status != 0:
        sys.exit(f"step {kill_at}: the sequencer failed instead of dying")
    return False


def check(customer: tenancy.Customer, recorded: list[UUID], *, integrated: bool) -> None:
    """Every recorded entry is there once; with `integrated`, in the log, countersigned, and the log is whole."""
    with tenancy.connect(customer) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT entry_id FROM ledger_pending UNION ALL SELECT entry_id FROM ledger_entry")
        found = [row[0] for row in cursor.fetchall()]
        if sorted(found) != sorted(recorded):
            sys.exit(f"recorded {len(recorded)}, found {len(found)}, different {len(set(found))}")
        head = ledger.audit(cursor)
        published = ledger.published(cursor)
        if integrated and (head is None or published is None or head.size != len(recorded)):
            sys.exit("not all is integrated")
        if integrated and (published.size != len(recorded) or published.cosigner_key is None):
            sys.exit("the newest head is not countersigned")


def check_provider(customer: tenancy.Customer) -> int:
    """The provider's log holds each countersigned head of the customer once; how many."""
    provider = tenancy.provider()
    origin = signer_of(customer).origin
    with tenancy.connect(provider) as conn, conn.cursor() as cursor:
        ledger.audit(cursor)
        heads = [line.details for line in ledger.entries(cursor, kinds=["log.head", "log.forked"], limit=1000)]
        ours = [head["size"] for head in heads if head is not None and head["log"] == origin]
    with tenancy.connect(customer) as conn:
        signed = [row[0] for row in conn.execute("SELECT size FROM ledger_cosignature")]
    if len(ours) != len(set(ours)) or not set(signed) <= set(ours):
        sys.exit(f"the provider's log has {sorted(ours)}, countersigned are {sorted(signed)}")
    return len(ours)


def main(customer_id: UUID) -> None:
    customer = tenancy.by_id(customer_id)
    if customer is None:
        sys.exit("no such customer")
    for one in tenancy.due_wakes("ledger", now := datetime.now(UTC)):  # what other tests left behind
        tenancy.rest(one, "ledger", seen=now, due=None)
    recorded: list[UUID] = []
    kill_at = 1
    while True:
        recorded += record_many(customer, 3)
        died = killed(customer, kill_at)
        check(customer, recorded, integrated=not died)
        if not died:
            break
        if killed(customer, 0):
            sys.exit("died unasked")
        check(customer, recorded, integrated=True)
        kill_at += 1
    heads = check_provider(customer)
    sys.stdout.write(f"kills={kill_at - 1} entries={len(recorded)} heads={heads}\n")


if __name__ == "__main__":
    main(UUID(sys.argv[1]))
