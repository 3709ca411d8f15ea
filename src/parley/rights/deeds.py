"""What people do with a request besides fulfilling it: sort, authorise, extend, refuse, answer, withdraw, note.

Each is one transaction: the move by the table, what it changes, the story, the evidence, the letter. A move that is not
possible raises and leaves everything as it was.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from parley.exports import api as exports
from parley.obligations import api as obligations
from parley.people import api as people
from parley.rights import clock, letters, notices
from parley.rights.errors import MoveRefused, NotAuthorised, RequestRefused
from parley.rights.identity import of_token
from parley.rights.models import Request
from parley.rights.rules import GROUNDS, LONGEST_TEXT, grounds, kept_until, move, unknown_kinds
from parley.rights.story import PERSON, locked, tell
from parley.tenancy import api as tenancy

FORGET: Final = "rights.forget"
_MAY_AUTHORISE: Final = frozenset({"administrator", "compliance"})
PACKAGED: Final = frozenset({"access", "portability"})


def sort(request_id: UUID, *, kinds: Collection[str], by: UUID, at: datetime) -> None:
    """Say what the person asks for, where that was not clear. Raises MoveRefused, RequestRefused."""
    if not kinds or unknown_kinds(kinds) or "unclear" in kinds:
        raise RequestRefused("it is not said what the person asks for", field="kinds", remedy="Choose from the list.")
    with transaction.atomic():
        row = locked(request_id)
        move(row.state, "sort")
        lost = [kind for kind in row.done if kind not in kinds]
        if lost:
            raise MoveRefused(f"{', '.join(lost)} is done already", remedy="Keep it among the kinds.")
        row.kinds = list(dict.fromkeys(kinds))
        tell(row, "sorted", who=str(by), at=at, facts={"kinds": ",".join(row.kinds)})
        row.save()


def authorise(request_id: UUID, *, by: UUID, at: datetime) -> None:
    """The controller's word that the person is answered; `by` has role compliance or administrator.

    Raises NotAuthorised, MoveRefused.
    """
    with transaction.atomic():
        row = locked(request_id)
        row.state = move(row.state, "authorise")
        _give_word(row, by=by, at=at)
        row.save()


def extend(request_id: UUID, *, reasons: str, by: UUID, at: datetime) -> None:
    """Two months more, told to the person with the reasons inside the first (GDPR Art. 12(3)). Raises MoveRefused
    afterwards, RequestRefused without reasons."""
    _written(reasons, field="reasons")
    with transaction.atomic():
        row = locked(request_id)
        row.state = move(row.state, "extend")
        clock.extend(row, at=at)
        zone = tenancy.standing().zone
        letter = letters.extended(
            tag=row.tag, reasons=reasons.strip(), due=letters.day(row.due, zone), follow=notices.follow(row)
        )
        how = notices.tell_person(row, "extended", letter, at=at)
        facts: dict[str, str | int | bool] = {"how": how, "due": row.due.isoformat()}
        tell(row, "extended", who=str(by), at=at, said=reasons.strip(), facts=facts)
        row.save()


def refuse(request_id: UUID, *, ground: str, reasons: str, by: UUID, at: datetime) -> None:
    """Refuse, telling reasons, complaint and judicial remedy (GDPR Art. 12(4)). Raises RequestRefused for a ground that
    does not fit, NotAuthorised, MoveRefused."""
    _written(reasons, field="reasons")
    with transaction.atomic():
        row = locked(request_id)
        row.state = move(row.state, "refuse")
        fits = {one.key: one for one in grounds(row.kinds)}
        if ground not in fits:
            raise RequestRefused("this ground does not fit what was asked", field="ground", remedy="Choose another.")
        if row.done:
            raise MoveRefused(
                f"{', '.join(sorted(row.done))} is done already", remedy="Refuse what is left, then answer."
            )
        if not row.authorised_by:
            _give_word(row, by=by, at=at)
        row.ground = ground
        letter = letters.refused(tag=row.tag, ground=fits[ground], reasons=reasons.strip(), follow=notices.follow(row))
        how = notices.tell_person(row, "refused", letter, at=at)
        _end(row, met=True, by=str(by), at=at)
        facts: dict[str, str | int | bool] = {"ground": ground, "law": fits[ground].law, "how": how}
        tell(row, "refused", who=str(by), at=at, said=reasons.strip(), facts=facts)
        row.save()


def answer(request_id: UUID, *, text: str, by: UUID, at: datetime) -> None:
    """Answer the person by the same channel. Raises MoveRefused while something is not done, NotAuthorised."""
    _written(text, field="text")
    with transaction.atomic():
        row = locked(request_id)
        row.state = move(row.state, "answer")
        if not row.authorised_by:
            raise NotAuthorised("the controller has not authorised an answer", remedy="It is authorised first.")
        left = undone(row)
        if left:
            raise MoveRefused(f"not done yet: {'; '.join(left)}", remedy="Do it, or refuse that part with a ground.")
        letter = letters.answered(
            tag=row.tag, text=text.strip(), outcomes=letters.outcome_words(row.done),
            package=row.export_id is not None, follow=notices.follow(row),
        )  # fmt: skip
        how = notices.tell_person(row, "answered", letter, at=at)
        _end(row, met=True, by=str(by), at=at)
        tell(row, "answered", who=str(by), at=at, said=text.strip(), facts={"how": how})
        row.save()


def withdraw(request_id: UUID, *, by: str, at: datetime) -> None:
    """The person took it back. Raises MoveRefused."""
    with transaction.atomic():
        _withdraw(locked(request_id), by=by, at=at)


def withdraw_by_follow(token: str, *, at: datetime) -> UUID:
    """The person takes its request back, by its page. Raises NoSuchRequest, MoveRefused."""
    with transaction.atomic():
        row = of_token(token)
        _withdraw(row, by=PERSON, at=at)
    return row.id


def note(request_id: UUID, *, text: str, by: UUID, at: datetime) -> None:
    """A note of the customer's people; the person does not see it."""
    _written(text, field="text")
    with transaction.atomic():
        row = locked(request_id)
        tell(row, "note", who=str(by), at=at, said=text.strip())


def add(row: Request, text: str, *, at: datetime, channel: str) -> None:
    """The person adds a message to its request (the locked row)."""
    _written(text, field="text")
    tell(row, "person-wrote", who=PERSON, at=at, said=text.strip(), facts={"channel": channel})


def add_by_follow(token: str, text: str, *, at: datetime) -> UUID:
    """The person adds a message, on its page. Raises NoSuchRequest, RequestRefused."""
    with transaction.atomic():
        row = of_token(token)
        if row.events.filter(what="person-wrote").count() >= 50:
            raise RequestRefused("there are many messages already", field="text", remedy="Wait for the answer.")
        add(row, text, at=at, channel="portal")
    return row.id


def undone(row: Request) -> tuple[str, ...]:
    """What stands between now and an answer, in words."""
    left = [_UNDONE.get(kind, f"{kind} is not done") for kind in row.kinds if kind not in row.done]
    if row.blocked:
        left.append(row.blocked)
    if row.export_id is not None:
        state = exports.get(row.export_id).state
        if state != "ready":
            left.append({"failed": "the package failed"}.get(state, f"the package is {state}"))
    return tuple(left)


_UNDONE: Final = {
    "unclear": "it is not said what the person asks for",
    "objection": "the objection is not decided",
    "automated-decision": "nobody has looked at the decision again",
    "rectification": "nothing was corrected",
    "erasure": "nothing is erased yet, or it waits for the package",
    "minor": "it is not decided whether this is the guardian",
}


def require_word(row: Request) -> None:
    """Raises NotAuthorised unless the agreement or the controller lets the person be answered."""
    if not row.authorised_by:
        raise NotAuthorised("the controller has not authorised an answer", remedy="It is authorised first.")


def end_words(key: str) -> str:
    """The words of a ground, with its law."""
    return f"{GROUNDS[key].words} ({GROUNDS[key].law})"


def _give_word(row: Request, *, by: UUID, at: datetime) -> None:
    account = next((one for one in people.accounts() if one.id == by and one.is_active), None)
    own = tenancy.current().kind == "provider"
    allowed = account is not None and (account.role in _MAY_AUTHORISE or (own and account.role == "operator"))
    if not allowed:
        raise NotAuthorised(
            "the person is answered on the controller's word only",
            remedy="Somebody with the role compliance or administrator of the customer gives it.",
        )
    row.authorised_by, row.authorised_at = str(by), at
    tell(row, "authorised", who=str(by), at=at)


def _withdraw(row: Request, *, by: str, at: datetime) -> None:
    row.state = move(row.state, "withdraw")
    _end(row, met=False, by=by, at=at)
    tell(row, "withdrawn", who=by, at=at)
    row.save()


def _end(row: Request, *, met: bool, by: str, at: datetime) -> None:
    """Nothing more is due; the identity goes when its own time is over."""
    clock.end(row, met=met, by=by, at=at)
    row.ended_at = at
    due = kept_until(kinds=row.kinds, state=row.state, ended_at=at)
    obligations.enqueue(kind=FORGET, key=f"{FORGET}:{row.id}", due=due, payload={"request": str(row.id)})


def _written(text: str, *, field: str) -> None:
    if len(text.strip()) < 2 or len(text) > LONGEST_TEXT or "\0" in text:
        raise RequestRefused("it is not written down, or too long", field=field, remedy="Write it in some sentences.")
