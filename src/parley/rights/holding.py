"""Requests as a store of personal data: who asked for what is found, handed out with the letter of Art. 15, removed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from parley.inventory.api import CannotRectify, Erased, ExportOptions, Held, Sink, Store, Subject
from parley.rights import article15
from parley.rights.finding import OWN_STORE
from parley.rights.forgetting import remove
from parley.rights.models import Event, Request
from parley.rights.sealed import Reader, email_index, number_index
from parley.rights.story import place_of, sheet_place

_LETTER_FOR: Final = frozenset({"access", "portability"})


class Requests:
    """Requests of whoever is in scope, one record each; those whose identity was removed are no record any more."""

    name = OWN_STORE
    offering = "shared-services"
    kinds: Mapping[str, str] = {"request": "a person's request, and how it was answered"}
    models = frozenset({"rights.Request", "rights.Event", "rights.Finding", "rights.Code"})

    def find(self, subject: Subject) -> Sequence[Held]:
        wanted = Q(id__in=[record for name, record in subject.records if name == self.name])
        if subject.emails:
            wanted |= Q(email_index__in=[email_index(one) for one in subject.emails])
        if subject.numbers:
            wanted |= Q(number_index__in=[number_index(one) for one in subject.numbers])
        return [_held(row) for row in _rows().filter(wanted)]

    def older(self, kind: str, before: datetime, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        rows = _rows().filter(ended_at__isnull=False, received_at__lt=before) if kind in self.kinds else _rows().none()
        return [_held(row) for row in _after(rows, after)[:limit]]

    def count_older(self, kind: str, before: datetime) -> int:
        if kind not in self.kinds:
            return 0
        return _rows().filter(ended_at__isnull=False, received_at__lt=before).count()

    def every(self, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        return [_held(row) for row in _after(_rows(), after)[:limit]]

    def erase(self, ids: Sequence[UUID]) -> Erased:
        with transaction.atomic():
            rows = Request.objects.select_for_update().filter(id__in=ids).order_by("id")
            return Erased(records=sum(remove(row, at=datetime.now(UTC)) for row in rows))

    def present(self, ids: Sequence[UUID]) -> frozenset[UUID]:
        words = Event.objects.filter(request_id__in=ids, sealed__isnull=False).values_list("request_id", flat=True)
        return frozenset(_rows().filter(id__in=ids).values_list("id", flat=True)) | frozenset(words)

    def write(self, ids: Sequence[UUID], sink: Sink, options: ExportOptions) -> Iterator[UUID]:
        reader = Reader.here()
        for row in _rows().filter(id__in=ids).select_related("epoch").iterator(chunk_size=100):
            person = reader.read(row.sealed, row.epoch, place=sheet_place(row.id))
            sealed = "" if reader.can_open or row.sealed is None else bytes(row.sealed).hex()
            sink.row(
                "requests",
                {
                    "id": row.id, "reference": row.tag, "kinds": " ".join(row.kinds), "channel": row.channel,
                    "state": row.state, "received_at": row.received_at, "due": row.due, "ended_at": row.ended_at,
                    "identity": row.identity, "means": row.means, "ground": row.ground,
                    "name": person.get("name", ""), "email": person.get("email", ""),
                    "number": person.get("number", ""), "text": person.get("text", ""), "sealed": sealed,
                },
            )  # fmt: skip
            self._write_story(row, reader, sink, of_person=options.subject is not None)
            # The letter goes with the copy that the person asked for, not with the customer's own export.
            if options.subject is not None and _LETTER_FOR & set(row.kinds):
                _write_letter(row, sink)
            yield row.id

    def rectify(self, record: UUID, changes: Mapping[str, str]) -> tuple[str, ...]:  # noqa: ARG002
        raise CannotRectify("a request says what was asked", remedy="The person adds to it, or withdraws it.")

    def _write_story(self, row: Request, reader: Reader, sink: Sink, *, of_person: bool) -> None:
        for one in Event.objects.filter(request=row).select_related("epoch").order_by("number"):
            # What the customer's people note for themselves is not the person's data alone (Art. 15(4)).
            if of_person and one.what == "note":
                continue
            said = reader.read(one.sealed, one.epoch, place=place_of(row.id, one.number)).get("said", "")
            sealed = "" if reader.can_open or one.sealed is None else bytes(one.sealed).hex()
            sink.row(
                "request-story",
                {"request": row.id, "number": one.number, "at": one.at, "what": one.what, "said": said,
                 "sealed": sealed},
            )  # fmt: skip


STORE: Final[Store] = Requests()


def _write_letter(row: Request, sink: Sink) -> None:
    letter = article15.told(tag=row.tag, received_at=row.received_at, at=datetime.now(UTC))
    with sink.file(f"letter-{row.tag}.html", "text/html") as file:
        file.write(article15.as_html(letter))
    with sink.file(f"letter-{row.tag}.pdf", "application/pdf") as file:
        file.write(article15.as_pdf(letter))


def _rows() -> QuerySet[Request]:
    return Request.objects.filter(removed_at__isnull=True).order_by("received_at", "id")


def _after(rows: QuerySet[Request], after: Held | None) -> QuerySet[Request]:
    if after is None:
        return rows
    return rows.filter(Q(received_at__gt=after.at) | Q(received_at=after.at, id__gt=after.id))


def _held(row: Request) -> Held:
    return Held(store=OWN_STORE, kind="request", id=row.id, at=row.received_at)
