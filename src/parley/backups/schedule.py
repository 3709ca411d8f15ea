"""When backups are taken, drilled and destroyed: deadlines of each customer, and one that looks after all of them.

A scheduled backup's key follows from its slot, so that whoever looks opens it once. The looking is a deadline in the
provider's scope; it opens the next slot of every customer, so that nothing depends on a backup that did not work.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from parley.backups import files, register, rules
from parley.backups.apart import apart
from parley.backups.drilling import drill
from parley.backups.errors import NoBackup
from parley.backups.expiring import expire
from parley.backups.models import Backup
from parley.backups.restoring import sweep
from parley.backups.taking import take
from parley.backups.types import Reason
from parley.governance.contract.api import NothingSigned
from parley.obligations import api as obligations
from parley.obligations.api import GiveUp, Handler, Work
from parley.retention import api as retention
from parley.tenancy import api as tenancy

TAKE: Final = "backups.take"
DRILL: Final = "backups.drill"
TEND: Final = "backups.tend"
_TEND_EVERY: Final = timedelta(hours=1)
_MARGIN: Final = timedelta(days=2)  # a replay reaches back a day before its backup


def expect_backups(at: datetime) -> None:
    """See to it that the customer in scope is backed up in the rhythm of its RPO, and drilled monthly, from now on."""
    customer = tenancy.current()
    key, due = rules.take_slot(at, promise=register.promise_to(customer), of=customer.id)
    with transaction.atomic():
        obligations.enqueue(kind=TAKE, key=f"{TAKE}:{key}", due=due, payload={"reason": "scheduled"}, long=True)
        if not Backup.objects.filter(customer=customer.id, state="ready").exists():
            return  # a drill of nothing would fail: whoever looks next expects one
        key, due = rules.drill_slot(at, of=customer.id)
        obligations.enqueue(kind=DRILL, key=f"{DRILL}:{key}", due=due, payload={}, long=True)


def ask_backup(*, at: datetime, key: UUID) -> None:
    """Have the customer in scope backed up soon; `key` of the asking, so that it is done once."""
    with transaction.atomic():
        obligations.enqueue(kind=TAKE, key=f"{TAKE}:asked:{key}", due=at, payload={"reason": "asked"}, long=True)


def ask_drill(*, at: datetime, key: UUID) -> None:
    """Have the newest backup of the customer in scope drilled soon."""
    with transaction.atomic():
        obligations.enqueue(kind=DRILL, key=f"{DRILL}:asked:{key}", due=at, payload={}, long=True)


def begin(*, at: datetime) -> None:
    """See to it that somebody looks after all backups, from now on: called when a worker starts."""
    with tenancy.scope(tenancy.provider()), transaction.atomic():
        obligations.enqueue(kind=TEND, key=_tend_key(at), due=at, payload={}, long=True)


def long_handlers() -> Mapping[str, Handler]:
    """The long work of this package, by the kind of its deadline."""
    return {TAKE: _take, DRILL: _drill, TEND: _tend}


def _take(work: Work) -> None:
    reason: Reason = "asked" if work.payload["reason"] == "asked" else "scheduled"
    take(tenancy.current(), reason=reason, at=work.now, backup_id=work.id)
    if reason == "scheduled":
        expect_backups(work.now)


def _drill(work: Work) -> None:
    try:
        drill(tenancy.current(), at=work.now, drill_id=work.id)
    except NoBackup as error:
        raise GiveUp("there is no backup to restore yet", remedy="Take one: parley backup take") from error


def _tend(work: Work) -> None:
    """Open what comes next for every customer, destroy what is over, clear away what killed processes left."""
    apart(lambda: _look_after(work.now))
    following = work.now + _TEND_EVERY
    obligations.enqueue(kind=TEND, key=_tend_key(following), due=following, payload={}, long=True)


def _look_after(at: datetime) -> None:
    sweep()
    files.sweep_files()
    expire(at=at)
    for customer in [*tenancy.customers(), tenancy.provider()]:
        with tenancy.scope(customer):
            try:
                expect_backups(at)
            except NothingSigned:
                continue
        _forget_tombstones(customer, at)


def _forget_tombstones(customer: tenancy.Customer, at: datetime) -> None:
    """What was erased before the oldest backup was taken cannot come back; what was placed or lifted is in each."""
    oldest = Backup.objects.filter(customer=customer.id).exclude(state="gone").order_by("number").first()
    before = (oldest.taken_at or oldest.began_at) if oldest else at
    retention.forget_tombstones(customer.id, before - _MARGIN)
    retention.forget_notes(customer.id, before - _MARGIN)


def _tend_key(at: datetime) -> str:
    return f"{TEND}:{at:%Y-%m-%dT%H}"
