"""Commands about backups: `parley backup take`, `list`, `restore`, and `parley drill restore`."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from parley.project.config import Config, ConfigError

if TYPE_CHECKING:
    from parley.backups.api import Drill
    from parley.tenancy.api import Customer

Handle = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's handle.")]
Handles = Annotated[str, typer.Argument(metavar="[CUSTOMER]", help="The customer's handle; all customers by default.")]


def register(app: typer.Typer, *, out: Console, prepared: Callable[[], Config]) -> None:
    """Add the commands; `prepared` gives the settings with everything set up."""
    backup = typer.Typer(help="Sealed backups of each customer.", no_args_is_help=True)
    drill = typer.Typer(help="Drills: what has to work in an emergency, tried before it.", no_args_is_help=True)
    app.add_typer(backup, name="backup")
    app.add_typer(drill, name="drill")
    _register_backups(backup, out=out, prepared=prepared)
    _register_drills(drill, out=out, prepared=prepared)


def _register_backups(backup: typer.Typer, *, out: Console, prepared: Callable[[], Config]) -> None:
    @backup.command("take")
    def take(handle: Handles = "") -> None:
        """Take a sealed backup now."""
        config = prepared()
        from parley.backups import api as backups
        from parley.project.up import database_running

        with database_running(config):
            for one in _chosen(handle):
                made = backups.take(one, reason="asked", at=datetime.now(UTC))
                out.print(
                    f"{one.handle}: {made.size + made.objects_size:,} bytes, {made.objects} objects, log of "
                    f"{made.entries}, until {made.expires_at:%Y-%m-%d %H:%M} UTC, backup {made.id}",
                    soft_wrap=True,
                )
                if made.damaged:
                    out.print(f"  {made.damaged} objects are not what the rows say of them", style="yellow")

    @backup.command("list")
    def show(handle: Handles = "") -> None:
        """List the backups that exist."""
        config = prepared()
        from parley.backups import api as backups
        from parley.project.up import database_running

        table = Table(box=None, pad_edge=False)
        for heading in ("customer", "taken (UTC)", "why", "state", "bytes", "objects", "until (UTC)", "backup"):
            table.add_column(heading, overflow="fold")
        with database_running(config):
            for one in _chosen(handle):
                for row in backups.backups(one):
                    table.add_row(
                        one.handle, f"{row.taken_at or row.began_at:%Y-%m-%d %H:%M}", backups.REASONS[row.reason],
                        row.state, f"{row.size + row.objects_size:,}", str(row.objects),
                        f"{row.expires_at:%Y-%m-%d %H:%M}", str(row.id),
                    )  # fmt: skip
        out.print(table if table.row_count else "there are no backups")

    @backup.command("restore")
    def restore(
        handle: Handle,
        backup_id: Annotated[str, typer.Option("--backup", help="Which one; the newest by default.")] = "",
        confirm: Annotated[str, typer.Option(help="The customer's handle again, instead of typing it.")] = "",
    ) -> None:
        """Replace a lost or damaged database by a backup. What was written after that backup is lost."""
        chosen = _id(backup_id)
        config = prepared()
        from parley.backups import api as backups
        from parley.project.up import database_running

        with database_running(config):
            found = _restorable(handle)
            if (confirm or typer.prompt(f"The database of {handle} is replaced. Type the handle to go on")) != handle:
                raise ConfigError("this is not the customer's handle", remedy="Nothing was done.")
            made = backups.restore_in_place(found, at=datetime.now(UTC), backup_id=chosen)
        out.print(f"{handle} is back as it was at {made.taken_at:%Y-%m-%d %H:%M:%S} UTC, without what was erased since")

    @backup.command("open")
    def open_dump(
        file: Annotated[Path, typer.Argument(help="<id>/backups/<backup>/dump.age of the backup store.")],
        output: Annotated[Path, typer.Option(help="Where to put it in clear, for pg_restore.")],
    ) -> None:
        """Open a sealed dump with nothing but the keys: the way back when the provider's own database is lost."""
        prepared()
        from parley.backups.api import unsealed

        size = unsealed(file, output)
        out.print(f"{output}: {size} bytes, in clear; pg_restore reads it, then remove it", soft_wrap=True)


def _register_drills(drill: typer.Typer, *, out: Console, prepared: Callable[[], Config]) -> None:
    @drill.command("restore")
    def drill_restore(handle: Handles = "") -> None:
        """Restore the newest backup beside the live data, compare, and time it against what was promised."""
        config = prepared()
        from parley.backups import api as backups
        from parley.project.up import database_running

        failed = False
        with database_running(config):
            for one in _chosen(handle):
                try:
                    found = backups.drill(one, at=datetime.now(UTC))
                except backups.NoBackup:
                    out.print(f"{one.handle}: there is no backup yet; parley backup take {one.handle}")
                    failed = True
                    continue
                failed = failed or not found.kept
                for line in _told(one.handle, found):
                    out.print(line, markup=False, soft_wrap=True)
        if failed:
            raise typer.Exit(1)


def _told(handle: str, found: "Drill") -> Iterable[str]:
    """What a drill found, in words for people."""
    promise = found.promise
    yield (
        f"{handle}: {'kept' if found.kept else 'NOT KEPT'}; backup {found.backup_id}, {found.tables} tables, "
        f"{found.records} rows, {found.objects_read} of {found.objects} objects read, {found.opened} opened, "
        f"log of {found.entries} verified, {found.erased} erasures replayed"
    )
    estimated = " (estimated)" if found.estimated else ""
    yield f"  back in {_span(found.rto)}{estimated}{_of(promise.rto, promise.rto_clause)}"
    yield f"  {_span(found.rpo)} of data would be lost{_of(promise.rpo, promise.rpo_clause)}"
    for finding in found.findings:
        yield f"  {finding}"


def _of(span: timedelta | None, clause: str) -> str:
    return f"; promised {_span(span)} ({clause})" if span is not None else "; nothing is promised"


def _span(span: timedelta) -> str:
    seconds = span.total_seconds()
    return (
        f"{seconds:.1f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h"
    )


def _chosen(handle: str) -> "list[Customer]":
    """The tenant of that handle, or all, the provider first: without its database no other is found."""
    from parley.project.customers import known
    from parley.tenancy.api import customers, provider

    if handle == "provider":
        return [provider()]
    return [known(handle)] if handle else [provider(), *customers()]


def _restorable(handle: str) -> "Customer":
    """A customer by handle, also one whose restoration was interrupted."""
    from parley.project.customers import known
    from parley.tenancy.scratch import restoring

    return restoring(handle) or known(handle)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise ConfigError("this is no id of a backup", remedy="See: parley backup list") from error
