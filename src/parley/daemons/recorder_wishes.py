"""What people want of running calls, fetched for the recorder: a look at the wakes several times a second."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import structlog
from django.db import DatabaseError

from parley.recordings.api import answer_wish, open_wishes
from parley.recordings.types import Deed
from parley.tenancy import api as tenancy

_log = structlog.get_logger()
_PERIOD = 0.2
_GONE = "the call is over"

Steer = Callable[[UUID, Deed, UUID, UUID], bool]
"""Recording, deed, whose wish, the wish's id; False when there is no such call. Called from this thread."""


class WishReader:
    """A thread that hands each open wish to the recorder once, and answers those about calls that are over."""

    def __init__(self, steer: Steer) -> None:
        self._steer = steer
        self._given: dict[UUID, datetime] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read, name="wishes", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(5)

    def _read(self) -> None:
        away = False
        while not self._stopped.wait(_PERIOD):
            try:
                self._look()
                away = False
            except (DatabaseError, tenancy.TenancyError) as error:
                if not away:
                    _log.warning("wishes.unreadable", error=type(error).__name__)
                away = True
                self._stopped.wait(1.0)

    def _look(self) -> None:
        now = datetime.now(UTC)
        for customer_id in tenancy.due_wakes("control", now):
            customer = tenancy.by_id(customer_id)
            if customer is not None:
                with tenancy.scope(customer):
                    self._hand_over(now)
            tenancy.rest(customer_id, "control", seen=now, due=None)

    def _hand_over(self, now: datetime) -> None:
        wishes = open_wishes(now=now)
        self._given = {one: at for one, at in self._given.items() if (now - at).total_seconds() < 120}
        for wish in wishes:
            if wish.id in self._given:
                continue
            self._given[wish.id] = now
            if not self._steer(wish.recording_id, wish.deed, wish.by, wish.id):
                answer_wish(wish.id, at=now, words=_GONE)
