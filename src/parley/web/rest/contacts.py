"""Contacts: read, searched, and who calls from a number."""

from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from parley.contacts import api as contacts
from parley.web.place import inside
from parley.web.rest.description import answers
from parley.web.rest.schemas import MOST_ROWS, Line
from parley.web.rest.scopes import Scope

router = Router(tags=["contacts"])


class WantedContacts(Schema):
    """Which contacts: `q` as it is typed (a name, a number, an address), in one directory or in all."""

    q: Line = Field("", max_length=200)
    directory: UUID | None = None
    after: Line | None = Field(None, max_length=512, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=MOST_ROWS)


class WantedNumber(Schema):
    """Whose number."""

    number: Line = Field(min_length=1, max_length=64, description="In E.164 (+390584943232), or an extension")


class NumberOut(Schema):
    """A telephone number, in E.164 or bare."""

    value: str
    kind: str


class LineOut(Schema):
    """A contact in a list; of a `sealed` one only the customer can say who it is."""

    id: UUID
    directory: UUID
    sealed: bool
    name: str
    company: str
    title: str
    numbers: list[NumberOut]
    emails: list[str]


class LinesOut(Schema):
    """One page of contacts; hand `next` back as `after`."""

    items: list[LineOut]
    next: str | None


class AddressOut(Schema):
    """A postal address."""

    street: str
    city: str
    region: str
    postcode: str
    country: str


class ContactOut(LineOut):
    """Everything about one contact."""

    created_at: datetime
    changed_at: datetime
    given: str
    family: str
    department: str
    addresses: list[AddressOut]
    birthday: date | None
    notes: str
    speed_dial: str
    custom: dict[str, str]
    purposes: list[str]
    source: str
    shared_with: list[str]
    keep_until: datetime | None
    minor: bool
    citizenship: str


class CallerOut(Schema):
    """Who calls: null for nobody that this person may see."""

    number: str
    contact: LineOut | None


@router.get(
    "/contacts",
    response=answers(LinesOut, 404, 409, 422),
    url_name="contacts",
    summary="Find contacts",
    auth=Scope("contacts:read"),
)
def list_contacts(request: HttpRequest, wanted: Query[WantedContacts]) -> LinesOut:
    """Best first when something is typed, else the newest first."""
    viewer = inside(request).viewer
    if wanted.directory is not None:
        contacts.directory(wanted.directory, viewer=viewer)
    given = {"directory": wanted.directory, "limit": wanted.limit, "cursor": wanted.after, "viewer": viewer}
    text = wanted.q.strip()
    page = contacts.search(text, **given) if text else contacts.listing(**given)  # type: ignore[arg-type]
    return LinesOut(items=[_line(one) for one in page.lines], next=page.cursor)


@router.get(
    "/contacts/{uuid:contact_id}",
    response=answers(ContactOut, 404, 409, 422),
    url_name="contact",
    summary="One contact",
    auth=Scope("contacts:read"),
)
def get_contact(request: HttpRequest, contact_id: UUID) -> ContactOut:
    """With what it is kept for, and until when."""
    return described(contacts.get(contact_id, viewer=inside(request).viewer))


@router.get(
    "/lookup",
    response=answers(CallerOut, 409, 422),
    url_name="lookup",
    summary="Who calls from a number",
    auth=Scope("contacts:lookup"),
)
def look_up(request: HttpRequest, wanted: Query[WantedNumber]) -> CallerOut:
    """The newest contact with that number."""
    found = contacts.lookup(wanted.number, viewer=inside(request).viewer)
    return CallerOut(number=wanted.number, contact=_line(found) if found else None)


def described(found: contacts.Contact) -> ContactOut:
    """A contact as the interface tells it."""
    fields = found.fields
    return ContactOut(
        id=found.id, directory=found.directory_id, sealed=found.sealed, created_at=found.created_at,
        changed_at=found.changed_at, name=fields.name, company=fields.company, title=fields.title,
        given=fields.given, family=fields.family, department=fields.department, birthday=fields.birthday,
        numbers=[NumberOut(value=one.value, kind=one.kind) for one in fields.numbers], emails=list(fields.emails),
        addresses=[AddressOut(**asdict(one)) for one in fields.addresses], notes=fields.notes,
        speed_dial=fields.speed_dial, custom=dict(fields.custom), purposes=list(fields.purposes),
        source=fields.source, shared_with=list(fields.shared_with), keep_until=fields.keep_until,
        minor=fields.minor, citizenship=fields.citizenship,
    )  # fmt: skip


def _line(one: contacts.ContactLine) -> LineOut:
    return LineOut(
        id=one.id, directory=one.directory_id, sealed=one.sealed, name=one.name, company=one.company, title=one.title,
        numbers=[NumberOut(value=each.value, kind=each.kind) for each in one.numbers], emails=list(one.emails),
    )  # fmt: skip
