"""One-time codes (RFC 6238) and recovery codes: a second proof of who signs in.

Codes have six digits of HMAC-SHA-1 and change every 30 seconds, as authenticator apps expect. A code of the step before
or after is taken too (RFC 6238 section 5.2), none twice. Five failures in a row lock the second step for 15 minutes.
"""

import base64
import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.db import transaction

from parley.people.accounts import account
from parley.people.errors import FactorRefused
from parley.people.evidence import leave
from parley.people.models import OneTimeCodes, Passkey, RecoveryCode, User
from parley.people.rules import ACCOUNT_FAILURES
from parley.people.secrets import seal, unseal
from parley.people.signing import count_failure, forget_failures, refuse_when_locked, subject
from parley.people.types import Means
from parley.sealing.api import blind_index
from parley.tenancy.api import current, keyring

STEP: Final = 30
DIGITS: Final = 6
RECOVERY_CODES: Final = 10
_SECRET_BYTES: Final = 20  # what RFC 4226 section 4 recommends
_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_HALF: Final = 5


@dataclass(frozen=True, kw_only=True)
class PasskeyView:
    """A passkey as its owner's page lists it."""

    id: UUID
    name: str
    host: str
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Factors:
    """What somebody can prove itself with besides a password."""

    codes_since: datetime | None
    recovery_codes: int
    passkeys: tuple[PasskeyView, ...]

    @property
    def any(self) -> bool:
        """Whether there is a second factor; recovery codes alone are none."""
        return self.codes_since is not None or bool(self.passkeys)


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """What an authenticator app is given: the secret in base 32, and the same as an address for a QR code."""

    secret: str
    uri: str


def factors(user: User) -> Factors:
    """The second factors of `user`."""
    codes = OneTimeCodes.objects.filter(user=user, confirmed_at__isnull=False).first()
    return Factors(
        codes_since=codes.confirmed_at if codes else None,
        recovery_codes=user.recovery_codes.count(),
        passkeys=tuple(
            PasskeyView(id=row.id, name=row.name, host=row.rp_id, made_at=row.made_at, used_at=row.used_at)
            for row in user.passkeys.order_by("made_at")
        ),
    )


def begin_codes(user: User, *, at: datetime) -> Enrolment:
    """A new secret for the app of `user`; it counts once it showed a code. Raises FactorRefused while one does."""
    with transaction.atomic():
        account(user.id)
        if OneTimeCodes.objects.filter(user=user, confirmed_at__isnull=False).exists():
            raise FactorRefused("one-time codes are set up already", remedy="Remove them first.")
        secret = os.urandom(_SECRET_BYTES)
        OneTimeCodes.objects.update_or_create(
            user=user, defaults={"sealed": seal(secret, place=_place(user)), "made_at": at, "last_step": 0}
        )
    return _enrolment(user, secret)


def unfinished(user: User) -> Enrolment | None:
    """The secret that waits for its first code."""
    row = OneTimeCodes.objects.filter(user=user, confirmed_at__isnull=True).first()
    return _enrolment(user, unseal(row.sealed, place=_place(user))) if row else None


def confirm_codes(user: User, code: str, *, at: datetime) -> tuple[str, ...]:
    """The app shows the right code: codes count from now on. Recovery codes, to be shown once. Raises FactorRefused."""
    with transaction.atomic():
        row = OneTimeCodes.objects.select_for_update().filter(user=user, confirmed_at__isnull=True).first()
        step = _step_of(row, code, at=at) if row else None
        if row is None or step is None:
            raise FactorRefused(
                "this is not the code that the app shows now", remedy="Wait for the next one; check the device's clock."
            )
        row.confirmed_at, row.last_step = at, step
        row.save(update_fields=["confirmed_at", "last_step"])
        leave("person.factor-added", at=at, person=str(user.id), factor="codes")
        return _fresh_recovery_codes(user)


def renew_recovery_codes(user: User, *, at: datetime) -> tuple[str, ...]:
    """Ten others; those before count no more. Raises FactorRefused for somebody without a second factor."""
    with transaction.atomic():
        if not factors(user).any:
            raise FactorRefused("recovery codes stand in for a second factor", remedy="Set one up first.")
        leave("person.recovery-codes-made", at=at, person=str(user.id))
        return _fresh_recovery_codes(user)


def remove_codes(user: User, *, by: UUID, at: datetime) -> None:
    """One-time codes of `user` count no more; leaves evidence."""
    with transaction.atomic():
        if OneTimeCodes.objects.filter(user=user).delete()[0]:
            leave("person.factor-removed", at=at, person=str(user.id), factor="codes", user=str(by))
        _drop_lonely_codes(user)


def remove_passkey(user: User, passkey: UUID, *, by: UUID, at: datetime) -> None:
    """A passkey of `user` signs in no more; leaves evidence."""
    with transaction.atomic():
        if Passkey.objects.filter(pk=passkey, user=user).delete()[0]:
            leave("person.factor-removed", at=at, person=str(user.id), factor="passkey", user=str(by))
        _drop_lonely_codes(user)


def remove_factors(user_id: UUID, *, by: UUID, at: datetime) -> None:
    """An administrator takes all second factors of somebody who lost them; leaves evidence."""
    with transaction.atomic():
        user = account(user_id)
        for one in list(user.passkeys.values_list("id", flat=True)):
            remove_passkey(user, one, by=by, at=at)
        remove_codes(user, by=by, at=at)


def check_code(user: User, code: str, *, at: datetime) -> Means:
    """What a code proves: a one-time code, or a recovery code, which is spent by it.

    Raises FactorRefused, and SignInLocked after five failures in a row.
    """
    counted = subject("factor", str(user.id))
    refuse_when_locked((counted,), now=at)
    plain = "".join(code.split()).replace("-", "").upper()
    if means := _proved(user, plain, at=at):
        forget_failures(counted)
        return means
    count_failure(counted, limit=ACCOUNT_FAILURES, now=at, about={"of": "second-factor", "person": str(user.id)})
    raise FactorRefused("the code is wrong", remedy="Use the code that your app shows now, or a recovery code.")


def code_at(secret: str, moment: datetime) -> str:
    """The code of a secret (base 32) at `moment`: what an app computes."""
    return _codes(base64.b32decode(secret)).generate(int(moment.timestamp())).decode()


def _proved(user: User, plain: str, *, at: datetime) -> Means | None:
    if len(plain) == DIGITS and plain.isdigit():
        with transaction.atomic():
            row = OneTimeCodes.objects.select_for_update().filter(user=user, confirmed_at__isnull=False).first()
            step = _step_of(row, plain, at=at) if row else None
            if row is None or step is None:
                return None
            row.last_step = step
            row.save(update_fields=["last_step"])
            return "codes"
    if RecoveryCode.objects.filter(user=user, digest=_digest(user, plain)).delete()[0]:
        leave("person.recovery-code-used", at=at, person=str(user.id), left=user.recovery_codes.count())
        return "recovery"
    return None


def _step_of(row: OneTimeCodes, code: str, *, at: datetime) -> int | None:
    """The time step whose code it is, of the one now and its neighbours, unless that or a later one was taken."""
    codes, now = _codes(unseal(row.sealed, place=_place(row.user))), int(at.timestamp()) // STEP
    given = "".join(code.split()).encode()
    found = None
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(codes.generate(step * STEP), given) and step > row.last_step:
            found = step
    return found


def _codes(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP)  # noqa: S303 - SHA-1 inside HMAC, as RFC 6238 and every app have it


def _fresh_recovery_codes(user: User) -> tuple[str, ...]:
    made = ["".join(secrets.choice(_ALPHABET) for _ in range(2 * _HALF)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digest(user, one)) for one in made)
    return tuple(f"{one[:_HALF]}-{one[_HALF:]}" for one in made)


def _drop_lonely_codes(user: User) -> None:
    """Recovery codes stand in for a second factor: without one they are a second password."""
    if not factors(user).any:
        RecoveryCode.objects.filter(user=user).delete()


def _digest(user: User, plain: str) -> bytes:
    return blind_index(keyring().index_key(current(), "recovery codes"), field=str(user.id), value=plain)


def _enrolment(user: User, secret: bytes) -> Enrolment:
    text, customer = base64.b32encode(secret).decode(), current()
    label = quote(f"{customer.name}:{user.email}")
    query = urlencode({"secret": text, "issuer": customer.name, "digits": DIGITS, "period": STEP}, quote_via=quote)
    return Enrolment(secret=text, uri=f"otpauth://totp/{label}?{query}")


def _place(user: User) -> str:
    return f"one-time-codes:{user.id}"
