"""Signing in by password, and what locks it: failures in a row, counted by account and by address."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil

from django.contrib.auth.hashers import check_password, make_password
from django.db import connection, transaction

from parley.people.errors import SignInLocked, SignInRefused
from parley.people.evidence import leave
from parley.people.models import SignInAttempts, User
from parley.people.rules import ACCOUNT_FAILURES, ADDRESS_FAILURES, FORGOTTEN_AFTER, Attempts, after_failure
from parley.sealing.api import blind_index
from parley.tenancy.api import current, keyring

_KEPT = timedelta(days=1)


def authenticate(*, email: str, password: str, address: str, at: datetime) -> User:
    """The account of the customer in scope that `email` and `password` belong to.

    `address` is where the attempt comes from. Raises SignInRefused, and SignInLocked after too many failures in a row
    of the account (5) or from the address (20), known or not: for 15 minutes the right password does not help either.
    """
    account_subject = subject("account", email.strip().lower())
    address_subject = subject("address", address)
    refuse_when_locked((account_subject, address_subject), now=at)
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is None:
        make_password(password)  # as slow as a check: the time does not tell which accounts exist
    elif check_password(password, user.password):
        SignInAttempts.objects.filter(subject=account_subject).delete()
        return user
    count_failure(account_subject, limit=ACCOUNT_FAILURES, now=at, about={"of": "account", **_person(user)})
    count_failure(address_subject, limit=ADDRESS_FAILURES, now=at, about={"of": "address"})
    raise SignInRefused


def subject(kind: str, value: str) -> bytes:
    """Whose failures are counted, unreadable without the customer's key."""
    return blind_index(keyring().index_key(current(), "sign-in"), field=kind, value=value)


def refuse_when_locked(subjects: tuple[bytes, ...], *, now: datetime) -> None:
    """Raises SignInLocked while one of `subjects` is locked."""
    remaining = [_attempts(row).locked(now) for row in SignInAttempts.objects.filter(subject__in=subjects)]
    if longest := max((left for left in remaining if left is not None), default=None):
        raise SignInLocked(minutes=ceil(longest / timedelta(minutes=1)))


def count_failure(counted: bytes, *, limit: int, now: datetime, about: Mapping[str, str]) -> None:
    """One more failure. Attempts at the same time wait for each other, so that none goes uncounted.

    A lock-out leaves evidence: whether an account or an address is locked, and whose account it is.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(counted[-8:], "big", signed=True)])
        row = SignInAttempts.objects.filter(subject=counted).first()
        after = after_failure(_attempts(row) if row else None, limit=limit, now=now)
        SignInAttempts.objects.update_or_create(
            subject=counted,
            defaults={"failures": after.failures, "last": after.last, "locked_until": after.locked_until},
        )
        if after.locked_until is not None:
            leave("person.locked-out", at=now, until=after.locked_until.isoformat(), **about)
    SignInAttempts.objects.filter(last__lt=now - max(_KEPT, FORGOTTEN_AFTER)).delete()


def forget_failures(counted: bytes) -> None:
    """Success ends counting."""
    SignInAttempts.objects.filter(subject=counted).delete()


def _person(user: User | None) -> dict[str, str]:
    return {"person": str(user.id)} if user else {}


def _attempts(row: SignInAttempts) -> Attempts:
    return Attempts(failures=row.failures, last=row.last, locked_until=row.locked_until)
