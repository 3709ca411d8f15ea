"""The second half of a departure: keys first, then every copy, then what the provider's own tables say; absence is
looked for before anything is called destroyed."""

import shutil
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db.models import Model

from parley.backups import api as backups
from parley.lifecycle import certifying, letters
from parley.lifecycle.closing import destroy_objects
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
from parley.lifecycle.models import Return
from parley.lifecycle.returning import end_returns
from parley.obligations import api as obligations
from parley.recordings import api as recordings
from parley.storage.api import open_store
from parley.tenancy import api as tenancy

LEFTOVERS: Final[Mapping[str, str]] = {
    "access.AccessDocket": "support",
    "assistance.AssistanceDocket": "delete",
    "assistance.Disclosure": "delete",
    "audits.AuditOfCustomer": "delete",
    "backups.Backup": "delete",
    "backups.BackupObject": "delete",
    "backups.DrillRow": "delete",
    "backups.Scratch": "delete",
    "incidents.Considered": "keep",
    "instructions.SilentCompulsionRecord": "delete",
    "lifecycle.Departure": "keep",
    "obligations.CalendarLine": "delete",
    "retention.Tombstone": "delete",
    "subprocessors.Delivery": "delete",
    "tenancy.Trunk": "register",
    "tenancy.Wake": "register",
}
"""Tables of the provider that name a customer, and what becomes of the lines at its end: "support" on the day that the
agreement gives for support data (at once where it gives none), "keep" where a law wants it or it is this very record,
"register" where tenancy deletes them itself.
A table that is not listed stops the destruction: somebody must decide (`undecided`)."""
_COLUMNS: Final = ("customer", "customer_id")


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
    count = backups.apart(lambda: _destroy_copies(customer, (provider, work.key), at=work.now))
    row = locked(row.id)
    returned = end_returns(row, list(rows(Return).filter(departure=row)), at=work.now)
    finish(
        row, "copies", began=work.now, at=work.now, clause=facts(row).clauses["destroy"],
        facts={"backups": max(count, len(listed)), "returns": returned, "list": listed},
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
    deleted = sum(_delete(label, row.customer_id) for label in sorted(going))
    tenancy.mark_destroyed(row.customer_id)
    finish(row, "leftovers", began=work.now, at=work.now, clause=facts(row).clauses["destroy"], facts={"rows": deleted})
    if later:
        expect(row, "support", due=facts(row).support or work.now)
    expect(row, "verify", due=work.now)


def verify(work: obligations.Work) -> None:
    """Handler of `lifecycle.verify`: look for the customer everywhere. Raises StillThere, and is tried again, when
    anything is found: then the duty to destroy stays open."""
    row = departure_in(work)
    if done(row, "leftovers") is None or done(row, "verify") is not None:
        return
    customer = customer_of(row)
    found = list(traces(customer, support_later=facts(row).support is not None))
    if found:
        _again(customer)
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
            yield from (label for _ in range(_count(label, customer.id)))


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
    deleted = sum(_delete(label, row.customer_id) for label, what in LEFTOVERS.items() if what == "support")
    finish(row, "support", began=work.now, at=work.now, clause=facts(row).clauses["support"], facts={"rows": deleted})
    certifying.meet(row, "support-data-destroyed", at=work.now, details={"rows": deleted})


def forget(work: obligations.Work) -> None:
    """Handler of `lifecycle.forget`: the addresses, the letters and the public link go."""
    row = departure_in(work)
    if row.state != "certified" or done(row, "forget") is not None:
        return
    sent = len(row.addresses)
    letters.forget(row)
    save(row, addresses=[], intake="", token_hash="")
    rows(Return).filter(departure=row).update(asked_by="")
    finish(row, "forget", began=work.now, at=work.now, clause=facts(row).clauses["destroy"], facts={"addresses": sent})


def undecided() -> list[str]:
    """Tables of the provider that name a customer and that `LEFTOVERS` does not list."""
    return sorted(model._meta.label for model in _naming() if model._meta.label not in LEFTOVERS)


def _naming() -> Iterator[type[Model]]:
    for model in apps.get_models(include_auto_created=True):
        provided = getattr(model, "of_provider", False) or model._meta.app_label == "tenancy"
        columns = {field.attname for field in model._meta.concrete_fields} | {
            field.name for field in model._meta.concrete_fields
        }
        if provided and columns & set(_COLUMNS):
            yield model


def _delete(label: str, customer_id: UUID) -> int:
    found = _lines(label, customer_id)
    return found.delete()[0] if found is not None else 0


def _count(label: str, customer_id: UUID) -> int:
    found = _lines(label, customer_id)
    return found.count() if found is not None else 0


def _lines(label: str, customer_id: UUID) -> Any:
    """The lines of a table of the provider that name the customer; None when this version has no such table."""
    model = next((one for one in _naming() if one._meta.label == label), None)
    if model is None:
        return None
    names = {field.name: field for field in model._meta.concrete_fields}
    column = "customer_id" if "customer_id" in names or names["customer"].is_relation else "customer"
    return rows(model).filter(**{column: customer_id})


def _destroy_copies(customer: tenancy.Customer, progress: tuple[tenancy.Customer, str], *, at: datetime) -> int:
    count = backups.destroy_all(customer, at=at)
    destroy_objects(str(customer.id), progress=progress)
    for directory in spooled(customer.id):
        _discard(directory)
    return count


def _discard(directory: Path) -> None:
    """Remove a directory of the spool; the manifest, by which it is found again after a crash, goes last."""
    for path in directory.iterdir():
        if path.name != "manifest.json":
            path.unlink()
    shutil.rmtree(directory)


def _again(customer: tenancy.Customer) -> None:
    """What appeared after its place was emptied (work that was under way) goes too."""
    backups.apart(partial(_sweep, customer))


def _sweep(customer: tenancy.Customer) -> None:
    tenancy.destroy_database(customer)
    tenancy.keyring().forget(customer_id=customer.id)
    destroy_objects(str(customer.id))
    for directory in spooled(customer.id):
        _discard(directory)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
