"""Saved exports: asked for, looked at, handed out, withdrawn. Made by the job in `making`."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import BinaryIO, Final, cast
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from parley.exports.errors import ExportDamaged, ExportRefused, NoSuchExport
from parley.exports.links import hash_of, new_link, token_of
from parley.exports.models import Export, ExportedPerson, ExportedRecord
from parley.exports.types import ExportView, Reason, State
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.inventory.api import ExportOptions, Held, Subject, stores
from parley.obligations import api as obligations
from parley.recordings.api import STORE as RECORDINGS
from parley.recordings.api import installed_store, number_indexes
from parley.sealing.api import AgeReader, blind_index, open_bytes, seal_bytes
from parley.storage.api import ObjectStore
from parley.tenancy import api as tenancy

MAKE: Final = "exports.make"
EXPORT_DATA: Final = "export-data"
WAITING: Final = ("queued", "running")
_BATCH: Final = 2000
_PIECE: Final = 1 << 20
OWN_CLAUSE: Final = "provider.exports"


def start(
    *,
    title: str,
    reason: Reason,
    subject: Subject | None = None,
    records: Sequence[Held] = (),
    options: ExportOptions,
    by: UUID | None,
    clause: str = "",
    at: datetime,
    key: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> UUID:
    """Have an export made, in the caller's transaction; the id of the one that `key` was given for before, if any.

    "subject": `records`, or when there are none, all that the stores find of the person now. "records": those given,
    or when there are none, all from `since` to `until`. "everything": all records, and every table of the customer's
    database. "discovery": recordings alone, whole, with what proves them; those given, those of the person, or all,
    from `since` to `until`. `clause` is the one that asks for it, by default the one by which the gate allows it.

    Raises ExportRefused when the agreement does not allow it.
    """
    known = Export.objects.filter(key=key).first()
    if known is not None:
        return known.id
    allowed = require_allowed(at=at)
    subject = subject or options.subject
    if reason in {"subject", "discovery"} and not records and subject is not None:
        records = [held for store in stores() for held in store.find(subject)]
    if reason == "discovery":
        records = [one for one in records if one.store == RECORDINGS.name and _within(one.at, since, until)]
    listed = bool(records) or reason == "subject" or (reason == "discovery" and subject is not None)
    link = new_link()
    with transaction.atomic():
        row, made = Export.objects.get_or_create(
            key=key,
            defaults={
                "id": new_id(at=at), "title": title, "reason": reason, "state": "queued",
                "formats": list(options.formats), "redact_others": options.redact_others and reason != "discovery",
                "subject": _sealed(subject), "listed": listed, "since": since,
                "until": until, "clause": clause or allowed, "asked_at": at, "asked_by": by, "link_salt": link.salt,
                "link_hash": link.hash,
            },
        )  # fmt: skip
        if made:
            _list(row, records, subject)
            obligations.enqueue(kind=MAKE, key=f"{MAKE}:{row.id}", due=at, payload={"export": str(row.id)}, long=True)
    return row.id


def require_allowed(*, at: datetime) -> str:
    """The clause by which the customer's data may be exported now. Raises ExportRefused.

    The provider hands its own people their data by no agreement, but by the law alone.
    """
    if own():
        return OWN_CLAUSE
    refused = None
    for offering in sorted({store.offering for store in stores()}) or [""]:
        decision = contract.ask(EXPORT_DATA, at=at, offering=offering) if offering else contract.ask(EXPORT_DATA, at=at)
        if decision.allowed:
            return decision.clause
        refused = refused or decision
    if refused is None:
        raise AssertionError("the gate was asked at least once")
    raise ExportRefused(refused.reason, remedy=refused.remedy or "", clause=refused.clause)


def own() -> bool:
    """Whether the provider itself is in scope."""
    return tenancy.current().kind == "provider"


def get(export_id: UUID) -> ExportView:
    """One export. Raises NoSuchExport."""
    return view(_row(export_id))


def listing(*, limit: int = 50, before: ExportView | None = None) -> tuple[ExportView, ...]:
    """The exports of the customer in scope, newest first; those after `before`."""
    rows = Export.objects.order_by("-asked_at", "-id")
    if before is not None:
        rows = rows.filter(asked_at__lte=before.asked_at).exclude(asked_at=before.asked_at, id__gte=before.id)
    return tuple(view(row) for row in rows[:limit])


def open_package(export_id: UUID, *, store: ObjectStore | None = None) -> BinaryIO:
    """The package: the ZIP file in clear where the provider holds a key, else sealed, as it is stored. Seekable, and
    compared with the log's hash before this returns. Raises NoSuchExport, ExportDamaged, StorageError."""
    row = _row(export_id)
    if row.state != "ready" or row.expires_at is None or row.expires_at <= timezone.now():
        raise NoSuchExport("the package is not there", remedy="Ask for a new export.")
    sealed = _verified(store or installed_store(), row)
    identities = tenancy.keyring().identities(tenancy.current())
    return cast(BinaryIO, AgeReader(sealed, identities).stream()) if identities else sealed


def withdraw(export_id: UUID, *, by: UUID | None, at: datetime) -> ExportView:
    """Nobody shall fetch it any more: the object is gone, the link leads nowhere. Doing it again changes nothing.

    Raises NoSuchExport, StorageError.
    """
    with transaction.atomic():
        row = _locked(export_id)
        end(row, state="withdrawn", at=at, by=str(by) if by else "")
        return view(row)


def end(row: Export, *, state: State, at: datetime, by: str = "", error: str = "") -> bool:
    """The locked export is no more: object first, then what it held and who was in it, with evidence. False when it
    was over before."""
    if row.state in {"withdrawn", "expired", "failed"}:
        return False
    installed_store().delete_many([object_key(row.id)])
    ExportedPerson.objects.filter(export=row).delete()
    ExportedRecord.objects.filter(export=row).delete()
    was = row.state
    row.state, row.ended_at, row.error, row.subject = state, at, error, b""
    row.save(update_fields=["state", "ended_at", "error", "subject"])
    if was == "ready" and state != "expired":
        obligations.cancel("export-made", str(row.id), at=at, reason=f"export {state}")
    obligations.forget_progress(progress_key(row.id))
    obligations.evidence(
        kind=f"export.{state}",
        clause=row.clause if state != "expired" or own() else contract.binding().agreement.clause_of("end.link_life"),
        details={"export": str(row.id), "sealed_sha256": row.sealed_sha256, "by": by, "error": error},
        at=at,
    )
    return True


def link(export_id: UUID) -> str:
    """The path under which the package is fetched until it expires. Raises NoSuchExport."""
    row = _row(export_id)
    return f"/exports/{tenancy.current().handle}/{token_of(bytes(row.link_salt))}"


def by_token(token: str) -> ExportView:
    """The export that a link leads to, while it may be fetched. Raises NoSuchExport."""
    hashed = hash_of(token)
    row = Export.objects.filter(link_hash=hashed, state="ready").first() if hashed else None
    if row is None or row.expires_at is None or row.expires_at <= timezone.now():
        raise NoSuchExport("this link leads nowhere, or no more", remedy="Ask whoever sent it for a new one.")
    return view(row)


def fetched(export_id: UUID, *, by: str, at: datetime) -> None:
    """Evidence that somebody fetches the package, or a piece of it: through the link, or signed in."""
    obligations.evidence(
        kind="export.fetched", clause=_row(export_id).clause, details={"export": str(export_id), "by": by}, at=at
    )


def object_key(export_id: UUID) -> str:
    """Where the package of the customer in scope lies: it follows from the id, so that no attempt leaves another."""
    return f"{tenancy.current().id}/exports/{export_id}.zip.age"


def progress_key(export_id: UUID) -> str:
    """The key of `obligations.progress`."""
    return f"{MAKE}:{export_id}"


def subject_of(row: Export) -> Subject | None:
    """The person that the export is about, by what this process can open of it."""
    if not row.subject:
        return None
    identities = tenancy.keyring().identities(tenancy.current())
    if not identities:
        return Subject(records=tuple(row.contents.order_by("id").values_list("store", "record")))

    found = json.loads(open_bytes(bytes(row.subject), identities))
    return Subject(
        numbers=tuple(found["numbers"]),
        emails=tuple(found["emails"]),
        user_ids=tuple(UUID(one) for one in found["user_ids"]),
        records=tuple((store, UUID(record)) for store, record in found["records"]),
    )


def indexes_of(subject: Subject) -> set[bytes]:
    """The blind indexes under which the person is found in exports, for the customer in scope."""
    found = {index for one in subject.numbers for index in number_indexes(one)}
    if subject.emails:
        key = tenancy.keyring().index_key(tenancy.current(), "email")
        found |= {blind_index(key, field="email", value=one.strip().lower()) for one in subject.emails}
    return found


def view(row: Export) -> ExportView:
    """The row as others see it: one that waits is running from the first sign of progress on."""
    running = row.state == "queued" and obligations.progress(progress_key(row.id)) is not None
    return ExportView(
        id=row.id, title=row.title, reason=cast(Reason, row.reason),
        state="running" if running else cast(State, row.state),
        formats=tuple(row.formats), redact_others=row.redact_others, clause=row.clause, asked_at=row.asked_at,
        asked_by=row.asked_by, records=row.records, files=row.files, tables=row.tables, by_store=row.by_store,
        size=row.size, sha256=row.sha256, sealed_size=row.sealed_size, sealed_sha256=row.sealed_sha256,
        made_at=row.made_at, expires_at=row.expires_at, ended_at=row.ended_at, error=row.error,
        progress_key=progress_key(row.id), evidence_id=row.evidence_id,
    )  # fmt: skip


def keep_persons(export_id: UUID, values: Iterable[bytes]) -> None:
    """Remember who is in an export."""
    rows = [ExportedPerson(export_id=export_id, value=value) for value in sorted(set(values))]
    ExportedPerson.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)


def keep_written(export_id: UUID, store: str, ids: Sequence[UUID]) -> None:
    """Remember which records are in an export."""
    rows = [ExportedRecord(export_id=export_id, store=store, record=one, written=True) for one in ids]
    ExportedRecord.objects.bulk_create(
        rows, batch_size=_BATCH, update_conflicts=True, update_fields=["written"],
        unique_fields=["record", "store", "export"],
    )  # fmt: skip


def _within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or since <= at) and (until is None or at < until)


def _list(row: Export, records: Sequence[Held], subject: Subject | None) -> None:
    listed = [ExportedRecord(export=row, store=one.store, record=one.id) for one in records]
    ExportedRecord.objects.bulk_create(listed, batch_size=_BATCH, ignore_conflicts=True)
    if subject is not None:
        keep_persons(row.id, indexes_of(subject))


def _sealed(subject: Subject | None) -> bytes:
    if subject is None:
        return b""
    known = {
        "numbers": subject.numbers, "emails": subject.emails, "user_ids": [str(one) for one in subject.user_ids],
        "records": [(store, str(record)) for store, record in subject.records],
    }  # fmt: skip
    return seal_bytes(json.dumps(known).encode(), tenancy.current().recipients)


def _verified(store: ObjectStore, row: Export) -> BinaryIO:
    """The stored object, hashed through the very handle that is then read."""
    file = store.open(object_key(row.id))
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    if digest.hexdigest() != row.sealed_sha256:
        file.close()
        raise ExportDamaged("the stored package is not the one that was made", remedy="Ask for a new export.")
    file.seek(0)
    return file


def _row(export_id: UUID) -> Export:
    row = Export.objects.filter(id=export_id).first()
    if row is None:
        raise NoSuchExport("there is no such export")
    return row


def _locked(export_id: UUID) -> Export:
    row = Export.objects.select_for_update().filter(id=export_id).first()
    if row is None:
        raise NoSuchExport("there is no such export")
    return row
