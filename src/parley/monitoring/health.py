"""Whether Parley works: its database, its store, its processes. Each question says what to do about a bad answer."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

import django.db

from parley.monitoring.presence import seen
from parley.monitoring.types import Finding
from parley.storage.api import ObjectNotFoundError, ObjectStore, StorageError
from parley.tenancy import api as tenancy

ROLES: Final[Mapping[str, float | None]] = MappingProxyType(
    {"recorder": 60.0, "sequencer": 60.0, "worker": 60.0, "web": None}
)
"""What must be there, and the seconds that it may take to come round; None: it answers others, and has no loop."""
BEATING: Final = frozenset({"monitor", *(role for role, limit in ROLES.items() if limit is not None)})
"""Those that come round."""
PATIENCE: Final = 5.0
"""Seconds that a question may take before no answer is one."""
_ANSWER: Final = "ready.json"
_ANSWER_HOLDS: Final = 10.0
_PROBE: Final = "health/absent"


def database() -> Finding:
    """Asks the provider's database."""
    try:
        with django.db.connections["provider"].cursor() as cursor:
            cursor.execute("SELECT 1")
    except (django.db.Error, tenancy.TenancyError) as error:
        django.db.connections.close_all()
        return Finding(
            what="database", good=False, found=f"no answer ({type(error).__name__})",
            remedy="See logs/database.log; of an external one, check PARLEY_DATABASE_URL and the server.",
        )  # fmt: skip
    return Finding(what="database", good=True, found="answers")


def store(opened: Callable[[], ObjectStore], *, folder: Path | None) -> Finding:
    """Asks the store of objects for one that is not there; `folder` is where a store of files keeps them."""
    try:
        objects = opened()
        with suppress(ObjectNotFoundError):  # of its answers the one that is expected
            objects.head(_PROBE)
    except StorageError as error:
        return Finding(
            what="objects", good=False, found=f"no answer ({error.error_id})",
            remedy="Check PARLEY_STORE_URL, its credentials and the network.",
        )  # fmt: skip
    if folder is not None and not os.access(folder, os.W_OK | os.X_OK):
        return Finding(
            what="objects", good=False, found="the directory cannot be written to",
            remedy="Mount it, or give Parley's account the right to write to it.",
        )  # fmt: skip
    return Finding(what="objects", good=True, found="answers")


def processes(folder: Path, *, now: datetime, roles: Mapping[str, float | None] = ROLES) -> Iterator[Finding]:
    """Whether somebody of each role lives and comes round."""
    found = list(seen(folder))
    for role, limit in roles.items():
        living = [one for one in found if one.role == role and one.lives]
        age = now.timestamp() - max((one.beat_at for one in living), default=0.0)
        if not living:
            remedy = f"Start it with parley up; if it is started again and again, see logs/{role}.log."
            yield Finding(what=role, good=False, found="does not run", remedy=remedy)
        elif limit is not None and age > limit:
            remedy = f"See logs/{role}.log; kill -9 makes the supervisor start another, and nothing is lost."
            yield Finding(what=role, good=False, found=f"hangs for {age:.0f} s", remedy=remedy)
        else:
            yield Finding(what=role, good=True, found="runs")


class Probe:
    """Asks one question again and again in a thread of its own: whoever wants the answer never waits for it."""

    def __init__(self, what: str, ask: Callable[[], Finding], *, every: float) -> None:
        self._what, self._ask, self._every = what, ask, every
        self._asked = time.monotonic()
        self._last: Finding | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"probe-{what}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Asks no more; a question that nobody answers is left behind."""
        self._stop.set()
        self._thread.join(PATIENCE)

    def finding(self) -> Finding:
        """The last answer, or that there has been none for too long."""
        silent = time.monotonic() - self._asked
        if self._last is None or silent > self._every + PATIENCE:
            remedy = f"Wait a moment; if it stays, look whether the {self._what} hangs."
            return Finding(what=self._what, good=False, found=f"no answer for {silent:.0f} s", remedy=remedy)
        return self._last

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._last = self._ask()
                self._asked = time.monotonic()
                self._stop.wait(self._every)
        finally:
            django.db.connections.close_all()


def answer(findings: Iterable[Finding]) -> dict[str, object]:
    """The findings as JSON, for the operator."""
    told = {one.what: {"ok": one.good, "found": one.found, "remedy": one.remedy} for one in findings}
    return {"ready": all(one["ok"] for one in told.values()), "checks": told}


def keep_answer(folder: Path, *, ready: bool) -> None:
    """Leave word for those who may know no more than that, and must not cost us a question each."""
    growing = folder / f"{_ANSWER}.new"
    growing.write_text(json.dumps({"ready": ready}), encoding="ascii")
    growing.replace(folder / _ANSWER)


def kept_answer(folder: Path, *, now: datetime) -> bool:
    """Whether Parley was ready some seconds ago at most; False when nobody has looked since."""
    with suppress(OSError, ValueError):
        file = folder / _ANSWER
        if now.timestamp() - file.stat().st_mtime <= _ANSWER_HOLDS:
            return bool(json.loads(file.read_text(encoding="ascii")) == {"ready": True})
    return False
