"""Finding conversations: by number, time, direction and trunk, only those that the viewer may see.

Pages are read by keyset: each begins after the last line of the one before, so that page 1,000 costs what page 1 costs
and nothing is skipped when calls come in meanwhile.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from parley.foundation.numbers import canonical_number, parse_e164
from parley.recordings.errors import BadCursor
from parley.recordings.models import Conversation, NumberIndex, Recording
from parley.recordings.types import NUMBER_INDEX, Direction
from parley.recordings.unsealing import PartyReader
from parley.recordings.views import Page, RecordingRow, RenditionState, Viewer
from parley.sealing.api import blind_index
from parley.tenancy import api as tenancy

MOST_PER_PAGE = 200


def search(
    viewer: Viewer,
    *,
    number: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    direction: Direction | None = None,
    trunk: UUID | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Conversations of the customer in scope, newest first, one line each.

    `number` must be whole: it is compared as a blind index. `since` is inclusive, `until` exclusive; both are compared
    with the start of a segment. `limit` is 1 to 200. Raises BadCursor.
    """
    limit = max(1, min(limit, MOST_PER_PAGE))
    wanted = visible(viewer)
    if number is not None:
        wanted = wanted.filter(_took_part(number_indexes(number)))
    if since is not None:
        wanted = wanted.filter(started_at__gte=since)
    if until is not None:
        wanted = wanted.filter(started_at__lt=until)
    if direction is not None:
        wanted = wanted.filter(direction=direction)
    if trunk is not None:
        wanted = wanted.filter(trunk_id=trunk)
    found = Conversation.objects.filter(Exists(wanted.filter(conversation=OuterRef("pk"))))
    if until is not None:
        found = found.filter(started_at__lt=until)
    if cursor is not None:
        started_at, identity = _read_cursor(cursor)
        found = found.filter(Q(started_at__lt=started_at) | Q(started_at=started_at, id__lt=identity))
    conversations = list(found.order_by("-started_at", "-id")[: limit + 1])
    more = len(conversations) > limit
    conversations = conversations[:limit]
    return Page(rows=_rows(viewer, conversations), cursor=_cursor(conversations[-1]) if more else None)


def visible(viewer: Viewer) -> QuerySet[Recording]:
    """The recordings that `viewer` may see: all, or those in which one of the viewer's numbers took part."""
    if viewer.number_indexes is None:
        return Recording.objects.all()
    return Recording.objects.filter(_took_part(sorted(viewer.number_indexes)))


def number_indexes(number: str) -> list[bytes]:
    """The blind indexes under which a number can have been recorded for the customer in scope.

    The same digits mean different numbers to trunks in different countries; each reading is tried. A number that was
    written with its country means the same to all.
    """
    customer = tenancy.current()
    key = tenancy.keyring().index_key(customer, NUMBER_INDEX)
    public = parse_e164(number)
    if public:
        return [blind_index(key, field=NUMBER_INDEX, value=public)]
    regions: set[str | None] = {None, *(trunk.region for trunk in tenancy.trunks(customer))}
    readings = {canonical_number(number, region) for region in regions}
    return [blind_index(key, field=NUMBER_INDEX, value=reading) for reading in sorted(readings)]


def _took_part(indexes: Sequence[bytes]) -> Exists:
    return Exists(NumberIndex.objects.filter(recording=OuterRef("pk"), value__in=indexes))


def _rows(viewer: Viewer, conversations: Sequence[Conversation]) -> tuple[RecordingRow, ...]:
    segments: dict[UUID, list[Recording]] = {}
    chosen = visible(viewer).filter(conversation__in=conversations).select_related("epoch")
    for recording in chosen.order_by("started_at", "id"):
        segments.setdefault(recording.conversation_id, []).append(recording)
    parties = PartyReader.for_current_customer()
    return tuple(
        _row(segments[conversation.id], parties) for conversation in conversations if conversation.id in segments
    )


def _row(segments: Sequence[Recording], parties: PartyReader) -> RecordingRow:
    first = segments[0]
    sheet = parties.read(recording_id=first.id, sealed=first.sealed, wrapped=first.epoch.wrapped)
    return RecordingRow(
        recording_id=first.id,
        conversation_id=first.conversation_id,
        started_at=first.started_at,
        ended_at=max(segment.ended_at for segment in segments),
        seconds=sum((segment.ended_at - segment.started_at).total_seconds() for segment in segments),
        direction=cast(Direction, first.direction),
        trunk_id=first.trunk_id,
        trunk_name=first.trunk_name,
        sealed=not parties.can_open,
        parties=sheet.parties,
        segments=len(segments),
        reason=segments[-1].reason,
        rendition=cast(RenditionState, first.rendition),
    )


def _cursor(conversation: Conversation) -> str:
    text = f"{conversation.started_at.isoformat()}_{conversation.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        started_at, _, identity = text.partition("_")
        return datetime.fromisoformat(started_at).astimezone(UTC), UUID(identity)
    except (ValueError, OverflowError, binascii.Error) as error:
        raise BadCursor("this is no place in the list", remedy="Start at its first page.") from error
