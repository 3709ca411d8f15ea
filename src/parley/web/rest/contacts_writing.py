"""Writing contacts: added, changed, deleted in a directory that the caller changes, as on the console's pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from ninja import Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from parley.contacts import api as contacts
from parley.web.place import ConsoleRequest, inside
from parley.web.rest.contacts import ContactOut, described, router
from parley.web.rest.description import answers
from parley.web.rest.schemas import Instant, Line, Text
from parley.web.rest.scopes import Scope

__all__ = ["router"]  # an address has one router: what reads contacts stands in the same
_MOST: Final = 20
_Word = Annotated[Line, Field(max_length=1000)]
_Several = Annotated[list[Annotated[Line, Field(max_length=200)]], Field(max_length=50)]


class DirectoryOut(Schema):
    """A directory; `may_change`: the caller adds, changes and deletes contacts in it."""

    id: UUID
    kind: str
    name: str
    may_change: bool


class NumberIn(Schema):
    """A telephone number, best in E.164; without its country it is one of the customer's trunks' country."""

    value: Line = Field(min_length=1, max_length=64)
    kind: Literal["work", "mobile", "home", "fax", "extension", "other"] = "work"


class AddressIn(Schema):
    """A postal address."""

    street: Text = Field("", max_length=1000)
    city: _Word = ""
    region: _Word = ""
    postcode: _Word = ""
    country: _Word = ""


class ContactIn(Schema):
    """A contact, all of it: what is left out is empty. It needs a name, a company, a number or an e-mail address.
    `custom` has the customer's own fields by their keys, `citizenship` is ISO 3166 alpha-2; without `keep_until` the
    rule of retention says how long it stays."""

    directory: UUID
    given: _Word = ""
    family: _Word = ""
    company: _Word = ""
    title: _Word = ""
    department: _Word = ""
    numbers: list[NumberIn] = Field(default_factory=list, max_length=_MOST)
    emails: list[Annotated[Line, Field(max_length=320)]] = Field(default_factory=list, max_length=_MOST)
    addresses: list[AddressIn] = Field(default_factory=list, max_length=_MOST)
    birthday: date | None = None
    notes: Text = Field("", max_length=20_000)
    speed_dial: _Word = ""
    custom: dict[str, Text] = Field(default_factory=dict, max_length=_MOST)
    purposes: _Several = Field(default_factory=list)
    source: _Word = ""
    keep_until: Instant | None = None
    minor: bool = False
    citizenship: str = Field("", pattern=r"^([A-Z]{2})?$")


@router.get(
    "/directories",
    response=answers(list[DirectoryOut]),
    url_name="directories",
    summary="The directories of contacts",
    auth=Scope("contacts:read"),
)
def list_directories(request: HttpRequest) -> list[DirectoryOut]:
    """Those that the caller sees, its own first."""
    here = inside(request)
    contacts.personal_directory(here.person.id, at=timezone.now())
    return [
        DirectoryOut(id=one.id, kind=one.kind, name=one.name, may_change=one.may_change)
        for one in contacts.directories(viewer=here.viewer)
    ]


@router.post(
    "/contacts",
    response=answers(ContactOut, 404, 409, 422, success=201),
    summary="Add a contact",
    auth=Scope("contacts:write"),
)
def add_contact(request: HttpRequest, new: ContactIn) -> Status[ContactOut]:
    """Into a directory that the caller changes."""
    here = inside(request)
    with _naming_fields():
        made = contacts.add(
            _given(new), directory=new.directory, by=str(here.person.id), at=timezone.now(), viewer=here.viewer
        )
    return Status(201, described(contacts.get(made, viewer=here.viewer)))


@router.put(
    "/contacts/{uuid:contact_id}",
    response=answers(ContactOut, 404, 409, 422),
    summary="Change a contact",
    auth=Scope("contacts:write"),
)
def change_contact(request: HttpRequest, contact_id: UUID, changed: ContactIn) -> ContactOut:
    """All of it anew, but for whom it was shared with; another `directory` moves it there."""
    here = inside(request)
    with _naming_fields(), transaction.atomic():
        _change(here, contact_id, changed)
    return described(contacts.get(contact_id, viewer=here.viewer))


@router.delete(
    "/contacts/{uuid:contact_id}",
    response=answers(None, 404, 409, 422, success=204),
    summary="Delete a contact",
    auth=Scope("contacts:write"),
)
def delete_contact(request: HttpRequest, contact_id: UUID) -> Status[None]:
    """With its consents; objections stay on their list. 409 while a hold, a restriction or a duty keeps it."""
    here = inside(request)
    if not contacts.remove([contact_id], by=str(here.person.id), at=timezone.now(), viewer=here.viewer):
        raise HttpError(409, "A hold, a restriction or a duty keeps this contact. Look at the holds of the customer.")
    return Status(204, None)


def _change(here: ConsoleRequest, contact: UUID, to: ContactIn) -> None:
    before, by, at = contacts.get(contact, viewer=here.viewer), str(here.person.id), timezone.now()
    new = _given(to, shared_with=before.fields.shared_with)
    contacts.update(contact, new, by=by, at=at, viewer=here.viewer)
    if to.directory != before.directory_id:
        contacts.move([contact], directory=to.directory, by=by, at=at, viewer=here.viewer)


def _given(new: ContactIn, *, shared_with: tuple[str, ...] = ()) -> contacts.NewContact:
    known = {one.key for one in contacts.custom_fields()}
    if missing := new.custom.keys() - known:
        raise HttpError(422, f"`custom`: there is no field {', '.join(sorted(missing))[:200]}.")
    return contacts.NewContact(
        given=new.given, family=new.family, company=new.company, title=new.title, department=new.department,
        numbers=tuple(contacts.Number(value=one.value, kind=one.kind) for one in new.numbers),
        emails=tuple(new.emails), addresses=tuple(contacts.Address(**one.dict()) for one in new.addresses),
        birthday=new.birthday, notes=new.notes, speed_dial=new.speed_dial, custom=new.custom,
        purposes=tuple(new.purposes), source=new.source, shared_with=shared_with, keep_until=new.keep_until,
        minor=new.minor, citizenship=new.citizenship,
    )  # fmt: skip


@contextmanager
def _naming_fields() -> Iterator[None]:
    """A program reads the field in the message: it has no form beside which it stands."""
    try:
        yield
    except contacts.ContactRefused as error:
        if not error.field:
            raise
        raise contacts.ContactRefused(
            f"`{error.field}`: {error.args[0]}", remedy=error.remedy, field=error.field
        ) from error
