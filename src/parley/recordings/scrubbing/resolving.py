"""What a person does about damage: has it put back from the backups, or accepts it. The log keeps both."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from parley.backups import api as backups
from parley.obligations import api as obligations
from parley.recordings.objects import store_in_use
from parley.recordings.scrubbing.errors import NoSuchFinding
from parley.recordings.scrubbing.examining import damage_of
from parley.recordings.scrubbing.models import Finding
from parley.recordings.scrubbing.running import clause
from parley.recordings.write_once import lock_again

REPAIR: Final = "storage.repair"
STILL_DAMAGED: Final = "storage.still-damaged"


def long_handlers() -> Mapping[str, obligations.Handler]:
    """The long work: objects are copied."""
    return {REPAIR: _repair}


def ask_repair(finding_id: UUID, *, by: UUID, at: datetime) -> None:
    """Have an object put back from the backups soon. Raises NoSuchFinding for one that is not open."""
    with transaction.atomic():
        row = _open(finding_id)
        row.problem = ""
        row.save(update_fields=["problem"])
        payload = {"finding": str(finding_id), "by": str(by)}
        key = f"{REPAIR}:{finding_id}:{at:%Y-%m-%dT%H:%M:%S}"
        obligations.enqueue(kind=REPAIR, key=key, due=at, payload=payload, long=True)


def repair(finding_id: UUID, *, by: UUID, at: datetime) -> bool:
    """Put an object back from the backups, read it again, say so in the log; False when it stays open, with a problem.

    In the caller's transaction. Raises NoSuchFinding for one that is not open, StorageError to be tried again.
    """
    row = _open(finding_id)
    try:
        if row.what != "unledgered":
            backups.put_back(row.object_key, sha256=row.expected)
    except backups.NoBackup as error:
        return _stays(row, error.error_id)
    lock_again(row.recording_id, store=store_in_use(), at=at)
    if damage_of(row.recording_id, row.object_key, store=store_in_use()) is not None:
        return _stays(row, STILL_DAMAGED)
    _resolve(row, "repaired", by=by, at=at)
    return True


def accept(finding_id: UUID, *, by: UUID, at: datetime) -> None:
    """Somebody accepts that this object stays as it is: later scrubs are silent on it. Raises NoSuchFinding."""
    with transaction.atomic():
        _resolve(_open(finding_id), "accepted", by=by, at=at)


def _open(finding_id: UUID) -> Finding:
    row = Finding.objects.select_for_update().filter(id=finding_id, state="open").first()
    if row is None:
        raise NoSuchFinding("there is no such open finding", remedy="Look at the page Storage again.")
    return row


def _stays(row: Finding, problem: str) -> bool:
    row.problem = problem
    row.save(update_fields=["problem"])
    return False


def _resolve(row: Finding, state: str, *, by: UUID, at: datetime) -> None:
    row.state, row.resolved_at, row.resolved_by, row.problem = state, at, by, ""
    row.save(update_fields=["state", "resolved_at", "resolved_by", "problem"])
    obligations.evidence(
        kind=f"storage.{state}",
        clause=clause(),
        details={
            "finding": str(row.id), "recording": str(row.recording_id), "name": row.name, "sha256": row.expected,
            "incident": str(row.incident), "user": str(by),
        },
        at=at,
    )  # fmt: skip


def _repair(work: obligations.Work) -> None:
    try:
        repair(UUID(work.payload["finding"]), by=UUID(work.payload["by"]), at=work.now)
    except NoSuchFinding:
        return  # somebody was quicker, or the recording was erased
