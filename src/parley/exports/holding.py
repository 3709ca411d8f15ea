"""Saved exports as a store: copies of records, found by whoever is in them, erased whole.

An export is a copy that can be made again: when somebody in it is erased, the whole of it goes.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from parley.agreement.api import CALL_RECORDING
from parley.exports.models import Export, ExportedPerson, ExportedRecord
from parley.exports.saved import indexes_of, object_key
from parley.inventory.api import CannotRectify, Erased, ExportOptions, Held, Sink, Subject
from parley.obligations import api as obligations
from parley.recordings.api import store_in_use

NAME: Final = "exports"
KIND: Final = "export"


class Exports:
    """The `inventory.Store` of saved exports."""

    name = NAME
    offering = CALL_RECORDING
    kinds: Mapping[str, str] = {KIND: "saved export"}
    models = frozenset({"exports.Export", "exports.ExportedPerson", "exports.ExportedRecord"})

    def find(self, subject: Subject) -> Sequence[Held]:
        """See Store: exports that hold the person, or a record that somebody pointed out."""
        wanted = Q(id__in=ExportedPerson.objects.filter(value__in=sorted(indexes_of(subject))).values("export"))
        pointed: dict[str, list[UUID]] = {}
        for store, record in subject.records:
            pointed.setdefault(store, []).append(record)
        for store, records in pointed.items():
            holding = ExportedRecord.objects.filter(store=store, record__in=records)
            wanted |= Q(id__in=records) if store == NAME else Q(id__in=holding.values("export"))
        rows = Export.objects.filter(wanted).order_by("asked_at", "id")
        return [_held(one, at) for one, at in rows.values_list("id", "asked_at")]

    def older(self, kind: str, before: datetime, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        """See Store."""
        return _page(Export.objects.filter(asked_at__lt=before), after, limit) if kind == KIND else []

    def count_older(self, kind: str, before: datetime) -> int:
        """See Store."""
        return Export.objects.filter(asked_at__lt=before).count() if kind == KIND else 0

    def every(self, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        """See Store."""
        return _page(Export.objects.all(), after, limit)

    def erase(self, ids: Sequence[UUID]) -> Erased:
        """See Store. One that is being made finds its row gone, and keeps nothing."""
        rows = list(Export.objects.select_for_update().filter(id__in=list(ids)).order_by("id"))
        objects = store_in_use().delete_many([object_key(one) for one in ids])
        for row in rows:
            obligations.forget_progress(f"exports.make:{row.id}")
            if row.state == "ready":
                obligations.cancel("export-made", str(row.id), at=datetime.now(UTC), reason="export erased")
            obligations.evidence(
                kind="export.erased",
                clause=row.clause,
                details={"export": str(row.id), "sealed_sha256": row.sealed_sha256, "records": row.records},
                at=datetime.now(UTC),
            )
        for model in (ExportedPerson, ExportedRecord):
            model.objects.filter(export__in=rows)._raw_delete("default")
        Export.objects.filter(id__in=[row.id for row in rows]).delete()
        return Erased(records=len(rows), objects=objects)

    def present(self, ids: Sequence[UUID]) -> frozenset[UUID]:
        """See Store."""
        left = set(Export.objects.filter(id__in=list(ids)).values_list("id", flat=True))
        store = store_in_use()
        return frozenset(left | {one for one in ids if one not in left and any(store.list(object_key(one)))})

    def write(self, ids: Sequence[UUID], sink: Sink, options: ExportOptions) -> Iterator[UUID]:
        """See Store: that there was an export, not its content once more."""
        for row in Export.objects.filter(id__in=list(ids)).order_by("asked_at", "id"):
            sink.row(NAME, _line(row, whole=options.subject is None or not options.redact_others))
            yield row.id

    def rectify(self, record: UUID, changes: Mapping[str, str]) -> tuple[str, ...]:  # noqa: ARG002
        """See Store."""
        raise CannotRectify("an export is a copy", remedy="Correct the record, withdraw the export, make it again.")


STORE: Final = Exports()


def _held(export: UUID, at: datetime) -> Held:
    return Held(store=NAME, kind=KIND, id=export, at=at)


def _page(rows: QuerySet[Export], after: Held | None, limit: int) -> list[Held]:
    if after is not None:
        rows = rows.filter(asked_at__gte=after.at).exclude(asked_at=after.at, id__lte=after.id)
    return [_held(one, at) for one, at in rows.order_by("asked_at", "id").values_list("id", "asked_at")[:limit]]


def _line(row: Export, *, whole: bool) -> dict[str, Any]:
    return {
        "export": str(row.id),
        "title": row.title if whole else "",
        "what": row.reason,
        "state": row.state,
        "asked_at": row.asked_at.isoformat(),
        "made_at": row.made_at.isoformat() if row.made_at else "",
        "expires_at": row.expires_at.isoformat() if row.expires_at else "",
        "records": row.records,
        "size": row.size,
        "sha256": row.sha256,
        "clause": row.clause,
    }
