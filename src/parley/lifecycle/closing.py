"""The first half of a departure: the service is closed, a last backup taken, the live data destroyed.

Each step is a deadline in the provider's scope and may be done again: what touches the customer's own database or the
store happens apart, outside the engine's transaction, and is such that doing it twice is doing it once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID, uuid5

from parley.agreement.api import Event
from parley.backups import api as backups
from parley.governance.contract import api as contract
from parley.inventory.api import stores
from parley.ledger import api as ledger
from parley.ledger.api import JSON
from parley.lifecycle import certifying, isolating
from parley.lifecycle.desk import (
    closing_at,
    customer_of,
    departure_in,
    destruction_at,
    done,
    expect,
    facts,
    finish,
    locked,
    save,
    seen,
)
from parley.lifecycle.models import Departure
from parley.lifecycle.returning import ask
from parley.obligations import api as obligations
from parley.recordings import api as recordings
from parley.retention import api as retention
from parley.storage.api import Freed, delete_free
from parley.tenancy import api as tenancy

CARRIED: Final = frozenset({"destroy", "certificate", "support-data-destroyed"})
BATCH: Final = 2000
_EVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class _Closed:
    """What was read in the customer's own database before it goes."""

    head: Mapping[str, Any] | None
    counts: Mapping[str, int]
    laws: tuple[str, ...]


def close(work: obligations.Work) -> None:
    """Handler of `lifecycle.close`: trunks and access end, the customer's open duties become the provider's."""
    row = departure_in(work)
    if row.state != "ended" or work.now < closing_at(row):
        return
    customer = customer_of(row)
    closed = backups.apart(lambda: _close(customer, row.ending_id, at=work.now))
    if closed is None:
        return  # renewed: `follow` cancels the departure
    save(row, state="blocked", head=closed.head, counts=dict(closed.counts))
    event = Event(kind="contract-ends", id=str(row.ending_id), at=row.ends_at)
    agreement = contract.binding_of(customer).agreement
    obligations.open_duties(
        agreement, event, zone=row.zone, subject=f"departure of {row.handle}", at=work.now, only=CARRIED
    )
    obligations.forget_calendar(row.customer_id)
    finish(
        row, "close", began=work.now, at=work.now, clause=facts(row).clauses["access"],
        facts={"records": sum(closed.counts.values()), "laws": list(closed.laws)},
    )  # fmt: skip
    expect(row, "isolate", due=work.now)


def isolate(work: obligations.Work) -> None:
    """Handler of `lifecycle.isolate`: what binds the provider itself is set apart under a key of its own."""
    row = seen(work)
    if row.state != "blocked" or done(row, "isolate") is not None:
        return
    customer = customer_of(row)
    made = backups.apart(lambda: isolating.isolate(customer, row.id, at=work.now))
    row = locked(row.id)
    for one in made:
        isolating.keep(row, one, at=work.now)
    finish(
        row, "isolate", began=work.now, at=work.now, clause=facts(row).clauses["destroy"],
        facts={"packages": len(made), "records": sum(one.records for one in made)},
    )  # fmt: skip
    expect(row, "live" if _at_once(row, work.now) else "backup", due=work.now)


def backup(work: obligations.Work) -> None:
    """Handler of `lifecycle.backup`: the last sealed backup, opened once to see that it can be."""
    row = seen(work)
    if row.state != "blocked" or done(row, "backup") is not None:
        return
    if _at_once(row, work.now):
        expect(row, "live", due=work.now)
        return
    customer = customer_of(row)
    taken, head = backups.apart(lambda: _take(customer, row, at=work.now))
    row = locked(row.id)
    save(row, head=head)
    finish(
        row, "backup", began=work.now, at=work.now, clause=facts(row).clauses["destroy"],
        facts={"backup": str(taken.id), "size": taken.size, "objects": taken.objects, "sha256": taken.dump_sha256},
    )  # fmt: skip
    expect(row, "live", due=work.now)


def live(work: obligations.Work) -> None:
    """Handler of `lifecycle.live`: database, roles and objects are destroyed; the first statement of progress."""
    row = seen(work)
    if row.state != "blocked" or done(row, "live") is not None:
        return
    customer = customer_of(row)
    provider = tenancy.current()
    freed = backups.apart(lambda: destroy_live(customer, progress=(provider, work.key)))
    row = locked(row.id)
    finish(
        row, "live", began=work.now, at=work.now, clause=facts(row).clauses["destroy"],
        facts={"database": 1, "roles": 2, "objects": freed.removed, **locked_facts(freed)},
    )  # fmt: skip
    obligations.forget_progress(work.key)
    certifying.state_progress(row, at=work.now)
    if row.choice == "return" and done(row, "backup") is not None and work.now < facts(row).export:
        ask(row, channel="choice", by="", at=work.now, formats=())
    expect(row, "keys", due=max(work.now, destruction_at(row)))


def destroy_live(customer: tenancy.Customer, *, progress: tuple[tenancy.Customer, str] | None = None) -> Freed:
    """Destroy the live database, its roles and all objects of a departed customer but those that write-once keeps.

    `progress` names in whose scope and under which key it is reported.
    """
    tenancy.destroy_database(customer)
    return destroy_objects(str(customer.id), progress=progress)


def destroy_objects(prefix: str, *, progress: tuple[tenancy.Customer, str] | None = None) -> Freed:
    """Remove all objects below `prefix` from the installed store but those that write-once keeps. Locks that Parley set
    and may lift (governance) end: the laws behind them bound the customer, which has left with what it must keep."""
    store = recordings.installed_store()
    keys = [one.key for one in store.list(prefix)]
    freed = Freed(0)
    for batch in _batches(iter(keys)):
        freed += delete_free(store, batch, lift=True)
        if progress is not None:
            with tenancy.scope(progress[0]):
                obligations.report(progress[1], done=freed.removed, total=len(keys), unit="objects")
    store.delete_many([prefix])  # no object: directories that somebody emptied and was killed before they went
    return freed


def locked_facts(freed: Freed) -> dict[str, JSON]:
    """What a step says of objects that it could not destroy; nothing when there are none."""
    if not freed.kept:
        return {}
    return {"locked": len(freed.kept), "locked_until": freed.until.isoformat() if freed.until else None}


def _batches(keys: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(keys, BATCH)):
        yield batch


def _close(customer: tenancy.Customer, ending_id: UUID, *, at: datetime) -> _Closed | None:
    """In the customer's scope; None when the end was renewed."""
    with tenancy.scope(customer):
        if not contract.close(ending_id, at=at):
            return None
        counts = {store.name: sum(store.count_older(kind, _EVER) for kind in store.kinds) for store in stores()}
        laws = retention.laws_on(recordings.STORE.name)
    return _Closed(head=_end_log(customer, at=at), counts=counts, laws=laws)


def _end_log(customer: tenancy.Customer, *, at: datetime) -> Mapping[str, Any] | None:
    head = _last_head(customer, at=at)
    tenancy.depart(customer.id)  # again: what was recorded woke its sequencer, which we were
    return head


def _last_head(customer: tenancy.Customer, *, at: datetime) -> Mapping[str, Any] | None:
    """Integrate what waits in the customer's log, countersign it, and return the last checkpoint: the log ends here."""
    keyring, provider = tenancy.keyring(), tenancy.provider()
    signer = keyring.ledger_signer(customer)
    with (
        tenancy.connect(customer, role="sequencer") as theirs,
        tenancy.connect(provider, role="sequencer") as ours,
    ):
        while ledger.integrate(theirs, signer=signer):
            pass
        theirs.commit()
        ledger.countersign(theirs, ours, log_key=signer.log_key, signer=keyring.ledger_signer(provider), at=at)
        with theirs.cursor() as cursor:
            head = ledger.published(cursor)
    if head is None:
        return None
    return {"size": head.size, "root": head.root.hex(), "note": head.note, "log_key": head.log_key}


def _take(
    customer: tenancy.Customer, row: Departure, *, at: datetime
) -> tuple[backups.BackupView, Mapping[str, Any] | None]:
    """The last backup, opened once; and the head of the customer's log, in which it left its last entry."""
    taken = backups.take(customer, reason="final", at=at, backup_id=uuid5(row.id, "final"))
    with backups.restored(customer, taken.id, at=at):
        pass  # every hash was compared, and the database opened
    backups.shorten(customer, until=destruction_at(row))
    return taken, _end_log(customer, at=at)


def _at_once(row: Departure, now: datetime) -> bool:
    """Whether nothing is kept in between: the customer confirmed, or there is no time left."""
    return destruction_at(row) <= now
