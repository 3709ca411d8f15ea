"""Requests as people see them: the desk, lists, one request with its story, and the person's own page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from django.db.models import Q, QuerySet

from parley.exports import api as exports
from parley.rights import callbacks, finding
from parley.rights.deeds import PACKAGED, undone
from parley.rights.errors import MoveRefused, NoSuchRequest, NotAuthorised, NotVerified
from parley.rights.models import Event, Request
from parley.rights.rules import column, possible
from parley.rights.sealed import Reader, email_index, number_index
from parley.rights.story import PERSON, place_of, sheet_place
from parley.rights.tokens import digest
from parley.rights.types import (
    COLUMNS,
    ENDED,
    BoardColumn,
    CodeTo,
    Column,
    Deed,
    Page,
    Pause,
    Person,
    PublicRequest,
    PublicStep,
    RequestLine,
    RequestView,
    StoryLine,
)
from parley.tenancy import api as tenancy

_ON_BOARD: Final = 50
_SHOWN: Final = frozenset({
    "received", "forwarded", "acknowledged", "identity-asked", "identity-verified", "waits-for-controller",
    "authorised", "authorised-by-agreement", "extended", "refused", "answered", "withdrawn", "marketing-stopped",
    "lifted", "person-wrote", "code-asked", "call-wanted",
})  # fmt: skip
"""What of the story the person sees."""
_SAID: Final = frozenset({"identity-asked", "extended", "refused", "answered", "lifted", "person-wrote"})
"""Of which it reads the words; those of an answer only once it has shown who it is."""


def board(at: datetime) -> tuple[BoardColumn, ...]:
    """The desk: the columns of `COLUMNS`, in that order, soonest due first; of those that are over, the newest."""
    zone = tenancy.standing().zone
    still_open = [_line(row, at=at, zone=zone) for row in _open().order_by("due", "id")]
    over = Request.objects.filter(ended_at__isnull=False).order_by("-ended_at")
    done = tuple(_line(row, at=at, zone=zone) for row in over[:_ON_BOARD])
    columns = []
    for name in COLUMNS:
        lines = done if name == "done" else tuple(line for line in still_open if line.column == name)
        count = over.count() if name == "done" else len(lines)
        columns.append(BoardColumn(column=name, count=count, lines=lines[:_ON_BOARD]))
    return tuple(columns)


def requests(
    *,
    at: datetime,
    column: Column | None = None,
    kind: str = "",
    state: str = "",
    channel: str = "",
    tag: str = "",
    address: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Requests, newest first; `address` is an e-mail address or a number, found by blind index."""
    limit = max(1, min(limit, 200))
    rows = Request.objects.order_by("-received_at", "-id")
    wanted = {"kinds__contains": [kind] if kind else None, "state": state or None, "channel": channel or None,
              "tag": tag.strip().upper() or None}  # fmt: skip
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    if address.strip():
        rows = rows.filter(Q(email_index=email_index(address)) if "@" in address else
                           Q(number_index=number_index(address)))  # fmt: skip
    zone = tenancy.standing().zone
    if column is not None:
        rows = rows.filter(ended_at__isnull=column != "done")
    if cursor is not None:
        rows = _after(rows, cursor)
    lines = []
    for row in rows.iterator(chunk_size=200):
        line = _line(row, at=at, zone=zone)
        if column is None or line.column == column:
            lines.append(line)
        if len(lines) > limit:
            break
    more = len(lines) > limit
    lines = lines[:limit]
    return Page(lines=tuple(lines), cursor=lines[-1].cursor if more else None)


def request(request_id: UUID, *, at: datetime) -> RequestView:
    """One request with its story. Raises NoSuchRequest."""
    return _view(_row(Q(id=request_id)), at=at)


def by_external(external_id: str, *, at: datetime) -> RequestView:
    """The request of that id of the asking platform. Raises NoSuchRequest."""
    return _view(_row(Q(external_id=external_id)), at=at)


def found(request_id: UUID, *, store: str = "", after: UUID | None = None, limit: int = 200) -> Any:
    """The records that were found. Raises NoSuchRequest."""
    _row(Q(id=request_id))
    return finding.found(request_id, store=store, after=after, limit=limit)


def status_payload(request_id: UUID, *, at: datetime) -> Mapping[str, Any]:
    """What the asking platform is told (OpenDSR): ids, status, dates; nothing of the person."""
    row = _row(Q(id=request_id))
    return {**callbacks.payload(row), "api_time": at.isoformat()}


def by_follow(token: str) -> PublicRequest:
    """What the person with this token sees. Raises NoSuchRequest."""
    row = _row(Q(follow=digest(token)))
    reader = Reader.here()
    lines = [line for line in _story(row, reader) if line.what in _SHOWN]
    verified = row.identity == "verified"
    steps = tuple(
        PublicStep(at=line.at, what=line.what, said=line.said if _may_read(line, verified) else "") for line in lines
    )
    asked = [line.said for line in lines if line.what == "identity-asked"]
    answers = [line.said for line in lines if line.what == "answered"]
    over = row.state in ENDED
    return PublicRequest(
        id=row.id, tag=row.tag, kinds=cast(Any, tuple(row.kinds)), state=cast(Any, row.state),
        received_at=row.received_at, due=row.due, identity=cast(Any, row.identity),
        asked=asked[-1] if asked and row.identity == "pending" else "",
        can_verify=() if over else _can_verify(row), needs_address=not reader.can_open,
        package=verified and row.state == "answered" and _ready(row),
        answer=answers[-1] if answers and verified else "", steps=steps,
        can_withdraw="withdraw" in possible(row.state),
    )  # fmt: skip


def package_link(token: str, *, at: datetime) -> str:
    """The path of the package for the person, after identity and authorisation only, and once answered.

    Raises NoSuchRequest, NotVerified, NotAuthorised, MoveRefused (there is none yet, or it expired).
    """
    row = _row(Q(follow=digest(token)))
    if row.identity != "verified":
        raise NotVerified("it is not known yet who asks", remedy="Show first that it is you.")
    if not row.authorised_by:
        raise NotAuthorised("the answer is not authorised yet", remedy="You hear of it when it is.")
    if row.export_id is None or row.state != "answered" or not _ready(row, at=at):
        raise MoveRefused("there is no package to fetch", remedy="It comes with the answer, and its link expires.")
    return exports.link(row.export_id)


def _can_verify(row: Request) -> tuple[CodeTo, ...]:
    ways: list[CodeTo] = []
    if row.email_index is not None and "email" not in row.covers:
        ways.append("email")
    if row.number_index is not None and "number" not in row.covers:
        ways.append("number")
    return tuple(ways)


def _may_read(line: StoryLine, verified: bool) -> bool:
    if line.what == "person-wrote":
        return line.who == PERSON
    return line.what in _SAID and (verified or line.what in ("identity-asked", "extended", "refused"))


def _ready(row: Request, *, at: datetime | None = None) -> bool:
    if row.export_id is None:
        return False
    made = exports.get(row.export_id)
    return made.state == "ready" and (at is None or made.expires_at is None or made.expires_at > at)


def _row(wanted: Q) -> Request:
    row = Request.objects.filter(wanted).select_related("epoch").first()
    if row is None:
        raise NoSuchRequest("there is no such request", remedy="Check its address.")
    return row


def _open() -> QuerySet[Request]:
    return Request.objects.filter(ended_at__isnull=True)


def _after(rows: QuerySet[Request], cursor: str) -> QuerySet[Request]:
    text, _, last = cursor.rpartition("_")
    try:
        received, identity = datetime.fromisoformat(text), UUID(last)
    except ValueError as error:
        raise NoSuchRequest("this is no place in the list", remedy="Begin at its top.") from error
    return rows.filter(Q(received_at__lt=received) | Q(received_at=received, id__lt=identity))


def _line(row: Request, *, at: datetime, zone: str) -> RequestLine:
    return RequestLine(
        id=row.id, tag=row.tag, kinds=cast(Any, tuple(row.kinds)), channel=cast(Any, row.channel),
        state=cast(Any, row.state), column=column(state=row.state, due=row.due, at=at, zone=zone),
        received_at=row.received_at, due=row.due, strict_due=row.strict_due, ended_at=row.ended_at,
    )  # fmt: skip


def _view(row: Request, *, at: datetime) -> RequestView:
    reader = Reader.here()
    person = reader.read(row.sealed, row.epoch, place=sheet_place(row.id))
    return RequestView(
        line=_line(row, at=at, zone=tenancy.standing().zone),
        person=Person(
            name=person.get("name", ""), email=person.get("email", ""), number=person.get("number", ""),
            text=person.get("text", ""), sealed=row.sealed is not None and not reader.can_open,
        ),
        regulation=row.regulation,
        external_id=row.external_id or "",
        forwarded_at=row.forwarded_at,
        acknowledged_at=row.acknowledged_at,
        identity=cast(Any, row.identity),
        means=row.means,
        covers=cast(Any, tuple(row.covers)),
        verified_at=row.verified_at,
        answers=cast(Any, row.answers),
        authorised_by=row.authorised_by,
        authorised_at=row.authorised_at,
        authorisation_clause=row.clause if row.authorised_by == "agreement" else "",
        extended_at=row.extended_at,
        longest=row.longest,
        pauses=tuple(
            Pause(began_at=one.began_at, ended_at=one.ended_at, ground=one.ground)
            for one in row.pauses.order_by("began_at")
        ),
        ground=row.ground,
        found=finding.summary(row),
        looked_at=row.looked_at,
        done=dict(row.done),
        undone=() if row.state in ENDED else undone(row),
        blocked=row.blocked,
        export_id=row.export_id,
        story=tuple(_story(row, reader)),
        possible=_possible(row, at=at),
        clause=row.clause,
        identity_removed_at=row.removed_at,
    )  # fmt: skip


def _possible(row: Request, *, at: datetime) -> tuple[Deed, ...]:
    """The deeds of the table that also make sense: what cannot succeed is not offered."""
    paused = any(one.ended_at is None for one in row.pauses.all())
    waiting = {kind for kind in row.kinds if kind not in row.done}
    sense: Mapping[str, bool] = {
        "extend": row.extended_at is None and not paused and at < row.due < row.longest,
        "rectify": "rectification" in row.kinds,
        "review": "automated-decision" in waiting,
        "decide": bool(waiting - {"unclear"}),
        "transmit": "portability" in row.kinds and _ready(row),
        "lift": any(store.outcomes.get("restricted") for store in finding.summary(row)),
        "fulfil": bool(waiting & (PACKAGED | {"erasure", "restriction", "objection"})),
        "choose": row.looked_at is not None,
        "answer": bool(row.authorised_by) and row.state == "in-work" and not undone(row),
        "refuse": not row.done,
    }
    return tuple(deed for deed in possible(row.state) if sense.get(deed, True))


def _story(row: Request, reader: Reader) -> list[StoryLine]:
    lines = Event.objects.filter(request=row).select_related("epoch").order_by("number")
    return [
        StoryLine(
            number=one.number, at=one.at, who=one.who, what=one.what, facts=dict(one.facts),
            said=reader.read(one.sealed, one.epoch, place=place_of(row.id, one.number)).get("said", ""),
            sealed=one.sealed is not None and not reader.can_open,
        )
        for one in lines
    ]  # fmt: skip
