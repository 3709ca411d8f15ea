"""One recording sealed anew: every file of it gets a header for the present keys, and what follows it stays.

New objects first, under keys of their own: what readers, backups and the nightly move know of an object goes on to
hold. Then, in one transaction, rows, evidence, and the job that removes what no row names any more. Killed anywhere,
either the old files are what the rows name or the new ones; both are whole. The old objects go an hour later, and not
before the backup ends that is being taken: who reads one meanwhile reads on.
"""

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from parley.backups import api as backups
from parley.foundation.ids import new_id
from parley.governance.access import api as access
from parley.governance.contract import api as contract
from parley.inventory.api import Held
from parley.obligations import api as obligations
from parley.recordings.errors import HeaderRefused, NoSuchRecording, ResealingRefused, SubstitutedObject
from parley.recordings.evidence import (
    AnewFile,
    record_resealed,
    require_hash,
    require_original,
    require_renditions,
    resealed_entry,
    stored_parts,
    stored_renditions,
)
from parley.recordings.holding import KIND, NAME, in_folder
from parley.recordings.models import LiveCall, Part, Recording, Rendition
from parley.recordings.objects import store_in_use
from parley.recordings.resealing.left import left
from parley.recordings.resealing.models import Resealed
from parley.recordings.search import visible
from parley.recordings.types import PartKind
from parley.recordings.views import Viewer
from parley.recordings.write_once import keep_until
from parley.retention import api as retention
from parley.sealing.api import (
    NewHeader,
    NoIdentityMatchesError,
    SealingError,
    replacement,
    require_rewritten,
    rewritten_header,
    stored_header,
)
from parley.storage.api import ObjectLockedError, ObjectNotFoundError, ObjectStore, put_kept, require_free
from parley.tenancy import api as tenancy

SWEEP: Final = "recordings.reseal-sweep"
_SWEPT_AFTER: Final = timedelta(hours=1)
_PIECE: Final = 1 << 20

NewHeaderOf = Callable[[str, bytes, Sequence[str]], bytes]
"""The new header of the file with that name, whose present header this is, for these recipients."""


def with_headers(
    viewer: Viewer,
    recording_id: UUID,
    given: Mapping[str, NewHeader],
    *,
    recipients: Sequence[str],
    at: datetime,
    store: ObjectStore,
) -> UUID:
    """Put headers in place that the holder of a former key wrote, by name of the file; the id of the evidence.

    `recipients` are those that they were written for. Done already, it is only told. Raises NoSuchRecording,
    ResealingRefused, HeaderRefused, StorageError.
    """
    require_customer_held()

    def header(name: str, old: bytes, present: Sequence[str]) -> bytes:
        if name not in given:
            raise HeaderRefused(f"there is no new header for {name}", remedy="Send one for each file with a header.")
        return checked_header(given[name], old=old, recipients=present, of=name)

    return _anew(visible(viewer), recording_id, header, by=viewer.user_id, at=at, store=store, meant_for=recipients)


def with_keys(recording_id: UUID, *, by: UUID, at: datetime, store: ObjectStore) -> UUID:
    """The same where the provider keeps the keys, with the renditions. Raises as `with_headers`, KeysUnavailable."""
    identities = tenancy.keyring().identities(tenancy.current())

    def header(_name: str, old: bytes, present: Sequence[str]) -> bytes:
        return rewritten_header(old, identities=identities, recipients=present).header

    return _anew(Recording.objects.all(), recording_id, header, by=by, at=at, store=store)


def require_customer_held() -> None:
    """Raises ResealingRefused where the provider keeps the keys: there a run does it, and takes no headers."""
    if tenancy.current().custody != "customer-held":
        raise ResealingRefused("custody", "the provider keeps these keys", remedy="Begin it on the page of keys.")


def present_recipients(meant_for: Sequence[str] | None = None) -> tuple[str, ...]:
    """The recipients as the register has them now: a request or a job may have begun before a rotation.

    Raises ResealingRefused when headers were `meant_for` others.
    """
    known = tenancy.known(tenancy.current().id) or tenancy.current()
    if meant_for is not None and set(meant_for) != set(known.recipients):
        raise ResealingRefused(
            "rotated", "these headers are not for the present keys", remedy="Load the page again, and go on."
        )
    return known.recipients


def checked_header(new: NewHeader, *, old: bytes, recipients: Sequence[str], of: str) -> bytes:
    """The new header as it is put in place of `old`. Raises HeaderRefused."""
    try:
        require_rewritten(old, new.header, proof=new.proof, recipients=len(recipients))
    except SealingError as error:
        raise HeaderRefused(f"the new header of {of} is refused: {error}", remedy="Nothing was changed.") from error
    return new.header


def sweep(work: obligations.Work) -> None:
    """Handler of the job that removes what no row names any more from the folder of a recording."""
    recording_id = UUID(str(work.payload["recording"]))
    if any(one.state == "taking" for one in backups.backups(tenancy.current())):
        _open_sweep(recording_id, due=work.now + _SWEPT_AFTER)
        return
    if Recording.objects.select_for_update().filter(id=recording_id).first() is None:
        return  # erased since, with its folder
    named = set(Part.objects.filter(recording=recording_id).values_list("object_key", flat=True))
    named |= set(Rendition.objects.filter(recording=recording_id).values_list("object_key", flat=True))
    store_in_use().delete_many([key for key in in_folder(recording_id) if key not in named])


def _anew(
    rows: QuerySet[Recording],
    recording_id: UUID,
    header: NewHeaderOf,
    *,
    by: UUID,
    at: datetime,
    store: ObjectStore,
    meant_for: Sequence[str] | None = None,
) -> UUID:
    """Without `meant_for` (the holder's own headers, for these recipients) the renditions are sealed anew as well."""
    with transaction.atomic():
        row = rows.select_for_update(of=("self",)).filter(id=recording_id).first()
        if row is None:
            raise _absent(recording_id)
        before = Resealed.objects.filter(recording=row).first()
        under, done = _wanted(row, before)
        if done is not None:
            return done
        present = present_recipients(meant_for)  # after the rotation: never older than what the evidence says
        _require_changeable(row)
        until = keep_until(row.id, started_at=row.started_at, store=store, at=at)
        files = _Files(row.id, header, present, store=store, until=until, at=at)
        try:
            parts = [files.anew(part) for part in _checked_parts(row.id, store)]
            made = [files.anew(one) for one in _checked_renditions(row.id, store)] if meant_for is None else []
        except (ObjectNotFoundError, SubstitutedObject, SealingError) as error:
            raise _damaged(error) from error
        times = before.times + 1 if before else 1
        standing = {"times": times, "under": under, "at": at} | ({"renditions": times} if made else {})
        Resealed.objects.update_or_create(recording=row, defaults=standing)
        _open_sweep(row.id, due=at + _SWEPT_AFTER)
        return record_resealed(
            recording_id=row.id, times=times, under=under, by=by, at=at, parts=parts, renditions=made,
            clause=contract.binding().agreement.terms.encryption.clause,
        )  # fmt: skip


def _wanted(row: Recording, before: Resealed | None) -> tuple[UUID, UUID | None]:
    """The rotation that it is to be sealed anew under, and the evidence where that was done already. Raises
    ResealingRefused where there is nothing to do."""
    rotation = access.last_rotation()
    if rotation is not None and before is not None and before.under == rotation.id:
        return rotation.id, resealed_entry(row.id, before.times)
    if rotation is None or not left(Recording.objects.filter(id=row.id)).exists():
        raise ResealingRefused("present", "it is sealed to the present keys", remedy="There is nothing to do.")
    return rotation.id, None


def _absent(recording_id: UUID) -> NoSuchRecording | ResealingRefused:
    if LiveCall.objects.filter(recording_id=recording_id).exists():
        return ResealingRefused("running", "it is still being recorded", remedy="Do it again when the call is over.")
    return NoSuchRecording("there is no such recording")


def _require_changeable(row: Recording) -> None:
    """What rests under a hold or a restriction stays as it is, byte by byte. Raises ResealingRefused."""
    if retention.held(NAME, [Held(store=NAME, kind=KIND, id=row.id, at=row.started_at)]):
        raise ResealingRefused("hold", "it rests under a legal hold", remedy="Do it again when the hold has ended.")
    if retention.restricted(NAME, [row.id]):
        raise ResealingRefused(
            "restriction", "a person asked that it be stored and not used", remedy="Do it again when that has ended."
        )


def _checked_parts(recording_id: UUID, store: ObjectStore) -> Sequence[Part]:
    rows, anew = stored_parts(recording_id)
    require_original(recording_id, rows, anew)
    _require_free(store, rows)
    return rows


def _checked_renditions(recording_id: UUID, store: ObjectStore) -> Sequence[Rendition]:
    rows, anew = stored_renditions(recording_id)
    if rows:
        require_renditions(recording_id, rows, anew)
        _require_free(store, rows)
    return rows


def _require_free(store: ObjectStore, rows: Sequence[Part | Rendition]) -> None:
    """The old object of what write-once keeps could not be removed: the former key would open it for years."""
    try:
        require_free(store, [row.object_key for row in rows])
    except ObjectLockedError as error:
        raise ResealingRefused(
            "locked", f"the store keeps it by {error.by}", remedy="Do it again after that."
        ) from error


def _damaged(error: Exception) -> ResealingRefused:
    if isinstance(error, NoIdentityMatchesError):
        return ResealingRefused("key", "none of the keys opens it", remedy="Bring a key that it was sealed to.")
    return ResealingRefused(
        "damaged", "a file of it is damaged or missing", remedy="Look at the page Storage: it may be put back."
    )


@dataclass(frozen=True)
class _Files:
    """Writes the files of one recording anew."""

    recording_id: UUID
    header: NewHeaderOf
    recipients: Sequence[str]
    store: ObjectStore
    until: datetime | None
    at: datetime

    def anew(self, row: Part | Rendition) -> AnewFile:
        """The file in a new object, and the row that names it; one in which nothing was ever sealed stays.

        Originals are locked as long as a law keeps them. Raises SubstitutedObject, SealingError, StorageError.
        """
        part = isinstance(row, Part)
        name = row.name if isinstance(row, Part) else row.kind
        kind: PartKind = "tail" if isinstance(row, Part) and row.kind == "tail" else "age"
        scratch = Path(settings.PARLEY_DATA_DIR) / "scratch"
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        size, before, payload = row.size, hashlib.sha256(), hashlib.sha256()
        with self.store.open(row.object_key) as source, tempfile.TemporaryFile(dir=scratch) as file:
            old = stored_header(source, kind)
            if old is None:
                return AnewFile(
                    name=name, size=size, sha256=row.sha256, size_before=size, before=row.sha256, payload=""
                )
            change = replacement(source, kind, self.header(name, old, self.recipients))
            source.seek(0)
            before.update(source.read(change.replaces))
            file.write(change.head)
            while piece := source.read(_PIECE):
                before.update(piece)
                payload.update(piece)
                file.write(piece)
            require_hash(before.hexdigest(), row.sha256)
            file.flush()
            # The file has no name, so that nobody who is killed leaves it; this is how the process names it itself.
            key = f"{tenancy.current().id}/recordings/{self.recording_id}/{new_id(at=self.at)}.{name}"
            path = Path(f"/proc/self/fd/{file.fileno()}")
            stored = put_kept(self.store, key if part else f"{key}.age", path, until=self.until if part else None)
        changed: dict[str, Any] = {"object_key": stored.key, "sha256": stored.sha256}
        if part:
            changed["size"] = stored.size
        made = AnewFile(
            name=name, size=stored.size if part else size, sha256=stored.sha256, size_before=size, before=row.sha256,
            payload=payload.hexdigest(),
        )  # fmt: skip
        type(row).objects.filter(pk=row.pk).update(**changed)
        return made


def _open_sweep(recording_id: UUID, *, due: datetime) -> None:
    key = f"{SWEEP}:{recording_id}:{due:%Y-%m-%dT%H:%M:%S}"
    obligations.enqueue(kind=SWEEP, key=key, due=due, payload={"recording": str(recording_id)}, long=True)
