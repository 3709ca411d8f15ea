"""Letters to persons as a store of personal data: found by address, handed out, removed with their row."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from parley.governance.incidents.models import Letter
from parley.inventory.api import CannotRectify, Erased, ExportOptions, Held, Sink, Store, Subject

NAME: Final = "incident-letters"
_KIND: Final = "letter"
_COLUMNS: Final = ("id", "drafted_at", "ordered_at", "address", "name", "subject", "text")


class Letters:
    """Letters of the customer in scope, one record each."""

    name = NAME
    offering = "shared-services"
    kinds: Mapping[str, str] = {_KIND: "a letter to a person about an incident"}
    models = frozenset({"incidents.Letter"})

    def find(self, subject: Subject) -> Sequence[Held]:
        wanted = Q(id__in=[record for name, record in subject.records if name == NAME])
        rows = _rows().annotate(small=Lower("address"))
        return [_held(row) for row in rows.filter(wanted | Q(small__in=subject.emails))]

    def older(self, kind: str, before: datetime, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        return [_held(row) for row in _after(_of(kind, before), after)[:limit]]

    def count_older(self, kind: str, before: datetime) -> int:
        return _of(kind, before).count()

    def every(self, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        return [_held(row) for row in _after(_rows(), after)[:limit]]

    def erase(self, ids: Sequence[UUID]) -> Erased:
        return Erased(records=Letter.objects.filter(id__in=ids).delete()[0])

    def present(self, ids: Sequence[UUID]) -> frozenset[UUID]:
        return frozenset(Letter.objects.filter(id__in=ids).values_list("id", flat=True))

    def write(self, ids: Sequence[UUID], sink: Sink, options: ExportOptions) -> Iterator[UUID]:  # noqa: ARG002
        for values in _rows().filter(id__in=ids).values(*_COLUMNS).iterator():
            sink.row("incident_letters", {column: values[column] for column in _COLUMNS})
            yield values["id"]

    def rectify(self, record: UUID, changes: Mapping[str, str]) -> tuple[str, ...]:  # noqa: ARG002
        raise CannotRectify("a letter says what was written", remedy="Draft it anew on the incident's page.")


STORE: Final[Store] = Letters()


def _rows() -> QuerySet[Letter]:
    return Letter.objects.order_by("drafted_at", "id")


def _of(kind: str, before: datetime) -> QuerySet[Letter]:
    return _rows().filter(drafted_at__lt=before) if kind == _KIND else _rows().none()


def _after(rows: QuerySet[Letter], after: Held | None) -> QuerySet[Letter]:
    if after is None:
        return rows
    return rows.filter(Q(drafted_at__gt=after.at) | Q(drafted_at=after.at, id__gt=after.id))


def _held(row: Letter) -> Held:
    return Held(store=NAME, kind=_KIND, id=row.id, at=row.drafted_at)
