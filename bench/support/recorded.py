"""Recordings for benchmarks: one call is made and rendered, then linked as many times as recordings are wanted."""

import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[2]))

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Maker:
    """Recordings with rows, objects and evidence, made from one call that was rendered."""

    def __init__(self, customer: Any, *, seconds: int) -> None:
        from tests.support.spooled import Spooler, call

        from parley.obligations.api import run_due
        from parley.recordings.api import RENDER, finalize, installed_store, render_recording

        self.customer, self.store = customer, installed_store()
        self.folder = Path(tempfile.mkdtemp(prefix="calls-", dir=os.environ["PARLEY_DATA_DIR"]))
        self.spooler = Spooler(self.folder / "spool", customer)
        directory = self.spooler.close(at=AT, parts=[call(float(seconds))])
        model = finalize(directory, store=self.store, now=datetime.now(UTC))
        done = run_due(
            customer,
            handlers={RENDER: lambda work: render_recording(work, store=self.store, scratch=self.folder)},
            now=datetime.now(UTC),
        )
        assert done.done == 1
        from parley.recordings.models import Recording

        self.model = Recording.objects.get(id=model)
        self.files = {}
        for row in [*self.model.parts.all(), *self.model.renditions.all()]:
            path = self.folder / row.object_key.rpartition("/")[2]
            with path.open("wb") as file:
                file.write(self.store.open(row.object_key).read())
            self.files[row.object_key] = path

    def make(self, count: int, *, seconds: int) -> list[UUID]:
        """So many more of them."""
        from django.db import transaction

        made = []
        for first in range(0, count, 200):
            with transaction.atomic():
                made += [
                    self._one(AT + timedelta(minutes=first + number), seconds)
                    for number in range(min(200, count - first))
                ]
        return made

    def _one(self, at: datetime, seconds: int) -> UUID:
        from parley.recordings.evidence import record_rendered, record_sealed
        from parley.recordings.models import Conversation, NumberIndex, Part, Recording, Rendition, SealingEpoch
        from parley.recordings.types import ClosedFile, ClosedPart

        manifest = self.spooler.manifest(at=at)
        SealingEpoch.objects.get_or_create(id=manifest.epoch.id, defaults={"wrapped": manifest.epoch.wrapped})
        parts, renditions = list(self.model.parts.all()), list(self.model.renditions.order_by("kind"))
        closed = ClosedFile(
            recording_id=manifest.recording_id, reason="bye", ended_at=at + timedelta(seconds=seconds),
            parts=tuple(ClosedPart(name=one.name, kind="age", size=one.size, sha256=one.sha256) for one in parts),
        )  # fmt: skip
        evidence = record_sealed(manifest=manifest, closed=closed, at=at)
        conversation = Conversation.objects.create(
            id=manifest.recording_id, index=manifest.conversation_index, started_at=at
        )
        row = Recording(
            **{one.attname: getattr(self.model, one.attname) for one in Recording._meta.fields if not one.generated}
        )
        row.id, row.conversation, row.started_at, row.ended_at = (
            manifest.recording_id, conversation, at, closed.ended_at,
        )  # fmt: skip
        row.listed_at = at
        row.epoch_id, row.sealed, row.evidence_id = manifest.epoch.id, manifest.sealed, evidence
        row.save(force_insert=True)
        listed = [(one.kind, one.size, one.sha256) for one in renditions]
        entry = record_rendered(recording_id=row.id, clause="c", files=listed, at=at)
        for old in parts:
            Part.objects.create(
                recording=row, number=old.number, name=old.name, kind=old.kind, size=old.size, sha256=old.sha256,
                object_key=self._link(old.object_key, row.id),
            )  # fmt: skip
        for made in renditions:
            Rendition.objects.create(
                recording=row, kind=made.kind, media_type=made.media_type, size=made.size, sha256=made.sha256,
                evidence_id=entry, object_key=self._link(made.object_key, row.id),
            )  # fmt: skip
        NumberIndex.objects.bulk_create(
            NumberIndex(recording=row, value=one, listed_at=at, listed_id=conversation.id)
            for one in manifest.number_indexes
        )
        return row.id

    def _link(self, key: str, recording: UUID) -> str:
        """The same sealed bytes under a key of this recording, without the syncs that a real upload costs."""
        from django.conf import settings

        new = f"{self.customer.id}/recordings/{recording}/{key.rpartition('/')[2]}"
        path = Path(settings.PARLEY_STORE_URL.removeprefix("file://")) / new
        path.parent.mkdir(parents=True, exist_ok=True)
        path.hardlink_to(self.files[key])
        return new
