"""A closed spool directory becomes objects, rows and evidence; safe to repeat from any point.

Objects first (their keys follow from the recording, putting them again changes nothing), then all rows, the evidence
and the job to render in one transaction, then the directory goes. Whoever finds the rows there has nothing left to do
but to remove the directory; so has who finds the evidence without the rows: the recording was erased since, and must
not come back.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from parley.foundation.ids import new_id
from parley.ledger import api as ledger
from parley.monitoring import api as monitoring
from parley.obligations import api as obligations
from parley.recordings import notices, on_hold, strictjson
from parley.recordings.consents import forget_told, is_kept, take_told
from parley.recordings.errors import SpoolDamaged
from parley.recordings.evidence import record_left_out, record_sealed, require_hash, sealed_entry
from parley.recordings.live import forget_call
from parley.recordings.live_remarks import hand_over, let_go, lock_recording
from parley.recordings.models import Conversation, NumberIndex, Part, Recording, SealingEpoch, Tag, WordIndex
from parley.recordings.news import tell_finished
from parley.recordings.quality import quality
from parley.recordings.spool import discard, read_closed, read_manifest, verify_part
from parley.recordings.types import PAUSED, ClosedFile, Gap, Manifest
from parley.recordings.write_once import keep_until
from parley.storage.api import ObjectStore, put_kept
from parley.tenancy import api as tenancy

RENDER = "recordings.render"
"""The kind of the job that makes renditions; its payload is {"recording": id}."""


def finalize(directory: Path, *, store: ObjectStore, now: datetime) -> UUID:
    """Finalises one closed recording for its customer; returns its id. Idempotent, safe beside another doing the same.

    Raises MalformedFile and SpoolDamaged (permanent: the directory stays), StorageError and DatabaseError (try again).
    """
    manifest, closed = read_manifest(directory), read_closed(directory)
    if not directory.name == str(manifest.recording_id) == str(closed.recording_id):
        raise SpoolDamaged("the files of a recording belong to different recordings", remedy="Keep the directory.")
    with tenancy.scope(manifest.customer_id):
        known = manifest.steering.kept and _known(manifest.recording_id)
        kept = known or is_kept(manifest.recording_id, manifest.steering)
        if not kept:
            leave_out(manifest=manifest, closed=closed, now=now)
        elif not known:
            keys = store_parts(directory, manifest=manifest, closed=closed, store=store, now=now)
            commit_rows(manifest=manifest, closed=closed, keys=keys, now=now)
            monitoring.count_finished(
                end=closed.reason,
                received=sum(stream.packets for stream in closed.streams),
                lost=sum(stream.lost for stream in closed.streams),
            )
        if kept and not Recording.objects.filter(id=manifest.recording_id).exists():
            # It was erased since; a slower attempt may have stored its parts again.
            let_go(manifest.recording_id)
            forget_told(manifest.recording_id)
            store.delete_many(part_key(manifest.customer_id, manifest.recording_id, part.name) for part in closed.parts)
    discard(directory)
    return manifest.recording_id


def leave_out(*, manifest: Manifest, closed: ClosedFile, now: datetime) -> None:
    """Nothing of a call stays that policy left out and nobody wanted, or that lacks consent: evidence that it was so,
    and no row."""
    with transaction.atomic():
        lock_recording(manifest.recording_id)
        why = "consent-not-given" if manifest.steering.kept else ""
        record_left_out(manifest=manifest, closed=closed, at=now, why=why)
        let_go(manifest.recording_id)
        forget_told(manifest.recording_id)
        forget_call(manifest.recording_id)


def store_parts(
    directory: Path, *, manifest: Manifest, closed: ClosedFile, store: ObjectStore, now: datetime
) -> list[str]:
    """The keys of all parts, each verified and durably stored; locked while a law keeps it, where the store locks."""
    keys, until = [], keep_until(manifest.recording_id, started_at=manifest.started_at, store=store, at=now)
    for part in closed.parts:
        key = part_key(manifest.customer_id, manifest.recording_id, part.name)
        stored = put_kept(store, key, verify_part(directory, part), until=until)
        require_hash(stored.sha256, part.sha256)
        keys.append(key)
    return keys


def part_key(customer_id: UUID, recording_id: UUID, name: str) -> str:
    """Where a part is stored."""
    return f"{customer_id}/recordings/{recording_id}/{name}"


def commit_rows(*, manifest: Manifest, closed: ClosedFile, keys: Sequence[str], now: datetime) -> None:
    """All rows, the evidence and the job to render, in one transaction; nothing when they are there already."""
    customer = tenancy.current()
    with transaction.atomic():
        if not _claim(manifest.recording_id):
            return
        held = not customer.recipients or customer.custody == "customer-held"
        recording = _recording_row(manifest, closed, rendition="customer-held" if held else "pending")
        recording.conversation = _conversation(manifest)
        recording.listed_at = recording.conversation.started_at
        recording.epoch, _ = SealingEpoch.objects.get_or_create(
            id=manifest.epoch.id, defaults={"wrapped": manifest.epoch.wrapped}
        )
        recording.evidence_id = record_sealed(manifest=manifest, closed=closed, at=now)
        take_told(recording, manifest.steering)
        recording.save(force_insert=True)
        Part.objects.bulk_create(
            Part(
                recording=recording,
                number=number,
                name=part.name,
                kind=part.kind,
                object_key=key,
                size=part.size,
                sha256=part.sha256,
            )
            for number, (part, key) in enumerate(zip(closed.parts, keys, strict=True))
        )
        listed = {"listed_at": recording.listed_at, "listed_id": recording.conversation_id}
        NumberIndex.objects.bulk_create(
            NumberIndex(recording=recording, value=value, **listed) for value in sorted(set(manifest.number_indexes))
        )
        WordIndex.objects.bulk_create(
            WordIndex(recording=recording, value=value, **listed) for value in sorted(set(manifest.name_indexes))
        )
        if not held:
            obligations.enqueue(
                kind=RENDER, key=f"{RENDER}:{recording.id}", due=now, payload={"recording": str(recording.id)}
            )
        else:
            notices.expect(recording.id, at=now)
        hand_over(recording)
        tell_finished(manifest, closed)
        forget_call(recording.id)


def _claim(recording_id: UUID) -> bool:
    """Whether this transaction is the one to write the rows: others wait for its end, and then find them."""
    lock_recording(recording_id)
    return not _known(recording_id)


def _known(recording_id: UUID) -> bool:
    """Whether the recording was finalised before, even if it is gone since: the log never forgets that it was."""
    if Recording.objects.filter(id=recording_id).exists():
        return True
    with connection.cursor() as cursor:
        try:
            ledger.entry(cursor, entry_id=sealed_entry(recording_id))
        except ledger.NoSuchEntry:
            return False
    return True


def _conversation(manifest: Manifest) -> Conversation:
    """The conversation that this session is a segment of, locked; it begins with its first segment."""
    while True:
        Conversation.objects.get_or_create(
            index=manifest.conversation_index,
            defaults={"id": new_id(at=manifest.started_at), "started_at": manifest.started_at},
        )
        found = Conversation.objects.select_for_update(no_key=True).filter(index=manifest.conversation_index).first()
        if found is not None:  # else it was emptied and deleted in between
            break
    if found.started_at > manifest.started_at:
        found.started_at = manifest.started_at
        found.save(update_fields=["started_at"])
        relist(found)
    return found


def relist(conversation: Conversation) -> None:
    """All rows that search reads of a conversation say again when it began. Recordings first: who adds a tag holds
    their lock."""
    for rows in (
        Recording.objects.filter(conversation=conversation),
        NumberIndex.objects.filter(recording__conversation=conversation),
        Tag.objects.filter(recording__conversation=conversation),
        WordIndex.objects.filter(recording__conversation=conversation),
    ):
        rows.update(listed_at=conversation.started_at)


def _pauses(manifest: Manifest, closed: ClosedFile) -> list[Gap]:
    """Times of which somebody wanted nothing written, as gaps; one without an end lasted until the call's."""
    return [
        Gap(
            starts_ns=int(pause.starts_at.timestamp() * 1_000_000) * 1_000,
            ends_ns=int((pause.ends_at or max(closed.ended_at, pause.starts_at)).timestamp() * 1_000_000) * 1_000,
            reason=PAUSED,
        )
        for pause in manifest.steering.pauses
    ]


def _recording_row(manifest: Manifest, closed: ClosedFile, *, rendition: str) -> Recording:
    return Recording(
        id=manifest.recording_id,
        started_at=manifest.started_at,
        # A clock that was set back must not keep a recording out of the database.
        ended_at=max(closed.ended_at, manifest.started_at),
        direction=manifest.direction,
        trunk_id=manifest.trunk_id,
        trunk_name=manifest.trunk_name,
        sealed=manifest.sealed,
        streams=[strictjson.encode(stream) for stream in manifest.streams],
        received=[strictjson.encode(stream) for stream in closed.streams],
        gaps=[strictjson.encode(gap) for gap in (*closed.gaps, *_pauses(manifest, closed))],
        agreement=manifest.agreement,
        agreement_version=manifest.agreement_version,
        clause=manifest.decision.clause,
        purpose=manifest.decision.purpose,
        decision=manifest.decision.reason,
        reason=closed.reason,
        steering=strictjson.encode(manifest.steering),
        on_hold=[strictjson.encode(hold) for hold in on_hold.ended(manifest.on_hold, at=closed.ended_at)],
        rendition=rendition,
        quality=quality(closed.streams, closed.gaps),
    )
