"""The customer confirms its end: destroy now instead of on the day. The one deed of a departure that nobody undoes.

Signed in to the console a person confirms in its own name. By the public link the address alone does not suffice: it
stands in letters, histories and logs of proxies. A code goes to the contract's registered addresses; it has six digits,
lives CODE_LIVES, bears CODE_TRIES tries, and there are CODES_A_DAY, counted in the database. Why a code does not open
(wrong, old, worn out, used) is not told.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from django.db import transaction

from parley.foundation.ids import new_id
from parley.lifecycle import letters
from parley.lifecycle.desk import desk, done, expect, facts, locked, rows, save
from parley.lifecycle.errors import CodeRefused, DepartureRefused
from parley.lifecycle.models import Code, Departure, Return
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

CONFIRMED, CODE_SENT = "lifecycle.confirmed", "lifecycle.code-sent"
CODE_LIVES: Final = timedelta(minutes=15)
CODE_TRIES: Final = 3
CODES_A_DAY: Final = 5
_DIGITS: Final = 6


def confirm_end(departure_id: UUID, *, by: str, at: datetime) -> None:
    """Somebody who is signed in confirms that nothing more is wanted: destroy now. Raises DepartureRefused."""
    with desk(), transaction.atomic():
        row = locked(departure_id)
        _check_possible(row)
        _confirm(row, by=by, means="account", at=at)


def send_code(departure_id: UUID, *, at: datetime) -> datetime:
    """Mail a code to the contract's addresses; until when it is good. Those before it are worth nothing any more.

    Raises DepartureRefused where there is nothing to confirm, CodeRefused after too many codes or without an address.
    """
    with desk(), transaction.atomic():
        row = locked(departure_id)
        _check_possible(row)
        if not row.addresses:
            raise CodeRefused(
                "the contract names no address that a code could go to",
                remedy="Confirm in the console while it is open, or wait for the day.",
            )
        known = rows(Code).filter(departure=row)
        if known.filter(made_at__gt=at - timedelta(days=1)).count() >= CODES_A_DAY:
            raise CodeRefused("too many codes were asked for", remedy="Ask again tomorrow, or write to the provider.")
        known.filter(expires_at__gt=at).update(expires_at=at)
        code, code_id = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}", new_id(at=at)
        made = Code(
            id=code_id, departure=row, digest=_digest(code_id, code), made_at=at, expires_at=at + CODE_LIVES
        )  # fmt: skip
        made.save(using="default", force_insert=True)
        letters.code(row, code=code, code_id=code_id, minutes=int(CODE_LIVES.total_seconds() // 60))
        _evidence(row, CODE_SENT, {"addresses": len(row.addresses)}, at=at)
    return made.expires_at


def confirm_by_code(departure_id: UUID, code: str, *, at: datetime) -> None:
    """Whoever follows the link confirms with the code that was mailed. Raises DepartureRefused, CodeRefused."""
    with desk(), transaction.atomic():
        row = locked(departure_id)
        _check_possible(row)
        right = _tried(row, "".join(code.split()), at=at)
        if right is not None:
            right.used_at = at
            right.save(using="default", update_fields=["used_at"])
            _confirm(row, by="", means="code", at=at)
    if right is None:  # outside: the try counts
        raise CodeRefused(
            "the code is not right, or it is too old, or was tried too often", remedy="Ask for a new one."
        )


def forget_codes(row: Departure) -> None:
    """Delete the codes of a departure, in the caller's transaction in the provider's scope."""
    rows(Code).filter(departure=row).delete()


def _check_possible(row: Departure) -> None:
    if row.state not in {"ended", "blocked"} or done(row, "keys") is not None:
        raise DepartureRefused("there is nothing left to confirm", remedy="See the statements and the certificate.")
    if row.confirmed_at is not None:
        raise DepartureRefused("the end was confirmed before", remedy="The destruction goes on by itself.")
    if rows(Return).filter(departure=row, state="asked").exists():
        raise DepartureRefused(
            "an export is being made", remedy="Wait for it and fetch it: the destruction takes it as well."
        )


def _confirm(row: Departure, *, by: str, means: Literal["account", "code"], at: datetime) -> None:
    save(row, confirmed_at=at, confirmed_by=by)
    _evidence(row, CONFIRMED, {"user": by, "means": means}, at=at)
    if row.state == "ended":
        expect(row, "close", due=max(at, row.ends_at), cause="confirmed")
    elif done(row, "live") is not None:
        expect(row, "keys", due=at, cause="confirmed")


def _tried(row: Departure, code: str, *, at: datetime) -> Code | None:
    """The live code that this is; it counts the try, right or wrong."""
    live = rows(Code).filter(departure=row, used_at__isnull=True, expires_at__gt=at, tries__lt=CODE_TRIES).first()
    if live is None:
        return None
    live.tries += 1
    live.save(using="default", update_fields=["tries"])
    return live if hmac.compare_digest(_digest(live.id, code), bytes(live.digest)) else None


def _digest(code_id: UUID, code: str) -> bytes:
    """What the row holds of a code: keyed, for six digits are soon tried out."""
    key = tenancy.keyring().index_key(tenancy.current(), "end code")
    return hmac.digest(key, code_id.bytes + code.encode(), "sha256")


def _evidence(row: Departure, kind: str, details: dict[str, str | int], *, at: datetime) -> None:
    obligations.evidence(
        kind=kind,
        clause=facts(row).clauses["destroy"],
        details={"departure": str(row.id), "customer": str(row.customer_id), **details},
        at=at,
    )
