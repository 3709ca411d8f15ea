"""The outbox as a store of personal data: what was written to a person is found by its address, handed out, removed.

Removing blanks what a message says, its addresses and the answers of servers; the message itself stays, for evidence of
its dispatch names its id and hash.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from parley.inventory.api import CannotRectify, Erased, ExportOptions, Held, Sink, Store, Subject
from parley.mail.models import Message, Recipient

NAME: Final = "mail"
REMOVED: Final = "removed.invalid"
"""The domain of addresses that were removed (RFC 2606)."""
_COLUMNS: Final = ("id", "at", "purpose", "clause", "subject", "text", "state", "sent_at", "sha256")


class Outbox:
    """Messages of the customer in scope, one record each."""

    name = NAME
    offering = "shared-services"
    kinds: Mapping[str, str] = {"message": "an e-mail that was written to somebody"}
    models = frozenset({"mail.Message", "mail.Recipient"})

    def find(self, subject: Subject) -> Sequence[Held]:
        wanted = Q()
        for address in subject.emails:
            wanted |= Q(address__iexact=address)
        found: list[Held] = []
        if subject.emails:
            # Through the index of addresses, never message by message.
            ids = set(Recipient.objects.filter(wanted).values_list("message_id", flat=True))
            found = [_held(row) for row in _rows().filter(id__in=ids)]
        pointed = [record for name, record in subject.records if name == NAME]
        return _in_order([*found, *(_held(row) for row in _rows().filter(id__in=pointed))])

    def older(self, kind: str, before: datetime, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        rows = _rows().filter(created_at__lt=before) if kind in self.kinds else _rows().none()
        return [_held(row) for row in _after(rows, after)[:limit]]

    def count_older(self, kind: str, before: datetime) -> int:
        return _rows().filter(created_at__lt=before).count() if kind in self.kinds else 0

    def every(self, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        return [_held(row) for row in _after(_rows(), after)[:limit]]

    def erase(self, ids: Sequence[UUID]) -> Erased:
        with transaction.atomic():
            return Erased(records=sum(blank(one, whatever=True) for one in ids))

    def present(self, ids: Sequence[UUID]) -> frozenset[UUID]:
        named = Recipient.objects.filter(message=OuterRef("pk")).exclude(address__endswith=f"@{REMOVED}")
        left = Message.objects.filter(id__in=ids).filter(Q(blanked_at__isnull=True) | Exists(named))
        return frozenset(left.values_list("id", flat=True))

    def write(self, ids: Sequence[UUID], sink: Sink, options: ExportOptions) -> Iterator[UUID]:
        mine = {address.lower() for address in options.subject.emails} if options.subject else set()
        for row in _rows().filter(id__in=ids).prefetch_related("recipients").iterator(chunk_size=200):
            to = [
                one.address
                for one in row.recipients.all()
                if not (options.subject and options.redact_others) or one.address.lower() in mine
            ]
            values = (row.id, row.created_at, row.purpose, row.clause, row.subject, row.text, row.state, row.sent_at,
                      row.sha256)  # fmt: skip
            sink.row("messages", {**dict(zip(_COLUMNS, values, strict=True)), "to": " ".join(to)})
            yield row.id

    def rectify(self, record: UUID, changes: Mapping[str, str]) -> tuple[str, ...]:  # noqa: ARG002
        raise CannotRectify(
            "a message says what was sent", remedy="Send another that corrects it; correct the address at its source."
        )


STORE: Final[Store] = Outbox()


def blank(message_id: UUID, *, whatever: bool = False) -> bool:
    """Remove what a message says and to whom it went, in the caller's transaction; False when there was nothing to do.

    Waits while a recipient is still to be tried (False), unless `whatever`: then nothing is sent any more.
    """
    row = Message.objects.select_for_update().filter(id=message_id, blanked_at__isnull=True).first()
    if row is None or (not whatever and row.recipients.filter(state="queued").exists()):
        return False
    row.subject = row.text = row.html = row.signature = ""
    row.attachments, row.content, row.blanked_at, row.next_attempt = [], b"", datetime.now(UTC), None
    if row.state == "queued":
        row.state = "failed"
    row.save()
    for number, one in enumerate(row.recipients.order_by("id"), 1):
        one.address, one.answer = f"{number}@{REMOVED}", ""
        one.state = "failed" if one.state == "queued" else one.state
        one.save(update_fields=["address", "answer", "state"])
    return True


def blank_keyed(prefix: str) -> int:
    """Remove what the messages say whose key begins so, sent or not; how many there were."""
    found = Message.objects.filter(key__startswith=prefix, blanked_at__isnull=True).values_list("id", flat=True)
    return sum(blank(one, whatever=True) for one in list(found))


def _rows() -> QuerySet[Message]:
    rows = Message.objects.filter(blanked_at__isnull=True).defer("content", "html", "signature")
    return rows.order_by("created_at", "id")


def _after(rows: QuerySet[Message], after: Held | None) -> QuerySet[Message]:
    if after is None:
        return rows
    return rows.filter(Q(created_at__gt=after.at) | Q(created_at=after.at, id__gt=after.id))


def _held(row: Message) -> Held:
    return Held(store=NAME, kind="message", id=row.id, at=row.created_at)


def _in_order(found: Sequence[Held]) -> Sequence[Held]:
    return sorted(dict.fromkeys(found), key=lambda one: (one.at, one.id))
