"""Holds that bind the provider itself, by its own word: `parley customer preserve` and `parley customer release`."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from parley.project.config import Config

Handle = Annotated[str, typer.Argument(help="The customer's handle.")]
Day = Annotated[str, typer.Option(help="A day, 2026-12-31, or an instant with its offset.")]


def register(customer: typer.Typer, *, out: Console, prepared: Callable[[], Config]) -> None:
    """Add the commands; `prepared` gives the settings with everything set up."""

    @customer.command("preserve")
    def preserve(
        *,
        handle: Handle,
        ground: Annotated[str, typer.Option(help="The order or law that binds the provider, with its reference.")],
        review: Day,
        by: Annotated[str, typer.Option(help="E-mail address of the operator who answers for it.")],
        store: Annotated[str, typer.Option(help="Whose records: recordings, contacts, ...")] = "recordings",
        kind: Annotated[str, typer.Option(help="Which kind of them; * is each.")] = "*",
        since: Day = "",
        until: Day = "",
    ) -> None:
        """Place a hold that outlives the contract: only where a law binds the provider itself. The customer sees it."""
        config = prepared()
        from parley.project.customers import known
        from parley.project.up import database_running
        from parley.retention import api as retention
        from parley.tenancy.api import scope

        with database_running(config):
            operator, found = _operator(by), known(handle)
            with scope(found):
                hold = retention.place_hold(
                    title="Order to the provider", ground=ground, binds="provider", owner=operator, by=operator,
                    review_at=_instant(review, "--review"), at=datetime.now(UTC), store=store, kind=kind,
                    since=_instant(since, "--since") if since else None,
                    until=_instant(until, "--until") if until else None,
                )  # fmt: skip
        out.print(f"{handle}: hold {hold.id} keeps {store}/{kind}", markup=False, soft_wrap=True)

    @customer.command("release")
    def release(
        handle: Handle,
        hold: Annotated[UUID, typer.Argument(help="The hold's id.")],
        reason: Annotated[str, typer.Option(help="Why it is over.")],
        by: Annotated[str, typer.Option(help="E-mail address of the operator who lifts it.")],
    ) -> None:
        """Lift a hold that bound the provider."""
        config = prepared()
        from parley.project.customers import known
        from parley.project.up import database_running
        from parley.retention import api as retention
        from parley.tenancy.api import scope

        with database_running(config):
            operator, found = _operator(by), known(handle)
            with scope(found):
                retention.lift_hold(hold, reason=reason, by=operator, at=datetime.now(UTC), as_provider=True)
        out.print(f"{handle}: hold {hold} is lifted", markup=False, soft_wrap=True)


def _operator(email: str) -> UUID:
    from parley.people.api import User
    from parley.tenancy.api import provider, scope

    with scope(provider()):
        found: UUID | None = (
            User.objects.filter(email=email.lower(), is_active=True).values_list("id", flat=True).first()
        )
    if found is None:
        raise typer.BadParameter(f"there is no operator {email}; see: parley operator add", param_hint="--by")
    return found


def _instant(text: str, option: str) -> datetime:
    from parley.agreement.api import read_instant

    found = read_instant(text, zone="UTC")
    if found is None:
        raise typer.BadParameter(f"{text!r} is no day: write 2026-12-31", param_hint=option)
    return found
