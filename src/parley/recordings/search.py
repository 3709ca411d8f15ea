"""Finding conversations by what `Wanted` says, only those that the viewer may see.

Pages are read by keyset: each begins after the last line of the one before, so that page 5,000 costs what page 1 costs
and nothing is skipped when calls come in meanwhile. What is personal is compared as a blind index, always whole.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from parley.foundation.numbers import canonical_number, parse_e164
from parley.foundation.words import words_of
from parley.people import api as people
from parley.recordings.errors import BadCursor
from parley.recordings.keys import keys
from parley.recordings.models import NumberIndex, Recording
from parley.recordings.quality import QUALITIES, Quality
from parley.recordings.statements import Limits, Place, Term, is_plain, plain_statement, statement
from parley.recordings.types import NUMBER_INDEX, Consent, Direction, NoticeState
from parley.recordings.unsealing import PartyReader
from parley.recordings.views import Page, RecordingRow, RenditionState, Viewer
from parley.tenancy import api as tenancy

MOST_PER_PAGE: Final = 200
_MOST_WORDS: Final = 8
_NOBODY: Final = UUID(int=0)
_CONSENTS: Final = ("", "given", "asked", "not-asked", "withdrawn", "refused")
_NOTICES: Final = ("", "announcement", "tone", "not-known", "none")
"""Each from what needs no look to what needs one."""
_SEGMENTS: Final = """
SELECT r.conversation_id, r.id, r.started_at, r.ended_at, r.seconds, r.direction, r.trunk_id, r.trunk_name, r.reason,
    r.rendition, r.quality, r.consent, r.notice, r.sealed, e.wrapped
FROM recordings_recording r JOIN recordings_sealingepoch e ON e.id = r.epoch_id
WHERE r.conversation_id = ANY(%s) {} ORDER BY r.started_at, r.id
"""
_PAGE: Final = """
SELECT r.conversation_id, r.id, r.started_at, r.ended_at, r.seconds, r.direction, r.trunk_id, r.trunk_name, r.reason,
    r.rendition, r.quality, r.consent, r.notice, r.sealed, e.wrapped, c.listed_at
FROM ({}) c JOIN recordings_recording r ON r.conversation_id = c.listed_id
JOIN recordings_sealingepoch e ON e.id = r.epoch_id
ORDER BY c.listed_at DESC, c.listed_id DESC, r.started_at, r.id
"""
_SEEN: Final = """
AND EXISTS (SELECT FROM recordings_numberindex n WHERE n.recording_id = r.id AND n.value = ANY(%s))
"""


class _Segment(NamedTuple):
    """A row of `_SEGMENTS`: no more is read of a recording than a line shows."""

    conversation_id: UUID
    id: UUID
    started_at: datetime
    ended_at: datetime
    seconds: float
    direction: Direction
    trunk_id: UUID
    trunk_name: str
    reason: str
    rendition: RenditionState
    quality: Quality
    consent: str
    notice: str
    sealed: memoryview
    wrapped: memoryview


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the list is narrowed to; all that is given must hold of one segment of a conversation.

    `number` is whole; `participant` and `note` are words, each as a whole, capitals and accents aside; `users` and
    `groups` are ids: calls of any of their numbers. `since` is inclusive, `until` exclusive, both of the start of the
    conversation. `shortest` and `longest` are seconds of a segment, both inclusive. `consent` and `notice`: one of
    these is the last word on it.
    """

    number: str | None = None
    participant: str | None = None
    users: tuple[UUID, ...] = ()
    groups: tuple[UUID, ...] = ()
    direction: Direction | None = None
    since: datetime | None = None
    until: datetime | None = None
    shortest: float | None = None
    longest: float | None = None
    trunk: UUID | None = None
    tag: str | None = None
    note: str | None = None
    quality: tuple[Quality, ...] = ()
    consent: tuple[Consent, ...] = ()
    notice: tuple[NoticeState, ...] = ()


def search(
    viewer: Viewer,
    wanted: Wanted | None = None,
    *,
    number: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    direction: Direction | None = None,
    trunk: UUID | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Conversations of the customer in scope, newest first, one line each; 1 to 200 to a page.

    Give `wanted`, or the commonest of its fields by themselves. Raises BadCursor.
    """
    if wanted is None:
        wanted = Wanted(number=number, since=since, until=until, direction=direction, trunk=trunk)
    limit = max(1, min(limit, MOST_PER_PAGE))
    after = None if cursor is None else _read_cursor(cursor)
    terms, limits = _terms(viewer, wanted), _limits(wanted, after)
    if viewer.number_indexes is None and is_plain(terms, limits):
        return _page(terms, limits, limit)
    places = _found(terms, limits, limit=limit + 1)
    more, places = len(places) > limit, places[:limit]
    return Page(rows=_rows(viewer, places), cursor=_cursor(places[-1]) if more else None)


def cursor_of_page(viewer: Viewer, wanted: Wanted, *, page: int, limit: int = 50) -> str | None:
    """Where page `page` (from 1) begins, for `search`; None for the first page.

    Counts its way through the index: a jump far down costs more than the page that is then read. Behind the last page
    is an empty one.
    """
    if page <= 1:
        return None
    found = _places(viewer, wanted, after=None, limit=1, offset=(page - 1) * limit - 1)
    return _cursor(found[0]) if found else _cursor((datetime(1, 1, 2, tzinfo=UTC), _NOBODY))


def cursor_before(instant: datetime) -> str:
    """The place in the list of the first conversation that began before `instant`."""
    return _cursor((instant, _NOBODY))


def conversations(viewer: Viewer, wanted: Wanted, *, after: Place | None = None, limit: int = 1000) -> Sequence[Place]:
    """Places in the list, newest first, those after `after`: for work on all that match."""
    return _places(viewer, wanted, after=after, limit=limit)


def count(viewer: Viewer, wanted: Wanted, *, most: int) -> int:
    """How many conversations match, up to `most`: counting reads every row that it counts."""
    return len(_places(viewer, wanted, after=None, limit=most))


def visible(viewer: Viewer) -> QuerySet[Recording]:
    """The recordings that `viewer` may see: all, or those in which one of the viewer's numbers took part."""
    if viewer.number_indexes is None:
        return Recording.objects.all()
    took_part = NumberIndex.objects.filter(recording=OuterRef("pk"), value__in=sorted(viewer.number_indexes))
    return Recording.objects.filter(Exists(took_part))


def number_indexes(number: str) -> list[bytes]:
    """The blind indexes under which a number can have been recorded for the customer in scope.

    The same digits mean different numbers to trunks in different countries; each reading is tried. A number that was
    written with its country means the same to all.
    """
    public = parse_e164(number)
    if public:
        return [keys().index(NUMBER_INDEX, public)]
    regions: set[str | None] = {None, *(trunk.region for trunk in tenancy.trunks(tenancy.current()))}
    readings = {canonical_number(number, region) for region in regions}
    return [keys().index(NUMBER_INDEX, reading) for reading in sorted(readings)]


def rows_of(viewer: Viewer, conversation_ids: Sequence[UUID]) -> dict[UUID, RecordingRow]:
    """The lines of these conversations, as far as the viewer may see them, by conversation."""
    seen, params = "", list[Any]([list(conversation_ids)])
    if viewer.number_indexes is not None:
        seen, params = _SEEN, [*params, sorted(viewer.number_indexes)]
    with connection.cursor() as cursor:
        cursor.execute(_SEGMENTS.format(seen), params)
        found = _by_conversation(cursor.fetchall())
    parties = PartyReader.for_current_customer()
    return {one: _row(segments, parties) for one, segments in found.items()}


def planned(
    viewer: Viewer, wanted: Wanted, *, cursor: str | None = None, limit: int = 50
) -> tuple[str, list[Any]] | None:
    """The query of one page, to be explained; None when nothing can match."""
    after = None if cursor is None else _read_cursor(cursor)
    return statement(_terms(viewer, wanted), _limits(wanted, after), limit=limit + 1)


def _places(viewer: Viewer, wanted: Wanted, *, after: Place | None, limit: int, offset: int = 0) -> list[Place]:
    return _found(_terms(viewer, wanted), _limits(wanted, after), limit=limit, offset=offset)


def _found(terms: Sequence[Term], limits: Limits, *, limit: int, offset: int = 0) -> list[Place]:
    asked = statement(terms, limits, limit=limit, offset=offset)
    if asked is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(*asked)
        found: list[Place] = cursor.fetchall()
    return found


def _page(terms: Sequence[Term], limits: Limits, limit: int) -> Page:
    """A page of what is walked in one index, places and lines in one prepared statement."""
    query, params = plain_statement(terms, limits, limit=limit + 1)
    (answer,) = tenancy.run_together((_PAGE.format(query), params))
    places = {row[0]: row[-1] for row in answer.rows}
    more, parties = len(places) > limit, PartyReader.for_current_customer()
    segments = _by_conversation([row[:-1] for row in answer.rows])
    shown = list(segments)[:limit]
    return Page(
        rows=tuple(_row(segments[one], parties) for one in shown),
        cursor=_cursor((places[shown[-1]], shown[-1])) if more else None,
    )


def _by_conversation(rows: Sequence[Sequence[Any]]) -> dict[UUID, list[_Segment]]:
    """Segments in their order, by conversation, in the order in which these come."""
    segments: dict[UUID, list[_Segment]] = {}
    for row in rows:
        segments.setdefault(row[0], []).append(_Segment._make(row))
    return segments


def _terms(viewer: Viewer, wanted: Wanted) -> list[Term]:
    """Everything that has an index in the order of the list, the viewer's own numbers included."""
    terms: list[Term] = []
    if wanted.consent:
        terms.append(Term("recordings_recording", wanted.consent, "consent"))
    if wanted.notice:
        terms.append(Term("recordings_recording", wanted.notice, "notice"))
    if wanted.number is not None:
        terms.append(Term("recordings_numberindex", tuple(number_indexes(wanted.number))))
    if wanted.tag is not None:
        terms.append(Term("recordings_tag", (keys().tag(wanted.tag),)))
    for text, indexes in ((wanted.participant, keys().name_words), (wanted.note, keys().note_words)):
        if text is not None:
            words = indexes(" ".join(words_of(text)[:_MOST_WORDS]))
            terms += [Term("recordings_wordindex", (word,)) for word in words] or [Term("recordings_wordindex", ())]
    if wanted.users or wanted.groups:
        of_people = people.number_indexes(users=wanted.users, groups=wanted.groups)
        terms.append(Term("recordings_numberindex", tuple(sorted(of_people))))
    if viewer.number_indexes is not None:
        terms.append(Term("recordings_numberindex", tuple(sorted(viewer.number_indexes))))
    return terms


def _limits(wanted: Wanted, after: Place | None) -> Limits:
    given: tuple[tuple[str, Any], ...] = (
        ("r.direction = %s", wanted.direction),
        ("r.trunk_id = %s", wanted.trunk),
        ("r.seconds >= %s", wanted.shortest),
        ("r.seconds <= %s", wanted.longest),
        ("r.quality = ANY(%s) AND r.quality <> 'good'", list(wanted.quality) or None),
    )
    if "good" in wanted.quality:
        given = (*given[:-1], ("r.quality = ANY(%s)", list(wanted.quality)))
    chosen = [(clause, value) for clause, value in given if value is not None]
    return Limits(
        clauses=tuple(clause for clause, _value in chosen),
        params=tuple(value for _clause, value in chosen),
        since=wanted.since,
        until=wanted.until,
        after=after,
    )


def _rows(viewer: Viewer, places: Sequence[Place]) -> tuple[RecordingRow, ...]:
    found = rows_of(viewer, [identity for _at, identity in places])
    return tuple(found[identity] for _at, identity in places if identity in found)


def _row(segments: Sequence[_Segment], parties: PartyReader) -> RecordingRow:
    """The line of a conversation's segments, in their order."""
    first = segments[0]
    sheet = parties.read(recording_id=first.id, sealed=first.sealed, wrapped=first.wrapped)
    return RecordingRow(
        recording_id=first.id,
        conversation_id=first.conversation_id,
        started_at=first.started_at,
        ended_at=max(segment.ended_at for segment in segments),
        seconds=sum(segment.seconds for segment in segments),
        direction=first.direction,
        trunk_id=first.trunk_id,
        trunk_name=first.trunk_name,
        sealed=not parties.can_open,
        parties=sheet.parties,
        segments=len(segments),
        reason=segments[-1].reason,
        rendition=first.rendition,
        quality=max((segment.quality for segment in segments), key=QUALITIES.index),
        consent=max((segment.consent for segment in segments), key=_CONSENTS.index),
        notice=max((segment.notice for segment in segments), key=_NOTICES.index),
    )


def _cursor(place: Place) -> str:
    at, identity = place
    text = f"{at.astimezone(UTC).isoformat()}_{identity}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> Place:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        started_at, _, identity = text.partition("_")
        return datetime.fromisoformat(started_at).astimezone(UTC), UUID(identity)
    except (ValueError, OverflowError, binascii.Error) as error:
        raise BadCursor("this is no place in the list", remedy="Start at its first page.") from error
