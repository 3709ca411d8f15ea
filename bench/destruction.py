"""How fast a customer is destroyed: Parley's steps, and plainly dropping the same database and files in the same run.

A customer with so many objects confirms its end; the worker's own handlers then destroy it: live data, keys, copies.
The peer is a database of the same template and a tree of the same files: `DROP DATABASE`, `rm -rf`, `sync`.
"""

import argparse
import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from types import ModuleType
from typing import Any
from uuid import UUID

from support.server import server

NAMES = ("000.age", "mp3.age", "wav.age", "peaks.age")
SIZE = 1024


def main() -> None:
    """Measure, print a table, end with the line of figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--objects", type=int, default=5000, help="of the customer in the store")
    chosen = options.parse_args()
    with server() as tenancy:
        figures = {"objects": float(chosen.objects)}
        figures["plain_s"] = _plain(chosen.objects)
        _ours(tenancy, chosen.objects, figures)
    figures["ratio"] = figures["all_s"] / figures["plain_s"]
    for name, value in figures.items():
        print(f"{name:>12} {value:12.3f}")
    print("bench destruction " + " ".join(f"{name}={value:.3g}" for name, value in sorted(figures.items())))


def _ours(tenancy: ModuleType, objects: int, figures: dict[str, float]) -> None:
    from parley.lifecycle import api as lifecycle
    from parley.obligations import api as obligations
    from parley.project.wiring import job_handlers, long_handlers

    customer = _customer(tenancy, "ours")
    _fill(Path(os.environ["PARLEY_DATA_DIR"]) / "objects" / str(customer.id), objects)
    now = datetime.now(UTC)
    with tenancy.scope(customer):
        lifecycle.end(at=now, by="bench", ends_at=None, choice="delete", reason="")
    departure = lifecycle.departure_of(customer.id)
    if departure is None:
        raise SystemExit("no departure was opened")
    lifecycle.confirm_end(departure.id, by="bench", at=now)
    seen, stop = set[int](), Event()
    watching = Thread(target=_watch, args=(departure.id, seen, stop))
    watching.start()
    handlers = {
        kind: handler
        for kind, handler in {**job_handlers(), **long_handlers()}.items()
        if kind.startswith("lifecycle.")
    }
    began = time.perf_counter()
    obligations.run_due(tenancy.provider(), handlers=handlers, now=now)
    figures["all_s"] = time.perf_counter() - began
    stop.set()
    watching.join()
    view = lifecycle.departure(departure.id)
    if view.state != "certified":
        raise SystemExit(f"not certified: {view.next_step} is waiting")
    figures["key_ms"] = float(next(one.facts["milliseconds"] for one in view.steps if one.step == "keys"))
    figures["reports"] = float(len(seen))


def _watch(departure: UUID, seen: set[int], stop: Event) -> None:
    """What the page would show: how many objects are gone."""
    from django.db import connections

    from parley.lifecycle import api as lifecycle

    while not stop.wait(0.1):
        told = lifecycle.progress(f"lifecycle.live:{departure}")
        if told is not None:
            seen.add(told.done)
    connections.close_all()


def _plain(objects: int) -> float:
    """The same database and files, dropped without anybody looking."""
    from parley.tenancy import databases

    tree = Path(os.environ["PARLEY_DATA_DIR"]) / "plain"
    _fill(tree, objects)
    with databases.administration() as admin:
        databases.create(database="c_plain", admin=admin)
        began = time.perf_counter()
        databases.drop(database="c_plain", admin=admin)
        subprocess.run(["/bin/rm", "-rf", str(tree)], check=True)
        subprocess.run(["/bin/sync", "-f", os.environ["PARLEY_DATA_DIR"]], check=True)
        return time.perf_counter() - began


def _fill(tree: Path, objects: int) -> None:
    content = os.urandom(SIZE)
    for number in range(0, objects, len(NAMES)):
        directory = tree / "recordings" / f"{number:08}"
        directory.mkdir(parents=True)
        for name in NAMES[: objects - number]:
            (directory / name).write_bytes(content)
    subprocess.run(["/bin/sync", "-f", str(tree)], check=True)


def _customer(tenancy: ModuleType, handle: str) -> Any:
    return tenancy.create_customer(handle=handle, name=handle, region="eu", custody="local", agreement="ixcloud-dpa")


if __name__ == "__main__":
    main()
