"""What the order says beside the agreements."""

import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from parley.foundation.ids import new_id
from parley.governance.contract.errors import ContractRefused
from parley.governance.contract.gate import binding
from parley.governance.contract.models import OrderRecord
from parley.governance.contract.settling import settle_on_commit
from parley.governance.contract.types import Order
from parley.obligations import api as obligations

_ADDRESS: Final = re.compile(r"[^@\s,<>]+@[^@\s,<>]+\.[^@\s,<>]+")


def order() -> Order:
    """The order of the customer in scope."""
    row = OrderRecord.objects.filter(id=1).first()
    if row is None:
        return Order()
    return Order(
        reference=row.reference,
        zone=row.zone,
        notice_addresses=tuple(row.notice_addresses),
        privacy_contact=row.privacy_contact,
        export_intake=row.export_intake,
        processes_for_others=row.processes_for_others,
    )


def notice_addresses() -> tuple[str, ...]:
    """Where notices to the customer in scope go."""
    return order().notice_addresses


def set_notice_addresses(addresses: Sequence[str], *, by: str, at: datetime) -> None:
    """Where notices go from now on; `by` is the id of whoever says so. Raises ContractRefused for a bad address."""
    change_order(by=by, at=at, notice_addresses=tuple(addresses))


def change_order(*, by: str, at: datetime, **changes: Any) -> Order:
    """The order with some fields of `Order` changed; leaves evidence. Raises ContractRefused for what cannot be."""
    with transaction.atomic():
        row = locked_order()
        before = order()
        after = checked(replace(before, **changes))
        if after == before:
            return after
        for name, value in asdict(after).items():
            setattr(row, name, list(value) if isinstance(value, tuple) else value)
        row.save()
        changed: list[Any] = sorted(name for name in changes if getattr(before, name) != getattr(after, name))
        obligations.evidence(
            kind="order.changed",
            clause=binding().agreement.terms.notices.clause,
            details={"user": by, "fields": changed},
            at=at,
        )
        settle_on_commit(new_id(at=at))
    return after


def locked_order() -> OrderRecord:
    """The one row, made when missing, locked until the transaction ends: who changes the contract holds it."""
    OrderRecord.objects.bulk_create([OrderRecord(id=1)], ignore_conflicts=True)
    return OrderRecord.objects.select_for_update().get(id=1)


def checked(wanted: Order) -> Order:
    """The same order with addresses in small letters, each once. Raises ContractRefused."""
    addresses = tuple(dict.fromkeys(text.strip().lower() for text in wanted.notice_addresses if text.strip()))
    single = {name: getattr(wanted, name).strip() for name in ("privacy_contact", "export_intake")}
    for text in (*addresses, *(text for text in single.values() if text)):
        if not _ADDRESS.fullmatch(text):
            raise ContractRefused(
                "an e-mail address cannot be written to", remedy='Write it like "privacy@example.org".'
            )
    try:
        ZoneInfo(wanted.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ContractRefused("there is no such time zone", remedy='Write it like "Europe/Rome".') from error
    return replace(wanted, notice_addresses=addresses, **single)
