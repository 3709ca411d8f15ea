"""A request comes in: passed on to the controller before anything else, then acknowledged, in one transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from parley.foundation.ids import new_id
from parley.mail import api as mail
from parley.rights import callbacks, clock, letters, notices, objecting
from parley.rights.binding import Bound, bound, own
from parley.rights.errors import RequestRefused
from parley.rights.models import Request
from parley.rights.rules import LONGEST_NAME, LONGEST_TEXT, MOST_KINDS, move, unknown_kinds
from parley.rights.sealed import canonical_email, canonical_phone, email_index, number_index, seal
from parley.rights.story import MACHINE, PERSON, sheet_place, tell
from parley.rights.tokens import digest, follow_token, new_tag
from parley.rights.types import CHANNELS, Channel, Receipt
from parley.tenancy import api as tenancy

_REGULATIONS: Final = frozenset({"gdpr", "uk-gdpr", "ccpa", "other"})
_LONGEST_ID: Final = 200


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What came in, checked and canonical."""

    kinds: tuple[str, ...]
    person: dict[str, str]
    marketing: bool


def receive(
    *,
    channel: Channel,
    kinds: Collection[str],
    received_at: datetime,
    at: datetime,
    email: str = "",
    number: str = "",
    name: str = "",
    text: str = "",
    by: str = "",
    regulation: str = "gdpr",
    external_id: str = "",
    callback: str = "",
    marketing: bool = False,
    employee: bool = False,
) -> Receipt:
    """Take a request in: passed on to the controller, then acknowledged, its duties opened, all in one transaction.

    `by` is the id of the user who writes it down, "" for the person itself. `marketing`: the objection is to marketing,
    and holds at once. `employee`: the person is staff of the provider, in whose own scope this is. Nothing is looked up
    here, so neither answer nor time tells who is known. Idempotent by `external_id`. Raises RequestRefused,
    CallbackRefused.
    """
    if channel not in CHANNELS or regulation not in _REGULATIONS:
        raise RequestRefused("the channel or the regulation is not known", field="regulation")
    if received_at > at:
        raise RequestRefused("it cannot be received in the future", field="received_at")
    if len(external_id) > _LONGEST_ID or "\0" in external_id:
        raise RequestRefused("the id of the request is too long", field="external_id")
    asked = _checked(kinds=kinds, email=email, number=number, name=name, text=text, marketing=marketing, by=by)
    callback = callbacks.checked(callback) if callback else ""
    with transaction.atomic():
        known = Request.objects.filter(external_id=external_id).first() if external_id else None
        if known is not None:
            return receipt_of(known)
        binds = bound(kinds=asked.kinds, employee=employee)
        row = _stored(
            asked, binds, channel=channel, received_at=received_at, at=at, regulation=regulation,
            external_id=external_id, callback=callback,
        )  # fmt: skip
        _begin(row, asked, binds, by=by, at=at)
    return receipt_of(row)


def receipt_of(row: Request) -> Receipt:
    """What whoever brought the request is handed."""
    return Receipt(id=row.id, tag=row.tag, follow=follow_token(row.id))


def _stored(
    asked: _Asked,
    binds: Bound,
    *,
    channel: Channel,
    received_at: datetime,
    at: datetime,
    regulation: str,
    external_id: str,
    callback: str,
) -> Request:
    request_id = new_id(at=at)
    due, longest = clock.dates(binds.agreement, received_at=received_at, zone=binds.zone)
    epoch, sealed = seal(asked.person, place=sheet_place(request_id), at=at)
    row = Request(
        id=request_id,
        tag=new_tag(),
        channel=channel,
        kinds=list(asked.kinds),
        regulation=regulation,
        external_id=external_id or None,
        callback=callback,
        state="received",
        received_at=received_at,
        recorded_at=at,
        epoch=epoch,
        sealed=sealed,
        email_index=email_index(asked.person["email"]) if asked.person["email"] else None,
        number_index=number_index(asked.person["number"]) if asked.person["number"] else None,
        follow=digest(follow_token(request_id)),
        forward=binds.term.forward,
        answers=binds.term.answers,
        clause=binds.clause,
        strict_due=due,
        due=due,
        longest=longest,
    )
    row.save(force_insert=True)
    return row


def _begin(row: Request, asked: _Asked, binds: Bound, *, by: str, at: datetime) -> None:
    """Duties, forwarding, acknowledgement, in this order: the table of moves knows no other."""
    clock.begin(row, binds, at=at)
    facts: dict[str, str | int | bool] = {"channel": row.channel, "kinds": ",".join(row.kinds)}
    tell(row, "received", who=by or PERSON, at=at, facts=facts)
    how = notices.forward(row, binds, person=asked.person, at=at, by_controller=bool(by) and notices.of_controller(by))
    row.state, row.forwarded_at, row.forwarded_how = move("received", "forward"), at, how
    if not own():
        tell(row, "forwarded", who=MACHINE, at=at, facts={"how": how}, clause=binds.clause_of("forward"))
    row.state = move("forwarded", "acknowledge")
    row.acknowledged_at = at
    letter = letters.acknowledgement(
        tag=row.tag, kinds=row.kinds, received=letters.day(row.received_at, binds.zone),
        due=letters.day(row.due, binds.zone), follow=notices.follow(row), to=tenancy.current().name,
    )  # fmt: skip
    told = notices.tell_person(row, "acknowledged", letter, at=at, email=asked.person["email"])
    tell(row, "acknowledged", who=MACHINE, at=at, facts={"how": told})
    if asked.marketing:
        objecting.to_marketing(row, person=asked.person, at=at)
    row.save()


def _checked(
    *, kinds: Collection[str], email: str, number: str, name: str, text: str, marketing: bool, by: str
) -> _Asked:
    if unknown_kinds(kinds) or len(kinds) > MOST_KINDS:
        raise RequestRefused("a kind of request is not known", field="kinds", remedy="Choose from the list.")
    for field, value, longest in (("name", name, LONGEST_NAME), ("text", text, LONGEST_TEXT), ("number", number, 64)):
        if len(value) > longest or "\0" in value:
            raise RequestRefused(f"the {field} is longer than {longest} characters", field=field, remedy="Shorten it.")
    if email:
        try:
            email = canonical_email(mail.canonical_address(email))
        except mail.MailRefused as refused:
            raise RequestRefused(str(refused.args[0]), field="email", remedy=refused.remedy) from refused
    if number:
        number = canonical_phone(number)
        if len(number.lstrip("+")) < 3:
            raise RequestRefused("this is not a telephone number", field="number", remedy="Write it with its country.")
    if not (email or number or by):
        raise RequestRefused(
            "there is no address to answer to", field="email", remedy="Give an e-mail address or a telephone number."
        )
    wanted = tuple(dict.fromkeys(str(kind) for kind in kinds)) or ("unclear",)
    if marketing and "objection" not in wanted:
        wanted = (*(kind for kind in wanted if kind != "unclear"), "objection")
    person = {"name": name.strip(), "email": email, "number": number, "text": text.strip()}
    return _Asked(kinds=wanted, person=person, marketing=marketing)
