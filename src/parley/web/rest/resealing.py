"""Recordings under former keys, sealed anew by whoever holds one of these: headers go out, new ones come in."""

from base64 import b64decode, b64encode
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import AfterValidator, Field

from parley.agreement import api as agreements
from parley.recordings import api as recordings
from parley.recordings.resealing import api as resealing
from parley.sealing.api import NewHeader
from parley.tenancy import api as tenancy
from parley.web import gate
from parley.web.rest.description import answers
from parley.web.rest.schemas import PartName
from parley.web.rest.scopes import Scope, overseeing

router = Router(tags=["recordings"])
_LARGEST = 8192  # characters of a header in base64: some 30 recipients
_PROOF = 44


def _base64(text: str) -> str:
    b64decode(text, validate=True)
    return text


Base64 = Annotated[str, AfterValidator(_base64)]


class WantedHeaders(Schema):
    """Which, oldest first: `after` is the `next` of the page before."""

    after: str = Field("", max_length=80)
    limit: int = Field(20, ge=1, le=resealing.MOST)


class HeaderOut(Schema):
    """The age header of a file of a sealed original, in base64; null where nothing was ever sealed in it, or where it
    is damaged. Of a tail it is the header around its frame key."""

    name: str
    kind: Literal["age", "tail"]
    header: str | None


class HeldOut(Schema):
    """A recording that is sealed to former keys."""

    id: UUID
    started_at: datetime
    files: list[HeaderOut]
    url: str


class FormerOut(Schema):
    """`left` of the `total` recordings from before the newest rotation are sealed to former keys, and `fields_left`
    keys of names, notes and tags are wrapped to them. `recipients` are the present ones; compare them with your own
    before you seal to them. `next` asks for the page after this one, "" on the last."""

    total: int
    left: int
    fields_left: int
    recipients: list[str]
    items: list[HeldOut]
    next: str


class WantedFields(Schema):
    """Which, oldest first: `after` is the last one of the page before."""

    after: UUID | None = None
    limit: int = Field(resealing.MOST_FIELDS, ge=1, le=resealing.MOST_FIELDS)


class FieldKeyOut(Schema):
    """A key of names, notes and tags of an hour: the age header around it, in base64; null where it is damaged."""

    id: UUID
    header: str | None


class FieldKeysOut(Schema):
    """The next of those `left`, wrapped to former keys."""

    left: int
    recipients: list[str]
    items: list[FieldKeyOut]


class FieldKeyIn(Schema):
    """A new header around a key of fields, with its proof; as of a file."""

    id: UUID
    header: Base64 = Field(max_length=_LARGEST)
    proof: Base64 = Field(min_length=_PROOF, max_length=_PROOF)


class ResealFieldsIn(Schema):
    """New headers, sealed to `recipients` alone."""

    recipients: list[str] = Field(min_length=1, max_length=40)
    keys: list[FieldKeyIn] = Field(max_length=resealing.MOST_FIELDS)


class FieldsResealedOut(Schema):
    """How many of these keys were wrapped anew, and how many are `left` altogether."""

    resealed: int
    left: int


class HeaderIn(Schema):
    """A new header for a file, and the key of its MAC (HKDF-SHA-256 of the file key, no salt, "header"), which shows
    that whoever wrote it had opened the old one. Both in base64."""

    name: PartName
    header: Base64 = Field(max_length=_LARGEST)
    proof: Base64 = Field(min_length=_PROOF, max_length=_PROOF)


class ResealIn(Schema):
    """New headers for all files of a recording that have one, sealed to `recipients` alone."""

    recipients: list[str] = Field(min_length=1, max_length=40)
    files: list[HeaderIn] = Field(max_length=2000)


class ResealedOut(Schema):
    """It is sealed to the present keys. The evidence names each file's hash before and after."""

    id: UUID
    evidence_id: UUID
    evidence_url: str


@router.get(
    "/former-keys",
    response=answers(FormerOut, 404, 422),
    url_name="former-keys",
    summary="Recordings that are sealed to former keys, with their headers",
    auth=Scope("recordings:reseal"),
)
def list_former(request: HttpRequest, wanted: Query[WantedHeaders]) -> FormerOut:
    """Headers hold wrapped keys and nothing of a call. Whoever opens one writes a new one, and hands it in."""
    here = overseeing(request)
    gate.ask(agreements.FIND_RECORDINGS, now=timezone.now())
    found = resealing.former()
    page = resealing.headers(
        here.viewer,
        after=resealing.place_of(wanted.after) if wanted.after else None,
        limit=wanted.limit,
        store=recordings.installed_store(),
    )
    return FormerOut(
        total=found.total,
        left=found.left,
        fields_left=found.fields,
        recipients=list(tenancy.current().recipients),
        items=[_held(one) for one in page],
        next=resealing.as_text((page[-1].started_at, page[-1].recording_id)) if len(page) == wanted.limit else "",
    )


@router.get(
    "/former-keys/fields",
    response=answers(FieldKeysOut, 422),
    url_name="former-fields",
    summary="Keys of names, notes and tags that are wrapped to former keys",
    auth=Scope("recordings:reseal"),
)
def list_former_fields(request: HttpRequest, wanted: Query[WantedFields]) -> FieldKeysOut:
    """Each by the header around it: nothing of what is sealed under it."""
    overseeing(request)
    gate.ask(agreements.FIND_RECORDINGS, now=timezone.now())
    return FieldKeysOut(
        left=resealing.former().fields,
        recipients=list(tenancy.current().recipients),
        items=[
            FieldKeyOut(id=one.id, header=b64encode(one.header).decode() if one.header else None)
            for one in resealing.field_keys(after=wanted.after, limit=wanted.limit)
        ],
    )


@router.post(
    "/former-keys/fields",
    response=answers(FieldsResealedOut, 409, 422),
    summary="Wrap keys of names, notes and tags anew",
    auth=Scope("recordings:reseal"),
)
def reseal_fields(request: HttpRequest, given: ResealFieldsIn) -> FieldsResealedOut:
    """All of them or none. A key that is not left is passed over. A header that is none is refused (400)."""
    here, now = overseeing(request), timezone.now()
    gate.ask(agreements.FIND_RECORDINGS, now=now)
    done = resealing.reseal_fields(
        {one.id: NewHeader(b64decode(one.header), b64decode(one.proof)) for one in given.keys},
        recipients=given.recipients,
        by=here.person.id,
        at=now,
    )
    return FieldsResealedOut(resealed=done, left=resealing.former().fields)


@router.post(
    "/recordings/{uuid:recording_id}/reseal",
    response=answers(ResealedOut, 404, 409, 422),
    url_name="reseal",
    summary="Seal a recording anew",
    auth=Scope("recordings:reseal"),
)
def reseal(request: HttpRequest, recording_id: UUID, given: ResealIn) -> ResealedOut:
    """The files keep what follows their headers. Refused (409) under a hold, by write-once, while it is recorded, and
    where only the provider holds the keys; a header that is none is refused too (400). Safe to repeat."""
    here, now = overseeing(request), timezone.now()
    gate.ask(agreements.FIND_RECORDINGS, now=now)
    entry = resealing.reseal(
        here.viewer,
        recording_id,
        {one.name: NewHeader(b64decode(one.header), b64decode(one.proof)) for one in given.files},
        recipients=given.recipients,
        at=now,
        store=recordings.installed_store(),
    )
    return ResealedOut(id=recording_id, evidence_id=entry, evidence_url=reverse("rest:entry", args=[entry]))


def _held(one: resealing.HeldHeaders) -> HeldOut:
    return HeldOut(
        id=one.recording_id,
        started_at=one.started_at,
        files=[
            HeaderOut(
                name=file.name,
                kind=file.kind,
                header=b64encode(file.header).decode() if file.header is not None else None,
            )
            for file in one.files
        ],
        url=reverse("rest:reseal", args=[one.recording_id]),
    )
