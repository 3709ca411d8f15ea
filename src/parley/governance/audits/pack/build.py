"""Packs are made by a job: gathered, zipped, sealed to the customer while they are written; clear only in memory.

The zip's hash goes to the ledger with that of its manifest; the object is opened for a download only when it is the
one that the ledger knows, and handed out sealed where the customer alone holds the key.
"""

import contextlib
import hashlib
import io
import re
import shutil
import tempfile
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, LiteralString, cast
from uuid import UUID

import psycopg
from django.db import connection, transaction

from parley.foundation.errors import ParleyError
from parley.foundation.ids import new_id
from parley.governance.audits.errors import AuditRefused, NoSuchAudit, PackRefused
from parley.governance.audits.models import AuditPack, AuditRequest
from parley.governance.audits.pack.documents import documents
from parley.governance.audits.pack.gathered import gather
from parley.governance.audits.pack.verify_pack import FORMAT, MANIFEST, SIGNATURE, manifest_text
from parley.governance.audits.types import PackScope, PackState, PackView
from parley.governance.contract import api as contract
from parley.ledger import api as ledger
from parley.obligations import api as obligations
from parley.obligations.api import GiveUp, Handler, Work
from parley.sealing.api import AgeReader, AgeWriter
from parley.storage.api import ObjectStore
from parley.tenancy import api as tenancy

MAKE: Final = "audits.pack"
NEWEST: Final = 10
"""How many pieces of evidence of each clause a pack of scope "newest" holds."""

ATTEMPTS: Final = 8

_STEP: Final = 200  # pieces of evidence after which the progress is written down
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def ask_pack(*, scope: PackScope, audit_id: UUID | None = None, by: UUID, at: datetime) -> PackView:
    """A pack for the customer in scope, made by the worker. Raises NoSuchAudit, AuditRefused while one is made."""
    with transaction.atomic():
        if AuditPack.objects.filter(state__in=["waiting", "making"]).exists():
            raise AuditRefused("a pack is being made", remedy="Wait until it is ready.")
        audit = None
        if audit_id is not None:
            audit = AuditRequest.objects.filter(id=audit_id).first()
            if audit is None:
                raise NoSuchAudit("there is no such audit")
        row = AuditPack.objects.create(
            id=new_id(at=at), audit=audit, scope=scope, state="waiting", asked_at=at, asked_by=by
        )
        obligations.enqueue(kind=MAKE, key=f"{MAKE}:{row.id}", due=at, payload={"pack": str(row.id)})
    return _view(row)


def packs(*, limit: int = 50, audit_id: UUID | None = None) -> list[PackView]:
    """The packs of the customer in scope, newest first."""
    rows = AuditPack.objects.order_by("-asked_at")
    return [_view(row) for row in (rows.filter(audit=audit_id) if audit_id else rows)[:limit]]


def pack(pack_id: UUID) -> PackView:
    """One pack. Raises NoSuchAudit."""
    return _view(_row(pack_id))


def handlers(*, store: ObjectStore, fonts: Path, scratch: Path) -> Mapping[str, Handler]:
    """What the worker does for packs."""
    return {MAKE: partial(make_pack, store=store, fonts=fonts, scratch=scratch)}


def make_pack(work: Work, *, store: ObjectStore, fonts: Path, scratch: Path) -> None:
    """Handler of `audits.pack`: makes the zip, sealed, stores it, and leaves its hash in the log.

    `scratch` takes the sealed file while it grows. What fails is tried again; after ATTEMPTS the pack says so, and the
    customer may ask for another.
    """
    pack_id = UUID(str(work.payload["pack"]))
    row = AuditPack.objects.filter(id=pack_id).first()
    if row is None or row.state not in {"waiting", "making"}:
        return
    try:
        with transaction.atomic():
            _make(row, store=store, fonts=fonts, scratch=scratch, at=datetime.now(UTC))
    # Whatever goes wrong: a pack that stays half made would keep the customer from asking for another.
    except Exception as error:
        if work.attempt < ATTEMPTS:
            raise
        name = error.error_id if isinstance(error, ParleyError) else type(error).__name__
        _apart("UPDATE audits_auditpack SET state = 'failed', error = %s WHERE id = %s", name, pack_id)
        raise GiveUp(f"the pack could not be made: {name}", remedy="Ask for another one.") from error


def _make(row: AuditPack, *, store: ObjectStore, fonts: Path, scratch: Path, at: datetime) -> None:
    customer = tenancy.current()
    _swept(scratch)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="pack-") as directory:
        path = Path(directory) / "pack.zip.age"
        with path.open("wb") as file:
            sealed = _Sealed(AgeWriter(file, customer.recipients))
            written = _write(row, sealed, fonts=fonts, at=at)
            sealed.writer.close()
        stored = store.put(f"{customer.id}/audits/{row.id}-{new_id(at=at)}.zip.age", path)
    row.state, row.made_at, row.object_key = "ready", at, stored.key
    row.size, row.sha256 = sealed.size, sealed.digest.hexdigest()
    row.sealed_size, row.sealed_sha256 = stored.size, stored.sha256
    row.manifest_sha256, row.head_size, row.checkpoint = written.manifest, written.head.size, written.head.note
    row.entries, row.done, row.total = written.entries, written.entries, written.entries
    row.evidence_id = obligations.evidence(
        kind="audit.pack-made",
        clause=contract.binding().agreement.terms.audit.clause,
        details={
            "pack": str(row.id), "sha256": row.sha256, "size": row.size, "sealed_sha256": row.sealed_sha256,
            "manifest_sha256": row.manifest_sha256, "head_size": row.head_size, "entries": row.entries,
            "scope": row.scope,
        },
        at=at,
    )  # fmt: skip
    row.save()


def fetch(pack_id: UUID, *, store: ObjectStore) -> tuple[BinaryIO, int, bool]:
    """The pack to hand out: the clear zip, or the sealed file where only the customer has the key; its size; whether
    it is sealed. Compared with the ledger before this returns.

    Raises NoSuchAudit, PackRefused, SealingError, StorageError.
    """
    row = _row(pack_id)
    if row.state != "ready" or row.evidence_id is None:
        raise PackRefused("the pack is not ready", remedy="Wait until it is made.")
    with connection.cursor() as cursor:
        known = ledger.entry(cursor, entry_id=row.evidence_id).details or {}
    if known.get("sealed_sha256") != row.sealed_sha256 or store.sha256(row.object_key) != row.sealed_sha256:
        raise PackRefused("the stored pack is not the one that the ledger knows", remedy="Ask for a new one.")
    sealed = store.open(row.object_key)
    identities = tenancy.keyring().identities(tenancy.current())
    if not identities:
        return sealed, row.sealed_size, True
    return cast(BinaryIO, AgeReader(sealed, identities).stream()), row.size, False


@dataclass(frozen=True, kw_only=True)
class _Written:
    manifest: str
    head: ledger.Checkpoint
    entries: int


@dataclass
class _Sealed(io.RawIOBase):
    """Where the zip goes: hashed in clear, sealed, counted. It cannot be read back, so that zipfile streams."""

    writer: AgeWriter
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.writer.write(bytes(data))
        self.digest.update(data)
        self.size += len(data)
        return len(data)


def _write(row: AuditPack, sealed: _Sealed, *, fonts: Path, at: datetime) -> _Written:
    """Every file of the pack into the zip; the manifest last, with the log's signature."""
    found = gather(at=at)
    with connection.cursor() as cursor:
        head = ledger.published(cursor)
        wanted = ledger.newest_by_clause(cursor, each=NEWEST if row.scope == "newest" else None)
    if head is None:
        raise PackRefused("the log is empty: there is nothing to prove yet", remedy="Wait for the sequencer.")
    earlier = AuditPack.objects.filter(state="ready").order_by("-made_at").first()
    since = earlier.head_size if earlier else None
    listed: dict[str, dict[str, int | str]] = {}
    with zipfile.ZipFile(cast(BinaryIO, sealed), "w", zipfile.ZIP_DEFLATED) as made:

        def add(path: str, content: bytes) -> None:
            listed[path] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            _add(made, path, content, at=at)

        _progress(row.id, done=0, total=len(wanted))
        ids = [entry_id for _clause, entry_id in wanted]
        packed = 0
        with connection.cursor() as cursor:
            for entry, seq, bundle in ledger.bundles(cursor, entry_ids=ids, head=head, since=since):
                kind, clause = (_UNSAFE.sub("_", word) for word in (entry.kind, entry.clause))
                add(f"evidence/{clause}/{seq:08d}-{kind}.json", bundle)
                packed += 1
                if packed % _STEP == 0:
                    _progress(row.id, done=packed, total=len(wanted))
        which = f"the newest {NEWEST} of each clause" if row.scope == "newest" else "all of it"
        for path, content in documents(
            found, head=head, earlier=earlier.checkpoint if earlier else "",
            evidence=f"what the log holds of each clause: {which}, {packed} pieces",
        ):  # fmt: skip
            add(path, content)
        from parley.governance.audits.pack.report import report  # half a second of imports, for whoever makes a pack

        add("report.pdf", report(found, head=head, fonts=fonts, packed=packed))
        manifest = _manifest(found.origin, listed, head=head, at=at)
        digest = hashlib.sha256(manifest).hexdigest()
        _add(made, MANIFEST, manifest, at=at)
        _add(made, SIGNATURE, _signature(digest).encode(), at=at)
    return _Written(manifest=digest, head=head, entries=packed)


def _manifest(
    origin: str, listed: Mapping[str, Mapping[str, int | str]], *, head: ledger.Checkpoint, at: datetime
) -> bytes:
    content = {
        "files": dict(listed), "format": FORMAT, "head": {"root": head.root.hex(), "size": head.size}, "log": origin,
        "made_at": at.isoformat(timespec="seconds"),
    }  # fmt: skip
    return ledger.canonical(content) + b"\n"


def _signature(digest: str) -> str:
    """The log's signature of the manifest: a signed note of its own format, which no checkpoint can be."""
    signer = tenancy.keyring().ledger_signer(tenancy.current())
    return ledger.sign_text(text=manifest_text(origin=signer.origin, digest=digest), signer=signer)


def _add(made: zipfile.ZipFile, path: str, content: bytes, *, at: datetime) -> None:
    info = zipfile.ZipInfo(path, date_time=at.timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    made.writestr(info, content)


def _progress(pack_id: UUID, *, done: int, total: int) -> None:
    """Show how far it is."""
    _apart("UPDATE audits_auditpack SET state = 'making', done = %s, total = %s WHERE id = %s", done, total, pack_id)


def _apart(statement: LiteralString, *values: object) -> None:
    """Write outside of the job's own transaction, so that it is seen at once and stays; work never fails for it."""
    with (
        contextlib.suppress(psycopg.Error, tenancy.DatabaseUnavailable),
        contextlib.closing(tenancy.connect(tenancy.current(), autocommit=True)) as connected,
    ):
        connected.execute(statement, values)


def _swept(scratch: Path) -> None:
    """Make `scratch`, and remove what a killed worker left in it: no pack takes a day."""
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in scratch.glob("pack-*"):
        if time.time() - left.stat().st_mtime > 86_400:
            shutil.rmtree(left, ignore_errors=True)


def _row(pack_id: UUID) -> AuditPack:
    row = AuditPack.objects.filter(id=pack_id).first()
    if row is None:
        raise NoSuchAudit("there is no such pack")
    return row


def _view(row: AuditPack) -> PackView:
    return PackView(
        id=row.id, audit_id=row.audit_id, scope=cast(PackScope, row.scope), state=cast(PackState, row.state),
        asked_at=row.asked_at, done=row.done, total=row.total, made_at=row.made_at, size=row.size, sha256=row.sha256,
        sealed_size=row.sealed_size, sealed_sha256=row.sealed_sha256, manifest_sha256=row.manifest_sha256,
        head_size=row.head_size, entries=row.entries, error=row.error, evidence_id=row.evidence_id,
    )  # fmt: skip
