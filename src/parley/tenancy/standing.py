"""How each customer stands, in the register, and the texts of agreements that somebody signed.

The truth about a signature, an instruction or a grant is a row in the customer's own database; the standing is what
follows from all of them for the gate. It is changed under a lock, so that two changes at once both hold.
"""

import hashlib
import json
import time
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.db import transaction

from parley.agreement.api import Standing, standing_from_json
from parley.tenancy import models
from parley.tenancy.customers import current, of_row
from parley.tenancy.errors import AgreementTextRefused, UnknownCustomer
from parley.tenancy.selection import refresh
from parley.tenancy.statements import run_together

_MOST: Final = 1000
_recent: dict[UUID, tuple[float, Standing]] = {}
_STANDING: Final = "SELECT standing::text FROM tenancy_customer WHERE id = %s"


def set_standing(customer_id: UUID, change: Callable[[Standing], Standing]) -> Standing:
    """The standing after `change`, kept at once and whatever becomes of the caller's transaction.

    Whoever reads the customer later sees it; recorders within two seconds. Raises UnknownCustomer.
    """
    with transaction.atomic(using="provider"):
        # Not FOR UPDATE: a wake of the customer, which refers to this row, need not wait.
        row = models.Customer.objects.select_for_update(no_key=True).filter(id=customer_id).first()
        if row is None:
            raise UnknownCustomer(f"there is no customer {customer_id}", remedy="See: parley customer list")
        before = standing_from_json(row.standing)
        after = change(before)
        if after != before:
            row.standing = after.to_json()
            row.agreement = "+".join(signed.agreement for signed in after.signed)
            row.agreement_version = "+".join(signed.version for signed in after.signed)
            row.save(update_fields=["standing", "agreement", "agreement_version"])
    _recent.pop(customer_id, None)
    refresh(of_row(row))
    return after


def standing(*, within: float = 0.0) -> Standing:
    """How the customer in scope stands now, read anew; or as this process read it `within` so many seconds."""
    customer_id, now = current().id, time.monotonic()
    at, held = _recent.get(customer_id, (0.0, None))
    if held is not None and now - at < within:
        return held
    (answer,) = run_together((_STANDING, [customer_id]), using="provider")
    held = _read(answer.rows[0][0] if answer.rows else "{}")
    if len(_recent) > _MOST:
        _recent.clear()
    _recent[customer_id] = now, held
    return held


@lru_cache(maxsize=1024)
def _read(standing: str) -> Standing:
    """Most often it is as it was."""
    return standing_from_json(json.loads(standing))


def keep_agreement_text(*, agreement: str, version: str, text: str, at: datetime) -> str:
    """Keep the text that is being signed; returns its SHA-256 in hex.

    Raises AgreementTextRefused when this version was signed before with another text.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()
    models.AgreementText.objects.bulk_create(
        [models.AgreementText(digest=digest, agreement=agreement, version=version, text=text, kept_at=at)],
        ignore_conflicts=True,
    )
    if agreement_text(digest) is None:
        raise AgreementTextRefused(
            f"version {version} of {agreement} was signed before with another text",
            remedy=f'give the changed text a version of its own: version = "{_next(version)}"',
        )
    return digest


def agreement_versions(agreement: str) -> tuple[tuple[str, str, datetime], ...]:
    """Version, digest and day of every text of an agreement that was kept, the newest first."""
    rows = models.AgreementText.objects.filter(agreement=agreement).order_by("-kept_at", "-version")
    return tuple(rows.values_list("version", "digest", "kept_at"))


def agreement_text(digest: str) -> str | None:
    """The text with this SHA-256, None when nobody signed it."""
    try:
        return _kept(digest)
    except models.AgreementText.DoesNotExist:
        return None


@lru_cache(maxsize=256)
def _kept(digest: str) -> str:
    """A text never changes, so that one reading is enough; what is not there yet is not remembered."""
    return models.AgreementText.objects.get(digest=digest).text


def _next(version: str) -> str:
    head, dot, last = version.rpartition(".")
    return f"{head}{dot}{int(last) + 1}" if last.isdecimal() else f"{version}-2"
