"""Party sheets as they are stored, for who opens them elsewhere: the customer's own browser."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from parley.recordings.search import visible
from parley.recordings.views import Viewer

MOST_SHEETS: Final = 200
"""Sheets of one answer."""


@dataclass(frozen=True, kw_only=True)
class SealedSheet:
    """The sheet of a recording, and the key of its epoch wrapped to the customer; `sealing.fields` has the layout."""

    recording_id: UUID
    sealed: bytes = field(repr=False)
    wrapped: bytes = field(repr=False)


def sealed_sheets(viewer: Viewer, recording_ids: Sequence[UUID]) -> tuple[SealedSheet, ...]:
    """The sheets of those recordings that the viewer may see, at most 200, in no order that means anything."""
    rows = visible(viewer).filter(id__in=recording_ids[:MOST_SHEETS]).values_list("id", "sealed", "epoch__wrapped")
    return tuple(
        SealedSheet(recording_id=one, sealed=bytes(sealed), wrapped=bytes(wrapped)) for one, sealed, wrapped in rows
    )
