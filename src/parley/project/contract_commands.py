"""Commands about contracts: `parley customer sign`, `end`, `renew`, and `parley agreement publish`."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from parley.project.config import Config, ConfigError

if TYPE_CHECKING:
    from parley.governance.contract.api import Paper

_BY = "command-line"

Handle = Annotated[str, typer.Argument(help="The customer's handle.")]
Agreements = Annotated[
    list[str], typer.Argument(help="Ids of packaged agreements (parley agreement list), or agreement files.")
]
Set = Annotated[
    list[str] | None, typer.Option("--set", help='A span that the order sets anew: "breach.within=24 hours".')
]


def register(customer: typer.Typer, agreement: typer.Typer, *, out: Console, prepared: Callable[[], Config]) -> None:
    """Add the commands; `prepared` gives the settings with everything set up."""

    @customer.command("sign")
    def sign(
        handle: Handle,
        agreements: Agreements,
        overrides: Set = None,
        by: Annotated[str, typer.Option(help="Who signed for the customer.")] = "",
        reference: Annotated[str, typer.Option(help="The order's reference.")] = "",
    ) -> None:
        """Record that a customer signed agreements: from now on these texts bind it."""
        config = prepared()
        from parley.governance.contract import api as contract
        from parley.project.customers import known
        from parley.project.up import database_running
        from parley.tenancy.api import scope

        with database_running(config):
            found = known(handle)
            with scope(found):
                signed = contract.sign(
                    agreements=[_paper(one) for one in agreements],
                    by=by or found.name,
                    reference=reference or _BY,
                    at=datetime.now(UTC),
                    overrides=dict(_override(text) for text in overrides or ()),
                )
        for one in signed:
            spans = "".join(f", {term} = {span}" for term, span in one.overrides.items())
            out.print(
                f"{handle} is bound to {one.agreement} {one.version} ({one.digest[:12]}){spans}",
                markup=False,
                soft_wrap=True,
            )

    @customer.command("end")
    def end(
        handle: Handle,
        on: Annotated[
            str, typer.Option(help="When it ends, with its offset: 2026-12-31T00:00+01:00. Now by default.")
        ] = "",
        choice: Annotated[str, typer.Option(help="What the customer chose: delete or return.")] = "delete",
        reason: Annotated[str, typer.Option(help="Why, in a few words.")] = "",
    ) -> None:
        """Record the end of a customer's contract: nothing is collected from then on."""
        if choice not in {"delete", "return"}:
            raise ConfigError(f"there is no choice {choice!r}", remedy="Say delete or return.")
        config = prepared()
        from parley.governance.contract import api as contract
        from parley.project.customers import known
        from parley.project.up import database_running
        from parley.tenancy.api import scope

        with database_running(config), scope(known(handle)):
            ended = contract.end_contract(
                at=datetime.now(UTC),
                by=_BY,
                ends_at=_instant(on) if on else None,
                choice="delete" if choice == "delete" else "return",
                reason=reason,
            )
            term = contract.binding().agreement.terms.end
        out.print(
            f"the contract of {handle} ends {ended.ends_at:%Y-%m-%d %H:%M %Z}: {choice} (clause {term.clause})",
            soft_wrap=True,
        )

    @customer.command("renew")
    def renew(handle: Handle) -> None:
        """Take back the end of a customer's contract, while the agreement lets it."""
        config = prepared()
        from parley.governance.contract import api as contract
        from parley.project.customers import known
        from parley.project.up import database_running
        from parley.tenancy.api import scope

        with database_running(config), scope(known(handle)):
            contract.renew(at=datetime.now(UTC), by=_BY)
        out.print(f"the contract of {handle} goes on")

    @agreement.command("publish")
    def publish(
        policy: Annotated[str, typer.Argument(help="A policy that takes effect when published: its id, or its file.")],
    ) -> None:
        """Publish a new version of a policy: it binds every customer that is bound to the policy."""
        config = prepared()
        from parley.governance.contract import api as contract
        from parley.project.up import database_running

        with database_running(config):
            reached = contract.publish_policy(_paper(policy), by=_BY, at=datetime.now(UTC))
        out.print(
            f"published to {len(reached)} customers" + (f": {', '.join(reached)}" if reached else ""), soft_wrap=True
        )


def _paper(text: str) -> "str | Paper":
    from parley.governance.contract.api import Paper

    path = Path(text)
    return Paper(file=str(path), text=path.read_text(encoding="utf-8")) if path.suffix == ".toml" else text


def _override(text: str) -> tuple[str, str]:
    term, equals, span = (part.strip() for part in text.partition("="))
    if not (term and equals and span):
        raise ConfigError(f"{text!r} sets nothing", remedy='Write --set "breach.within=24 hours".')
    return term, span


def _instant(text: str) -> datetime:
    try:
        found: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ConfigError(f"{text!r} is no instant", remedy="Write it with its offset: 2026-12-31T00:00+01:00.")
    return found
