"""The second half of a departure: keys first, then every copy, then what the provider's own tables say; absence is
looked for before anything is called destroyed."""

import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings

from parley.backups import api as backups
from parley.lifecycle import certifying, letters
from parley.lifecycle.closing import destroy_objects, locked_facts
from parley.lifecycle.confirming import forget_codes
from parley.lifecycle.desk import (
    customer_of,
    departure_in,
    destruction_at,
    done,
    expect,
    facts,
    finish,
    locked,
    rows,
    save,
    seen,
)
from parley.lifecycle.errors import StillThere
from parley.lifecycle.leftovers import LEFTOVERS, count, delete, undecided
from parley.lifecycle.models import Return
from parley.lifecycle.returning import end_returns
from parley.obligations import api as obligations
from parley.recordings import api as recordings
from parley.storage.api import Freed, ObjectLockedError, open_store
from parley.tenancy import api as tenancy


def keys(work: obligations.Work) -> None:
    """Handler of `lifecycle.keys`: the keyring goes before anything else: what is sealed to it opens no more."""
    row = departure_in(work)
    if row.state != "blocked" or done(row, "live") is None or done(row, "keys") is not None:
        return
    if work.now < destruction_at(row):
        return  # an earlier wish that came to nothing
    if unknown := undecided():
        raise StillThere(f"nobody decided what becomes of {', '.join(unknown)}", remedy="See lifecycle/destroying.py.")
    began = time.perf_counter()
    tenancy.keyring().forget(customer_id=row.customer_id)
    took = round((time.perf_counter() - began) * 1000)
    finish(
        row, "keys", began=work.now, at=work.now, clause=facts(row).clauses["destroy"],
        facts={"keys": 1, "milliseconds": took, "content_keys": row.custody != "customer-held"},
    )  # fmt: skip
    expect(row, "copies", due=work.now)


def copies(work: obligations.Work) -> None:
    """Handler of `lifecycle.copies`: backups, packages and whatever object is left."""
    row = seen(work)
    if done(row, "keys") is None or done(row, "copies") is not None:
        return
    customer, provider = customer_of(row), tenancy.current()
    listed = [
        {"id": str(one.id), "reason": one.reason, "taken_at": _iso(one.taken_at), "destroyed_at": _iso(work.now)}
        for one in backups.backups(customer)
        if one.state == "ready"
    ]
    destroyed, freed = backups.apart(lambda: _destroy_copies(customer, (provider, work.key), at=work.now))
    row = locked(row.id)
    end_returns(row, list(rows(Return).filter(departure=row)), at=work.now)
    returned = rows(Return).filter(departure=row, made_at__isnull=False).count()
    finish(
        row, "copies", began=work.now, at=work.now, clause=facts(row).clauses["destroy"],
        facts={"backups": max(destroyed, len(listed)), "returns": returned, "list": listed, **locked_facts(freed)},
    )  # fmt: skip
    obligations.forget_progress(work.key)
    certifying.state_progress(row, at=work.now)
    expect(row, "leftovers", due=work.now)


def leftovers(work: obligations.Work) -> None:
    """Handler of `lifecycle.leftovers`: what the provider's tables say of the customer goes; the register keeps a
    name and dates."""
    row = departure_in(work)
    if done(row, "copies") is None or done(row, "leftovers") is not None:
        return
    later = facts(row).support is not None
    going = {label for label, what in LEFTOVERS.items() if what == "delete" or (what == "support" and not later)}
    deleted = sum(delete(label, row.customer_id) for label in sorted(going))
    tenancy.mark_destroyed(row.customer_id)
    finish(row, "leftovers", began=work.now, at=work.now, clause=facts(row).clauses["destroy"], facts={"rows": deleted})
    if later:
        expect(row, "support", due=facts(row).support or work.now)
    expect(row, "verify", due=work.now)


def verify(work: obligations.Work) -> None:
    """Handler of `lifecycle.verify`: look for the customer everywhere. Raises StillThere, and is tried again, when
    anything is found: then the duty to destroy stays open. Raises ObjectLockedError while the store keeps objects by
    write-once: it is tried again when that ends."""
    row = departure_in(work)
    if done(row, "leftovers") is None or done(row, "verify") is not None:
        return
    customer = customer_of(row)
    found = list(traces(customer, support_later=facts(row).support is not None))
    if found:
        freed = backups.apart(partial(_sweep, customer))  # work that was under way put it there, or a lock has ended
        if freed.kept:
            raise ObjectLockedError(freed.until)
        raise StillThere(f"still there: {', '.join(sorted(set(found))[:5])}", remedy="It is tried again.")
    save(row, state="destroyed")
    finish(
        row, "verify", began=work.now, at=work.now, clause=facts(row).clauses["destroy"],
        facts={"places": list(PLACES), "found": 0},
    )  # fmt: skip
    certifying.meet(row, "destroy", at=work.now, details={"places": len(PLACES)})
    expect(row, "certificate", due=work.now)


PLACES: Final = (
    "databases of the server", "roles of the server", "the keyrings", "the object store", "the backup store",
    "the spool of recordings", "the provider's own tables",
)  # fmt: skip


def traces(customer: tenancy.Customer, *, support_later: bool) -> Iterator[str]:
    """What is found of a customer by looking into every place; nothing when it is gone."""
    yield from tenancy.traces(customer)
    for store in (recordings.installed_store(), open_store(settings.PARLEY_BACKUP_URL)):
        yield from ("objects" for _ in store.list(str(customer.id)))
    yield from ("recordings in the spool" for _ in spooled(customer.id))
    for label, what in LEFTOVERS.items():
        if what == "delete" or (what == "support" and not support_later):
            yield from (label for _ in range(count(label, customer.id)))


def spooled(customer_id: UUID) -> Iterator[Path]:
    """Directories of the spool that hold recordings of the customer."""
    spool = Path(settings.PARLEY_DATA_DIR) / "spool"
    needle = str(customer_id).encode()
    for manifest in spool.glob("*/manifest.json"):
        try:
            if needle in manifest.read_bytes():
                yield manifest.parent
        except FileNotFoundError:
            continue


def support(work: obligations.Work) -> None:
    """Handler of `lifecycle.support`: what was collected in support cases goes on its own day."""
    row = departure_in(work)
    if done(row, "leftovers") is None or done(row, "support") is not None:
        return
    deleted = sum(delete(label, row.customer_id) for label, what in LEFTOVERS.items() if what == "support")
    finish(row, "support", began=work.now, at=work.now, clause=facts(row).clauses["support"], facts={"rows": deleted})
    certifying.meet(row, "support-data-destroyed", at=work.now, details={"rows": deleted})


def forget(work: obligations.Work) -> None:
    """Handler of `lifecycle.forget`: the addresses, the letters and the public link go."""
    row = departure_in(work)
    if row.state != "certified" or done(row, "forget") is not None:
        return
    sent = len(row.addresses)
    letters.forget(row)
    forget_codes(row)
    save(row, addresses=[], intake="", token_hash="")
    rows(Return).filter(departure=row).update(asked_by="")
    finish(row, "forget", began=work.now, at=work.now, clause=facts(row).clauses["destroy"], facts={"addresses": sent})


def _destroy_copies(
    customer: tenancy.Customer, progress: tuple[tenancy.Customer, str], *, at: datetime
) -> tuple[int, Freed]:
    destroyed = backups.destroy_all(customer, at=at)
    freed = destroy_objects(str(customer.id), progress=progress)
    for directory in spooled(customer.id):
        _discard(directory)
    return destroyed, freed


def _discard(directory: Path) -> None:
    """Remove a directory of the spool; the manifest, by which it is found again after a crash, goes last."""
    for path in directory.iterdir():
        if path.name != "manifest.json":
            path.unlink()
    shutil.rmtree(directory)


def _sweep(customer: tenancy.Customer) -> Freed:
    """What is there after its place was emptied goes too."""
    tenancy.destroy_database(customer)
    tenancy.keyring().forget(customer_id=customer.id)
    freed = destroy_objects(str(customer.id))
    for directory in spooled(customer.id):
        _discard(directory)
    return freed


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
