"""Carrying imports out: the worker adds what is good, brings back what is not, undoes, and removes what nobody needs.

Whatever is killed is done again: rows that were added are known by the key of their import (`add_many`).
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from parley.contacts.errors import ContactsError
from parley.contacts.formats.types import UnreadableFile
from parley.contacts.import_ground import (
    RUN,
    TIDY,
    UNDO,
    object_key,
    progress_key,
    row_of,
    table_of,
    tidy_later,
)
from parley.contacts.import_mapping import Reading
from parley.contacts.import_models import Import
from parley.contacts.import_work import ConsentSource, added_by, outside_transaction, run, scratch_file, undo_added
from parley.obligations import api as obligations
from parley.obligations.api import Handler, Work
from parley.storage.api import ObjectStore

KEPT_BROKEN: Final = timedelta(days=30)


def handlers(*, store: ObjectStore) -> Mapping[str, Handler]:
    """What the worker does between other things: files that are no longer needed go."""
    return {TIDY: partial(_tidy, store=store)}


def long_handlers(*, store: ObjectStore, scratch: Path) -> Mapping[str, Handler]:
    """The long work. `scratch` takes sealed files while they grow."""
    return {RUN: partial(_run, store=store, scratch=scratch), UNDO: _undo}


def _run(work: Work, *, store: ObjectStore, scratch: Path) -> None:
    row = row_of(UUID(str(work.payload["import"])), locked=True)
    if row.state != "queued" or row.begun_at is None or row.directory_id is None:
        return
    options: Mapping[str, Any] = row.options
    reading = Reading(tuple(row.mapping), options["region"], options["source"], tuple(options["purposes"]))
    broken = scratch_file(scratch)
    begun_at, directory = row.begun_at, row.directory_id
    try:
        with store.open(object_key(row.id, "file")) as sealed:
            arrived = outside_transaction(
                lambda: run(
                    import_id=row.id, open_file=lambda: table_of(sealed), reading=reading, directory=directory,
                    consent=_consent(options), by=str(row.uploaded_by), at=begun_at, broken_into=broken,
                    progress_key=progress_key(row.id),
                )
            )  # fmt: skip
        if arrived.broken:
            store.put(object_key(row.id, "broken"), broken)
    except (UnreadableFile, ContactsError) as error:
        _fail(row, error, at=work.now)
        return
    finally:
        broken.unlink(missing_ok=True)
    row.rows, row.added, row.broken = arrived.rows, arrived.added, arrived.broken
    row.state, row.ended_at = "done", work.now
    row.save()
    tidy_later(row, due=work.now, what="file")
    tidy_later(row, due=work.now + KEPT_BROKEN, what="broken")
    obligations.forget_progress(progress_key(row.id))
    obligations.evidence(
        kind="contacts.import-done",
        clause=row.clause,
        details={"import": str(row.id), "added": row.added, "broken": row.broken, "directory": str(row.directory_id)},
        at=work.now,
    )


def _fail(row: Import, error: UnreadableFile | ContactsError, *, at: datetime) -> None:
    """Nothing more can come of this file: it says why, and what it added before stays, and can be undone."""
    row.state, row.error, row.ended_at = "failed", str(error)[:500], at
    if row.directory_id is not None and row.begun_at is not None:
        row.added = added_by(directory=row.directory_id, begun_at=row.begun_at).count()
    row.save(update_fields=["state", "error", "ended_at", "added"])
    tidy_later(row, due=at, what="file")
    obligations.forget_progress(progress_key(row.id))


def _undo(work: Work) -> None:
    row = row_of(UUID(str(work.payload["import"])), locked=True)
    if row.state != "undoing" or row.begun_at is None or row.directory_id is None:
        return
    directory, begun_at, total = row.directory_id, row.begun_at, row.added
    key, by = progress_key(row.id), str(work.payload["by"])
    left = outside_transaction(
        lambda: undo_added(
            directory=directory, by=by, begun_at=begun_at, at=work.now,
            told=lambda done: obligations.report(key, done=done, total=total, unit="contacts"),
        )
    )  # fmt: skip
    row.state, row.removed, row.ended_at = "undone", max(0, row.added - left), work.now
    row.save(update_fields=["state", "removed", "ended_at"])
    tidy_later(row, due=work.now, what="broken-now")
    obligations.forget_progress(key)
    obligations.evidence(
        kind="contacts.import-undone", clause=row.clause,
        details={"import": str(row.id), "removed": row.removed, "user": str(work.payload["by"])}, at=work.now,
    )  # fmt: skip


def _tidy(work: Work, *, store: ObjectStore) -> None:
    """Remove the objects of an import that nobody needs any more."""
    row = row_of(UUID(str(work.payload["import"])), locked=True)
    what = str(work.payload["what"])
    if what == "waiting" and row.state != "uploaded":
        return
    name = "broken" if what.startswith("broken") else "file"
    store.delete_many([object_key(row.id, name)])
    if name == "broken":
        row.file_gone_at = work.now
    elif row.state == "uploaded":
        row.state, row.ended_at = "withdrawn", work.now
    row.save(update_fields=["state", "ended_at", "file_gone_at"])


def _consent(options: Mapping[str, Any]) -> ConsentSource | None:
    given = options.get("consent")
    return ConsentSource(**{**given, "given_on": date.fromisoformat(given["given_on"])}) if given else None
