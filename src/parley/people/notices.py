"""Letters about new recordings: who wants to hear of which, what the customer lets be written, who is owed what.

What somebody is owed stands in rows until the letter that tells it was taken by a mail server. Whoever adds to what a
person is owed, or writes its letter, holds that person's choice locked: nothing is told twice, nothing is left behind.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from parley.people.errors import AccountRefused
from parley.people.evidence import leave
from parley.people.models import DueNotice, NoticeChoice, PeopleSettings, User
from parley.people.visibility import number_indexes

Calls = Literal["none", "own", "all"]
"""Which new recordings are told: none, those in which one's own numbers took part, all that one may see."""
CALLS: Final[tuple[Calls, ...]] = ("none", "own", "all")
Letters = Literal["off", "plain", "named"]
"""What the customer lets be written: no letters at all; link, time, duration and direction; who took part as well."""
LETTERS: Final[tuple[Letters, ...]] = ("off", "plain", "named")
BETWEEN: Final = timedelta(minutes=15)
"""A person is sent at most one letter in this time; what comes meanwhile is told together."""


@dataclass(frozen=True, kw_only=True)
class Owed:
    """What a person is to be told: `ids` of recordings, oldest first. Nothing before `not_before`, if given.

    `own`: of these only those in which one of its own numbers (`numbers`, blind indexes) took part.
    """

    user: User
    ids: tuple[UUID, ...]
    own: bool
    numbers: frozenset[bytes]
    not_before: datetime | None


def notice_letters() -> Letters:
    """What the customer in scope lets be written of new recordings."""
    kept = PeopleSettings.objects.values_list("notice_letters", flat=True).first() or "plain"
    return next(one for one in LETTERS if one == kept)


def let_write(letters: Letters, *, by: UUID, at: datetime) -> frozenset[tuple[UUID, UUID]]:
    """From now on letters about new recordings say this much, or are none: then what is owed is forgotten. The letters
    that say more than that and may not have left, as (person, letter). Leaves evidence. Raises AccountRefused."""
    if letters not in LETTERS:
        raise AccountRefused(f"letters: there is no {letters!r}", remedy=f"One of: {', '.join(LETTERS)}.")
    with transaction.atomic():
        before = notice_letters()
        if before == letters:
            return frozenset()
        PeopleSettings.objects.update_or_create(id=1, defaults={"notice_letters": letters})
        leave("people.notice-letters-set", at=at, user=str(by), before=before, letters=letters)
        if letters == "off":
            return _delete_locked(DueNotice.objects.all())
        return _letters(_locked(DueNotice.objects.exclude(letter=None))) if letters == "plain" else frozenset()


def notice_choice(user_id: UUID) -> Calls:
    """Which new recordings a person wants to be told of."""
    kept = NoticeChoice.objects.filter(user=user_id).values_list("calls", flat=True).first()
    return next((one for one in CALLS if one == kept), "none")


def choose_notices(user_id: UUID, calls: Calls) -> None:
    """A person chooses. What it is owed when it wants none is forgotten. Raises AccountRefused."""
    if calls not in CALLS:
        raise AccountRefused(f"calls: there is no {calls!r}", remedy=f"One of: {', '.join(CALLS)}.")
    with transaction.atomic():
        if calls != "none":
            NoticeChoice.objects.update_or_create(user_id=user_id, defaults={"calls": calls})
            return
        NoticeChoice.objects.filter(user=user_id).delete()
        _delete_locked(DueNotice.objects.filter(user=user_id, letter=None))


def anybody_wants() -> bool:
    """Whether anybody of the customer in scope is told of new recordings."""
    return NoticeChoice.objects.exists() and notice_letters() != "off"


def owe(recording: UUID, *, numbers: Collection[bytes], at: datetime) -> tuple[tuple[UUID, datetime], ...]:
    """Those who want to hear of a recording with these numbers, each with when its letter is due, are owed it from now
    on, in the caller's transaction. Who may see it is asked when the letter is written."""
    if notice_letters() == "off":
        return ()
    took_part = User.objects.filter(numbers__number_index__in=list(numbers)).values("id")
    wanted = Q(user__in=took_part) | (
        Q(calls="all")
        & (
            Q(user__level="complete")
            | (Q(user__level="group") & Q(user__groups__members__in=took_part))
            | Q(user__sees__group__members__in=took_part)
            | Q(user__sees__person__in=took_part)
        )
    )
    found = NoticeChoice.objects.filter(wanted, user__is_active=True).values("user_id")
    choices = list(NoticeChoice.objects.select_for_update().filter(user__in=found).order_by("user_id"))
    DueNotice.objects.bulk_create(
        [DueNotice(user_id=one.user_id, recording=recording, at=at) for one in choices], ignore_conflicts=True
    )
    now = max(at, datetime.now(UTC))  # after the lock: later than any letter that was written before
    return tuple((one.user_id, _due(one, now)) for one in choices)


def owed(user_id: UUID, *, at: datetime) -> Owed | None:
    """What a person is to be told now, locked until the end of the caller's transaction; None when there is nothing.

    What is owed to a closed account, or while the customer forbids such letters, is forgotten.
    """
    choice = NoticeChoice.objects.select_for_update().filter(user=user_id).first()
    rows = _locked(DueNotice.objects.filter(user=user_id, letter=None))
    user = User.objects.filter(id=user_id, is_active=True).first()
    if choice is None or user is None or notice_letters() == "off":
        DueNotice.objects.filter(id__in=[row.id for row in rows]).delete()
        return None
    due = _due(choice, at)
    if not rows:
        return None
    return Owed(
        user=user, ids=tuple(row.recording for row in rows), own=choice.calls == "own",
        numbers=number_indexes(users=[user.id]), not_before=due if due > at else None,
    )  # fmt: skip


def told(owing: Owed, *, letter: UUID | None, ids: Collection[UUID], at: datetime) -> None:
    """A letter tells of `ids` (None: there was nothing that the person may see); the rest of what was owed is not told
    at all."""
    rows = DueNotice.objects.filter(user=owing.user.id, letter=None, recording__in=owing.ids)
    if letter is not None:
        rows.filter(recording__in=list(ids)).update(letter=letter)
        NoticeChoice.objects.filter(user=owing.user.id).update(told_at=at)
    rows.delete()


def forget_letter(letter: UUID) -> None:
    """A letter is over: a server took it, or nobody will. What it told is owed no more."""
    _delete_locked(DueNotice.objects.filter(letter=letter))


def forget_notices(recordings: Sequence[UUID]) -> frozenset[tuple[UUID, UUID]]:
    """Nobody is owed these recordings any more, in the caller's transaction: they are erased. The letters that tell of
    them and may not have left, as (person, letter)."""
    return _delete_locked(DueNotice.objects.filter(recording__in=list(recordings)))


def owe_again(letter: UUID, user_id: UUID, *, at: datetime) -> datetime | None:
    """What a letter that was withdrawn told is owed anew; when the next letter is due, None when nothing is left."""
    choice = NoticeChoice.objects.filter(user=user_id).first()
    changed = DueNotice.objects.filter(letter=letter).update(letter=None)
    return _due(choice, at) if choice is not None and changed else None


def _delete_locked(rows: QuerySet[DueNotice]) -> frozenset[tuple[UUID, UUID]]:
    """Delete these rows; (person, letter) of those that a letter tells."""
    found = _locked(rows)
    DueNotice.objects.filter(id__in=[row.id for row in found]).delete()
    return _letters(found)


def _locked(rows: QuerySet[DueNotice]) -> list[DueNotice]:
    """These rows, locked in one order: two who do this never wait for each other."""
    return list(rows.select_for_update().order_by("id"))


def _letters(rows: Sequence[DueNotice]) -> frozenset[tuple[UUID, UUID]]:
    return frozenset((row.user_id, row.letter) for row in rows if row.letter is not None)


def _due(choice: NoticeChoice, at: datetime) -> datetime:
    return at if choice.told_at is None else max(at, choice.told_at + BETWEEN)
