"""What pages and commands show of scrubs."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from django.db.models import Q

from parley.recordings.scrubbing.models import Finding, Move, Scrub
from parley.recordings.scrubbing.types import FindingView, Line, MoveView, ScrubView, State, What


def running() -> ScrubView | None:
    """The scrub of the customer in scope that is going on."""
    row = Scrub.objects.filter(finished_at=None).first()
    return view(row) if row else None


def finished(*, limit: int = 10) -> tuple[ScrubView, ...]:
    """Those that are finished, the newest first."""
    rows = Scrub.objects.filter(finished_at__isnull=False).order_by("-began_at")[:limit]
    return tuple(view(row) for row in rows)


def moves(*, limit: int = 10) -> tuple[MoveView, ...]:
    """Passes that moved something, or run, the newest first."""
    rows = Move.objects.filter(Q(objects_moved__gt=0) | Q(finished_at=None)).order_by("-began_at")[:limit]
    return tuple(
        MoveView(
            id=row.id, began_at=row.began_at, finished_at=row.finished_at, before=row.before,
            recordings=row.recordings, objects=row.objects_moved, size=row.bytes_moved, kept=row.kept,
        )
        for row in rows
    )  # fmt: skip


def findings(*, after: UUID | None = None, limit: int = 50, open_only: bool = False) -> Sequence[FindingView]:
    """What was found damaged, the newest first; those before `after`."""
    rows = Finding.objects.all()
    if open_only:
        rows = rows.filter(state="open")
    if after is not None:
        rows = rows.filter(id__lt=after)
    return [_finding(row) for row in rows.order_by("-id")[:limit]]


def open_findings() -> int:
    """How many objects are damaged and neither repaired nor accepted."""
    return Finding.objects.filter(state="open").count()


def view(row: Scrub) -> ScrubView:
    """A row as others see it."""
    return ScrubView(
        id=row.id,
        began_at=row.began_at,
        finished_at=row.finished_at,
        counted=row.counted,
        recordings=row.recordings,
        objects=row.objects_read,
        size=row.bytes_read,
        damaged=row.damaged,
        aborted_uploads=row.aborted_uploads,
        report=tuple(Line(**line) for line in row.report),
    )


def _finding(row: Finding) -> FindingView:
    return FindingView(
        id=row.id,
        recording_id=row.recording_id,
        name=row.name,
        object_key=row.object_key,
        what=cast(What, row.what),
        expected=row.expected,
        found=row.found,
        found_at=row.found_at,
        incident_id=row.incident,
        evidence_id=row.evidence_id,
        state=cast(State, row.state),
        problem=row.problem,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
    )
