"""Commands about storage: `parley storage scrub` reads everything again, `report` says what lies there, `move` moves
what is large of older recordings to the cold store now."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from parley.project.config import Config

if TYPE_CHECKING:
    from parley.recordings.scrubbing.api import ScrubView
    from parley.tenancy.api import Customer

Handle = Annotated[str, typer.Argument(metavar="[CUSTOMER]", help="The customer's handle; all customers by default.")]
_SLICE_SECONDS = 5.0


def register(app: typer.Typer, *, out: Console, prepared: Callable[[], Config]) -> None:
    """Add the commands; `prepared` gives the settings with everything set up."""
    storage = typer.Typer(help="Sealed objects: read again, counted.", no_args_is_help=True)
    app.add_typer(storage, name="storage")

    @storage.command("scrub")
    def scrub(handle: Handle = "") -> None:
        """Read every object now and compare it with the log; ends with 1 when anything is damaged."""
        config = prepared()
        from parley.project.up import database_running

        damaged = 0
        with database_running(config):
            for one in _chosen(handle):
                damaged += _scrubbed(one, out)
        if damaged:
            raise typer.Exit(1)

    @storage.command("report")
    def report(handle: Handle = "") -> None:
        """Say what lies in the store by kind and age, as it was counted when everything was last read."""
        config = prepared()
        from parley.project.up import database_running
        from parley.recordings.scrubbing import api as scrubbing
        from parley.tenancy import api as tenancy

        table = Table(box=None, pad_edge=False)
        for heading in ("customer", "place", "kind", "age", "objects", "bytes", "counted (UTC)"):
            table.add_column(heading, overflow="fold")
        with database_running(config):
            for one in _chosen(handle):
                with tenancy.scope(one):
                    for last in scrubbing.finished(limit=1):
                        for line in last.report:
                            counts = str(line.objects), f"{line.size:,}", f"{last.finished_at:%Y-%m-%d %H:%M}"
                            words = scrubbing.TIERS[line.tier], scrubbing.KINDS[line.kind], scrubbing.AGES[line.age][1]
                            table.add_row(one.handle, *map(str, words), *counts)
        out.print(table if table.row_count else "nothing was counted yet; parley storage scrub")

    @storage.command("move")
    def move(handle: Handle = "") -> None:
        """Move originals and WAV files older than store.cold_days to the cold store now, instead of tonight."""
        config = prepared()
        from parley.project.up import database_running

        if not (config.store_cold_url and config.store_cold_days):
            out.print("nothing is moved: set store.cold_url, and store.cold_days above 0")
            raise typer.Exit(1)
        with database_running(config):
            for one in _chosen(handle):
                out.print(_moved(one), soft_wrap=True)


def _moved(customer: "Customer") -> str:
    """Move everything of one customer that is old enough, in slices that a kill repeats one of at most."""
    from django.db import transaction

    from parley.recordings.scrubbing import api as scrubbing
    from parley.tenancy import api as tenancy

    with tenancy.scope(customer):
        with transaction.atomic():
            row = scrubbing.moving.started(at=datetime.now(UTC))
        if row is None:
            return f"{customer.handle}: nothing is old enough"
        while row.finished_at is None:
            with transaction.atomic():
                row = scrubbing.moving.advance(row.id, at=datetime.now(UTC), seconds=_SLICE_SECONDS)
    words = f"{row.objects_moved} objects, {row.bytes_moved:,} bytes moved, {row.kept} kept by write-once"
    return f"{customer.handle}: {row.recordings} recordings, {words}"


def _scrubbed(customer: "Customer", out: Console) -> int:
    """Read everything of one customer, in slices that a kill loses one of at most; how many objects are damaged."""
    from django.db import transaction

    from parley.recordings.scrubbing import api as scrubbing
    from parley.tenancy import api as tenancy

    with tenancy.scope(customer):
        with transaction.atomic():
            row = scrubbing.started(at=datetime.now(UTC))
        while row.finished_at is None:
            with transaction.atomic():
                row = scrubbing.advance(row.id, at=datetime.now(UTC), seconds=_SLICE_SECONDS)
        seen, found = scrubbing.view(row), scrubbing.findings(open_only=True, limit=1000)
    out.print(_told(customer.handle, seen), soft_wrap=True)
    for one in found:
        words = f"  {one.what}: {one.object_key}, found {one.found_at:%Y-%m-%d %H:%M} UTC"
        out.print(words, style="red", soft_wrap=True)
    return len(found)


def _told(handle: str, seen: "ScrubView") -> str:
    return (
        f"{handle}: {seen.recordings} recordings, {seen.objects} objects, {seen.size:,} bytes read, "
        f"{seen.damaged} newly damaged, {seen.aborted_uploads} abandoned uploads aborted"
    )


def _chosen(handle: str) -> "list[Customer]":
    from parley.project.customers import known
    from parley.tenancy.api import customers

    return [known(handle)] if handle else list(customers())
