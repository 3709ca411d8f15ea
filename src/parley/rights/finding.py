"""What is held of the person, in all stores, and what is left out. No part counts as all: each store must answer."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction

from parley.foundation.errors import ParleyError
from parley.inventory.api import Held, Subject, stores
from parley.rights import binding, notices
from parley.rights.errors import GateRefused, MoveRefused, NotAuthorised, NotVerified, RequestRefused, StaysOpen
from parley.rights.models import Finding, Request
from parley.rights.rules import LEFT_OUT, move
from parley.rights.sealed import canonical_email, canonical_phone, email_index, number_index, seal
from parley.rights.story import locked, sheet_place, tell
from parley.rights.types import ENDED, FoundRecord, FoundStore

_log = structlog.get_logger(__name__)
OWN_STORE: Final = "rights"
_ALSO: Final = "also"
_COPIES: Final = "exports"


def look(request_id: UUID, *, by: UUID, at: datetime, also: Subject | None = None) -> tuple[FoundStore, ...]:
    """Find the person in all stores, by the addresses that were verified; `also` is what the controller adds, and must
    give where the provider cannot open the request.

    Raises NotVerified, GateRefused, MoveRefused, RequestRefused for a sealed address that is another, and StaysOpen,
    with the reason kept, when a store does not answer.
    """
    with staying_open(request_id, at=at), transaction.atomic():
        row = locked(request_id)
        move(row.state, "look")
        seek(row, by=str(by), at=at, also=also)
        row.save()
        return summary(row)


def seek(row: Request, *, by: str, at: datetime, also: Subject | None = None) -> None:
    """Look into all stores for the locked row, and write down what is there; who is sought was verified before."""
    if row.identity != "verified":
        raise NotVerified("it is not known yet who asks", remedy="Verify the identity first.")
    decision = binding.ask(at=at)
    wanted = subject_of(row, also=also)
    if also:
        _keep(row, also, at=at)
    found = _everywhere(wanted)
    _write_down(row, found)
    row.looked_at, row.blocked = at, ""
    counts: dict[str, str | int | bool] = {
        f"in {name}": count for name, count in Counter(x.store for x in found).items()
    }
    tell(row, "looked", who=by, at=at, clause=decision.clause if decision else "", facts=counts)


def subject_of(row: Request, *, also: Subject | None = None) -> Subject:
    """Who is sought: the addresses of the request that were verified, and what the controller added.

    Raises NotVerified when nothing says who that is, RequestRefused when an address added for a sealed request is not
    the one that it names.
    """
    person = notices.opened(row)
    sealed = row.sealed is not None and not person
    added = also or _kept(person)
    if sealed and also is not None:
        _check_sealed(row, also)
    emails = [person["email"]] if person.get("email") and "email" in row.covers else []
    numbers = [person["number"]] if person.get("number") and "number" in row.covers else []
    wanted = Subject(
        emails=tuple(dict.fromkeys([*emails, *map(canonical_email, added.emails)])),
        numbers=tuple(dict.fromkeys([*numbers, *map(canonical_phone, added.numbers)])),
        user_ids=added.user_ids,
        records=added.records,
    )
    if not wanted:
        raise NotVerified(
            "nothing that was verified says who is sought",
            remedy="Open the request with your key and give its address." if sealed else "Verify an address of it.",
        )
    return wanted


def choose(request_id: UUID, *, store: str, records: Sequence[UUID], why: str, by: UUID, at: datetime) -> None:
    """Leave records out, for `why` ("not-this-person", "others-rights", "already-had"), or take them in again: "".

    Raises MoveRefused, RequestRefused.
    """
    if why not in LEFT_OUT - {"this-request", "open-request"}:
        raise RequestRefused("this is no reason to leave a record out", field="why")
    with transaction.atomic():
        row = locked(request_id)
        move(row.state, "choose")
        rows = Finding.objects.filter(request=row, store=store, record_id__in=list(records), outcome="")
        changed = rows.exclude(left_out__in=("this-request", "open-request")).update(left_out=why)
        tell(row, "chosen", who=str(by), at=at, facts={"store": store, "records": changed, "why": why})


def chosen(row: Request) -> list[Held]:
    """What was found and is not left out, and of which nothing came yet."""
    rows = Finding.objects.filter(request=row, left_out="").exclude(outcome__in=("erased", "kept"))
    return [
        Held(store=one.store, kind=one.kind, id=one.record_id, at=one.at) for one in rows.order_by("store", "at", "id")
    ]


def summary(row: Request) -> tuple[FoundStore, ...]:
    """What was found, store by store, in the stores' own order; every store stands there, also with nothing."""
    if row.looked_at is None:
        return ()
    lines = list(Finding.objects.filter(request=row).values_list("store", "kind", "left_out", "outcome"))
    known = stores()
    names = list(dict.fromkeys([*known.by_name, *(store for store, *_rest in lines)]))
    return tuple(
        FoundStore(
            store=name,
            offering=known[name].offering if name in known.by_name else "",
            kinds=dict(Counter(kind for store, kind, _why, _outcome in lines if store == name)),
            count=sum(store == name for store, *_rest in lines),
            left_out=sum(store == name and bool(why) for store, _kind, why, _outcome in lines),
            outcomes=dict(Counter(out for store, _kind, _why, out in lines if store == name and out)),
        )
        for name in names
    )


def found(request_id: UUID, *, store: str = "", after: UUID | None = None, limit: int = 200) -> tuple[FoundRecord, ...]:
    """The records that were found, store by store, oldest first; `after` is the id of the last one seen."""
    rows = Finding.objects.filter(request_id=request_id).order_by("id")
    if store:
        rows = rows.filter(store=store)
    if after is not None:
        last = rows.filter(record_id=after).values_list("id", flat=True).first()
        rows = rows.filter(id__gt=last or 0)
    return tuple(
        FoundRecord(
            store=one.store, kind=one.kind, id=one.record_id, at=one.at, left_out=one.left_out, outcome=one.outcome,
            law=one.law,
        )
        for one in rows[: max(1, min(limit, 1000))]
    )  # fmt: skip


@contextmanager
def staying_open(request_id: UUID, *, at: datetime) -> Iterator[None]:
    """What goes wrong inside is undone, and the request says why it stays open; a refusal of the deed itself passes."""
    try:
        yield
    except (MoveRefused, NotVerified, RequestRefused, GateRefused, NotAuthorised) as refused:
        raise refused from None
    except Exception as error:
        why = str(error) if isinstance(error, ParleyError) else f"a store did not answer ({type(error).__name__})"
        _log.warning("request stays open", request=str(request_id), error=type(error).__name__)
        with transaction.atomic():
            row = locked(request_id)
            row.blocked = why[:2000]
            row.save(update_fields=["blocked"])
            name = error.error_id if isinstance(error, ParleyError) else type(error).__name__
            tell(row, "stays-open", who="parley", at=at, facts={"error": name})
        raise StaysOpen(
            f"the request stays open: {why}", remedy="Look at what stopped it, and try again: nothing was half done."
        ) from error


def _everywhere(wanted: Subject) -> list[Held]:
    """What all stores have. Saved exports are asked last, for each record that was found too: where only the customer
    can open who is in one, it is known by what it holds."""
    names = stores().by_name
    found = [held for name in names if name != _COPIES for held in _of_store(name, wanted)]
    if _COPIES in names:
        records = (*wanted.records, *((held.store, held.id) for held in found))
        found += _of_store(_COPIES, replace(wanted, records=records))
    return found


def _of_store(name: str, wanted: Subject) -> Sequence[Held]:
    try:
        with transaction.atomic():
            return stores()[name].find(wanted)
    except (DatabaseError, OSError) as error:
        raise StaysOpen(f"the store {name} does not answer", remedy="Try again when it does.") from error


def _write_down(row: Request, found: Sequence[Held]) -> None:
    """The findings as they are now; what was left out, or came to an outcome, keeps it."""
    known = {(one.store, one.record_id): one for one in Finding.objects.filter(request=row)}
    now = {(held.store, held.id) for held in found}
    gone = [one.pk for key, one in known.items() if key not in now and not one.outcome]
    Finding.objects.filter(pk__in=gone).delete()
    still_open = _open_requests(found)
    Finding.objects.bulk_create(
        (
            Finding(
                request=row, store=held.store, kind=held.kind, record_id=held.id, at=held.at,
                left_out=_left_out(row, held, still_open),
            )
            for held in dict.fromkeys(found)
            if (held.store, held.id) not in known
        ),
        batch_size=1000,
    )  # fmt: skip


def _left_out(row: Request, held: Held, still_open: Collection[UUID]) -> str:
    if held.store != OWN_STORE:
        return ""
    if held.id == row.id:
        return "this-request"
    return "open-request" if held.id in still_open else ""


def _open_requests(found: Sequence[Held]) -> frozenset[UUID]:
    ids = [held.id for held in found if held.store == OWN_STORE]
    rows = Request.objects.filter(id__in=ids).exclude(state__in=list(ENDED))
    return frozenset(rows.values_list("id", flat=True))


def _check_sealed(row: Request, also: Subject) -> None:
    """What the customer opened with its own key is what the request holds: compared by blind index."""
    for addresses, index, kept in (
        (also.emails, email_index, row.email_index),
        (also.numbers, number_index, row.number_index),
    ):
        if addresses and kept is not None and bytes(kept) not in {index(one) for one in addresses}:
            raise RequestRefused("this is not the address of the request", field="also", remedy="Open it again.")


def _keep(row: Request, also: Subject, *, at: datetime) -> None:
    """What the controller added, sealed with who asks; a sealed sheet is not opened for it."""
    person = notices.opened(row)
    if not person:
        return
    kept = _kept(person)
    person[_ALSO] = "\n".join(
        [
            *(f"email {one}" for one in dict.fromkeys([*kept.emails, *also.emails])),
            *(f"number {one}" for one in dict.fromkeys([*kept.numbers, *also.numbers])),
            *(f"user {one}" for one in dict.fromkeys([*kept.user_ids, *also.user_ids])),
            *(f"record {store} {one}" for store, one in dict.fromkeys([*kept.records, *also.records])),
        ]
    )
    row.epoch, row.sealed = seal(person, place=sheet_place(row.id), at=at)


def _kept(person: dict[str, str]) -> Subject:
    lines = [line.split(" ") for line in person.get(_ALSO, "").splitlines()]
    return Subject(
        emails=tuple(rest[0] for kind, *rest in lines if kind == "email"),
        numbers=tuple(rest[0] for kind, *rest in lines if kind == "number"),
        user_ids=tuple(UUID(rest[0]) for kind, *rest in lines if kind == "user"),
        records=tuple((rest[0], UUID(rest[1])) for kind, *rest in lines if kind == "record"),
    )
