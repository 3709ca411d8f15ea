"""Accounts as a store of personal data: found by address, id or number, handed out, closed and blanked.

An account that is active is not erased: its owner works with it, and who let people in is proved by it. It is closed
first. A blanked account keeps its id, which evidence names, and nothing that says whose it was.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q, QuerySet

from parley.inventory.api import CannotRectify, Erased, ExportOptions, Held, Sink, Store, Subject
from parley.people.errors import PeopleError
from parley.people.models import (
    Addition,
    DueNotice,
    ExternalIdentity,
    NoticeChoice,
    OneTimeCodes,
    Passkey,
    RecoveryCode,
    SavedSearch,
    SignIn,
    User,
    UserNumber,
)
from parley.people.searches import searches_of
from parley.people.types import LEVEL_OF
from parley.sealing.api import blind_index, open_bytes
from parley.tenancy import api as tenancy

NAME: Final = "people"
REMOVED: Final = "removed.invalid"
"""The domain of addresses of blanked accounts (RFC 2606)."""
_BESIDE: Final = (
    *(UserNumber, Addition, SignIn, OneTimeCodes, RecoveryCode, Passkey, ExternalIdentity, SavedSearch),
    *(NoticeChoice, DueNotice),
)
"""What belongs to one account and goes with it."""


class AccountActive(PeopleError):
    """An active account is not erased."""

    error_id: ClassVar[str] = "people.account-active"


class Accounts:
    """Accounts of whoever is in scope, one record each; blanked ones are no record any more."""

    name = NAME
    offering = "shared-services"
    kinds: Mapping[str, str] = {"account": "an account of somebody who signs in"}
    models = frozenset(
        {
            "people.User", "people.UserNumber", "people.User_groups", "people.Addition", "people.SignIn",
            "people.OneTimeCodes", "people.RecoveryCode", "people.Passkey", "people.ExternalIdentity",
            "people.SavedSearch", "people.NoticeChoice", "people.DueNotice",
        }
    )  # fmt: skip

    def find(self, subject: Subject) -> Sequence[Held]:
        pointed = [record for name, record in subject.records if name == NAME]
        wanted = Q(id__in=[*subject.user_ids, *pointed]) | Q(email__in=[one.lower() for one in subject.emails])
        if subject.numbers:
            key = tenancy.keyring().index_key(tenancy.current(), "number")
            indexes = [blind_index(key, field="number", value=one) for one in subject.numbers]
            wanted |= Q(id__in=UserNumber.objects.filter(number_index__in=indexes).values("user_id"))
        return [_held(row) for row in _rows().filter(wanted)]

    def older(self, kind: str, before: datetime, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        """Closed ones only: how long an account is open is no question of age."""
        rows = _rows().filter(is_active=False, created_at__lt=before) if kind in self.kinds else _rows().none()
        return [_held(row) for row in _after(rows, after)[:limit]]

    def count_older(self, kind: str, before: datetime) -> int:
        return _rows().filter(is_active=False, created_at__lt=before).count() if kind in self.kinds else 0

    def every(self, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        return [_held(row) for row in _after(_rows(), after)[:limit]]

    def erase(self, ids: Sequence[UUID]) -> Erased:
        """Raises AccountActive for one that is not closed."""
        with transaction.atomic():
            rows = list(_rows().select_for_update().filter(id__in=ids))
            if any(row.is_active for row in rows):
                raise AccountActive(
                    "an account that is active is not erased",
                    remedy="Close the account first, under Settings, People; then try again.",
                )
            for row in rows:
                row.email, row.name, row.password = f"{row.id}@{REMOVED}", "", make_password(None)
                row.last_login, row.main_group, row.may_download, row.may_delete = None, None, False, False
                row.level = next(level for role, level in LEVEL_OF.items() if role == row.role)
                row.save()
                row.groups.clear()
            for model in _BESIDE:
                model.objects.filter(user__in=rows).delete()
            Addition.objects.filter(person__in=rows).delete()
        return Erased(records=len(rows))

    def present(self, ids: Sequence[UUID]) -> frozenset[UUID]:
        left = {
            one for model in _BESIDE for one in model.objects.filter(user__in=ids).values_list("user_id", flat=True)
        }
        return frozenset(_rows().filter(id__in=ids).values_list("id", flat=True)) | left

    def write(self, ids: Sequence[UUID], sink: Sink, options: ExportOptions) -> Iterator[UUID]:  # noqa: ARG002
        identities = tenancy.keyring().identities(tenancy.current())
        for row in _rows().filter(id__in=ids).select_related("main_group").prefetch_related("groups", "numbers"):
            numbers = [
                open_bytes(bytes(one.sealed), identities).decode() if identities else bytes(one.sealed).hex()
                for one in row.numbers.all()
            ]
            sink.row(
                "accounts",
                {
                    "id": row.id, "email": row.email, "name": row.name, "role": row.role, "active": row.is_active,
                    "created_at": row.created_at, "last_login": row.last_login, "numbers": " ".join(numbers),
                    "groups": ", ".join(group.name for group in row.groups.all()),
                    "main_group": row.main_group.name if row.main_group else "", "level": row.level,
                    "may_download": row.may_download, "may_delete": row.may_delete,
                },
            )  # fmt: skip
            _write_beside(row, sink)
            yield row.id

    def rectify(self, record: UUID, changes: Mapping[str, str]) -> tuple[str, ...]:
        """Corrects "name". Raises CannotRectify for everything else."""
        unknown = set(changes) - {"name"}
        if unknown or not changes.get("name", "").strip():
            raise CannotRectify(
                "only the name of an account is corrected here",
                remedy="Make a new account for another address, and close this one.",
            )
        return ("name",) if _rows().filter(id=record).update(name=changes["name"].strip()[:200]) else ()


STORE: Final[Store] = Accounts()


def _write_beside(row: User, sink: Sink) -> None:
    """Sessions, passkeys, saved searches, whom the person may see, what it is told; secrets are not handed out."""
    for kept in searches_of(row.id):
        sink.row(
            "searches",
            {
                "account": row.id, "at": kept.at, "shared": kept.shared, "name": kept.name or "",
                "query": kept.query or "", "sealed": "" if kept.name is not None else kept.sealed,
                "key": "" if kept.name is not None else kept.wrapped,
            },
        )  # fmt: skip
    for one in row.sign_ins.order_by("started_at"):
        sink.row(
            "sessions",
            {
                "account": row.id, "started_at": one.started_at, "seen_at": one.seen_at, "place": one.place,
                "browser": one.browser, "means": one.means,
            },
        )  # fmt: skip
    for key in row.passkeys.order_by("made_at"):
        sink.row(
            "passkeys",
            {"account": row.id, "name": key.name, "host": key.rp_id, "made_at": key.made_at, "used_at": key.used_at},
        )
    for seen in row.sees.order_by("id"):
        sink.row("sees", {"account": row.id, "group": seen.group_id, "person": seen.person_id})
    for choice in NoticeChoice.objects.filter(user=row):
        sink.row("notices", {"account": row.id, "calls": choice.calls, "told_at": choice.told_at})
    for due in row.due_notices.order_by("id"):
        sink.row(
            "due_notices", {"account": row.id, "recording": due.recording, "at": due.at, "letter": due.letter or ""}
        )


def _rows() -> QuerySet[User]:
    return User.objects.exclude(email__endswith=f"@{REMOVED}").order_by("created_at", "id")


def _after(rows: QuerySet[User], after: Held | None) -> QuerySet[User]:
    if after is None:
        return rows
    return rows.filter(Q(created_at__gt=after.at) | Q(created_at=after.at, id__gt=after.id))


def _held(row: User) -> Held:
    return Held(store=NAME, kind="account", id=row.id, at=row.created_at)
