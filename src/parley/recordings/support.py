"""What the provider's staff may see of recordings under a grant: how each went, never who spoke or what was said."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Sum

from parley.recordings.models import Recording


@dataclass(frozen=True, kw_only=True)
class SupportRow:
    """One recording without its parties: when, over which trunk, how it ended, whether its copy could be made."""

    recording_id: UUID
    started_at: datetime
    seconds: float
    direction: str
    trunk_name: str
    reason: str
    gaps: int
    rendition: str
    rendition_error: str
    parts: int
    size: int


def support_rows(*, limit: int = 50, before: UUID | None = None) -> list[SupportRow]:
    """The recordings of the customer in scope, newest first; sealed fields are not even read. `before` is the id of
    the last one of the page before."""
    rows = Recording.objects.order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    wanted = rows.defer("sealed", "streams", "received", "epoch").annotate(
        number_of_parts=Count("parts"), stored=Sum("parts__size")
    )
    return [
        SupportRow(
            recording_id=row.id,
            started_at=row.started_at,
            seconds=(row.ended_at - row.started_at).total_seconds(),
            direction=row.direction,
            trunk_name=row.trunk_name,
            reason=row.reason,
            gaps=len(row.gaps),
            rendition=row.rendition,
            rendition_error=row.rendition_error,
            parts=row.number_of_parts,
            size=row.stored or 0,
        )
        for row in wanted[:limit]
    ]
