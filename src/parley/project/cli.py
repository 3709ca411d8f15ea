"""The command `parley`. Each command says what it did in words for people, and ends with status 1 after a refusal."""

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from parley.foundation.errors import ParleyError
from parley.project import backup_commands, contract_commands, hold_commands, key_commands, storage_commands
from parley.project.config import Config, ConfigError, load

app = typer.Typer(
    help="Business communications that keep their word.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
customer = typer.Typer(help="Customers of this installation.", no_args_is_help=True)
trunk = typer.Typer(help="Where customers' calls come from.", no_args_is_help=True)
agreement = typer.Typer(help="Agreement files.", no_args_is_help=True)
operator = typer.Typer(help="The provider's own staff.", no_args_is_help=True)
mail = typer.Typer(help="E-mail that leaves Parley.", no_args_is_help=True)
app.add_typer(customer, name="customer")
app.add_typer(trunk, name="trunk")
app.add_typer(agreement, name="agreement")
app.add_typer(operator, name="operator")
app.add_typer(mail, name="mail")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

ConfigFile = Annotated[Path | None, typer.Option("--config", help="A TOML file of settings.", envvar="PARLEY_CONFIG")]


def main() -> None:
    """The entry point: errors that we raise on purpose become one line and status 1."""
    try:
        app()
    except ParleyError as error:
        _refuse(error)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        err.print(f"parley: {error.filename}: {error.strerror}", markup=False)
        raise SystemExit(1) from None


def prepared() -> Config:
    """The settings, with Django set up by them."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parley.project.settings")
    config = load()
    django.setup()
    return config


def narrate(event: str, /, *, process: str, **facts: object) -> None:
    """Tell what the supervisor does, one line each."""
    told = " ".join(f"{name}={value}" for name, value in facts.items())
    out.print(f"  {process:<10} {event} {told}".rstrip())


@app.callback()
def settings(config: ConfigFile = None) -> None:
    """Business communications that keep their word."""
    if config is not None:
        os.environ["PARLEY_CONFIG"] = str(config.absolute())


@app.command()
def up() -> None:
    """Run everything that this machine needs, until interrupted."""
    config = prepared()
    from parley.project.up import run

    run(config, narrate=narrate, when_ready=lambda: out.print(f"ready: {config.public_url}"))


@app.command()
def demo() -> None:
    """Set up two customers, place real calls, show where to look, and run until interrupted."""
    config = prepared()
    from parley.project.demo.command import run

    run(config)


@app.command("open")
def open_original(
    files: Annotated[list[Path], typer.Argument(help="All files of one recording: 000.age, 000.tail, 001.age, ...")],
    identity: Annotated[Path, typer.Option(help="The identity file, as age-keygen writes it.")],
    output: Annotated[
        Path | None, typer.Option(help="Where to put the capture; beside the first file by default.")
    ] = None,
) -> None:
    """Open the sealed original of a recording: a capture that Wireshark plays."""
    prepared()
    from parley.project.originals import open_recording

    target = output or files[0].with_suffix(".pcap")
    size = open_recording(files, identity=identity, target=target)
    out.print(f"{target}: {size} bytes")


@app.command("reseal")
def reseal_recordings(
    console: Annotated[str, typer.Argument(help="The address of your console: https://host/c/name/")],
    token: Annotated[Path, typer.Option(help="A file with an API token of the scope recordings:reseal.")],
    identity: Annotated[list[Path], typer.Option(help="Files of former keys, as age-keygen writes them.")],
    recipient: Annotated[list[str], typer.Option(help="Each of your present keys, age1...; all of them.")],
) -> None:
    """Seal recordings anew to your present keys, from a machine of your own: no key leaves it."""
    prepared()
    from parley.project.originals import identities_in
    from parley.project.resealing import Console, reseal

    done = reseal(
        Console(console, token.read_text(encoding="ascii").strip()),
        identities=[one for path in identity for one in identities_in(path)],
        recipients=recipient,
        progress=lambda seen, total: out.print(f"{seen} of {total} recordings", end="\r"),
    )
    out.print(f"{done.recordings} recordings and {done.fields} keys of names and notes were sealed anew")
    for why, count in done.stay.items():
        out.print(f"  {count} stay as they are: {why}")
    raise typer.Exit(1 if done.stay else 0)


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(help="The evidence bundle that the console gave.")],
    log_key: Annotated[
        str, typer.Option(help="The log's key, from the agreement's annex; this installation's by default.")
    ] = "",
    provider_key: Annotated[str, typer.Option(help="The provider's key: require its countersignature.")] = "",
    checkpoint: Annotated[
        Path | None, typer.Option(help="A checkpoint that you kept: the log may only have grown.")
    ] = None,
) -> None:
    """Check an evidence bundle; ends with status 1 when anything in it was changed."""
    config = prepared()
    from parley.project.bundles import check

    raise typer.Exit(check(bundle, log_key=log_key, provider_key=provider_key, checkpoint=checkpoint, config=config))


@agreement.command("list")
def agreement_list() -> None:
    """List the agreements that come with Parley."""
    from parley.agreement.api import available
    from parley.agreement.api import load as load_agreement

    for name in available():
        held = load_agreement(name)
        out.print(f"{held.id:<16} {held.version:<6} {held.title}")


@agreement.command("check")
def agreement_check(file: Annotated[Path, typer.Argument(help="An agreement file.")]) -> None:
    """Say what keeps each clause of an agreement file, or every mistake in it with its line and what to do about it."""
    from parley.agreement.api import parse

    try:
        held = parse(file.read_text(encoding="utf-8"), file=str(file))
    except (OSError, UnicodeDecodeError) as error:
        err.print(f"{file} cannot be read: {error}")
        raise typer.Exit(1) from error
    table = Table(box=None, pad_edge=False)
    table.add_column("clause", no_wrap=True)
    for heading in ("kept by", "waits for", ""):
        table.add_column(heading, overflow="fold")
    for clause in held.clauses.values():
        ours = "authored" if clause.authored else ""
        table.add_row(clause.id, "\n".join(clause.enforced_by), "\n".join(clause.waits_for), ours)
    out.print(table)
    out.print(f"{held.id} version {held.version}: {len(held.clauses)} clauses, no mistakes")


@app.command()
def rehearse(
    handle: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's handle.")],
    event: Annotated[str, typer.Option(help='What happens: "contract-ends", "incident-known", ...')],
    at: Annotated[str, typer.Option(help="When: 2026-12-31, or 2026-12-31T17:00, in the customer's time zone.")],
    fact: Annotated[list[str] | None, typer.Option(help="A fact that the event needs: key=speech.")] = None,
    until: Annotated[str, typer.Option(help="Show nothing after this date.")] = "",
) -> None:
    """Say what an event would bring for a customer, clause by clause, without doing any of it."""
    config = prepared()
    from parley.project.rehearsal import rehearsed

    told = rehearsed(config, handle=handle, event=event, at=at, facts=fact or (), until=until)
    table = Table(box=None, pad_edge=False)
    for heading in ("when", "what", "clause", "who", "title"):
        table.add_column(heading, overflow="fold")
    for line in told.lines:
        table.add_row(line.when, line.what, line.clause, line.who, line.title)
    out.print(f"{told.agreement}, {told.event} at {told.at} ({told.zone}); nothing is done")
    out.print(table if told.lines else "nothing follows")
    if any(line.ours for line in told.lines):
        out.print("* the number behind the date is ours, because the text is silent")


@app.command()
def doctor() -> None:
    """Say what this machine lacks, and how to install it."""
    from parley.project.doctor import examine

    findings = examine(load())
    table = Table(box=None, pad_edge=False)
    for heading in ("", "what", "found", "what to do"):
        table.add_column(heading)
    for finding in findings:
        mark = "[green]ok[/]" if finding.good else "[red]missing[/]" if finding.needed else "[yellow]absent[/]"
        table.add_row(mark, finding.what, finding.found, "" if finding.good else finding.remedy)
    out.print(table)
    if any(finding.needed and not finding.good for finding in findings):
        raise typer.Exit(1)


@app.command()
def status() -> None:
    """Say whether this installation works, part by part, and what to do where it does not; status 1 then."""
    config = prepared()
    from parley.project import backlogs

    findings = backlogs.examined(config)
    ready = all(finding.good for finding in findings)
    if findings[0].good:
        findings += backlogs.burdens(backlogs.count(config))
    table = Table(box=None, pad_edge=False)
    for heading in ("", "what", "found", "what to do"):
        table.add_column(heading)
    for finding in findings:
        table.add_row(
            "[green]ok[/]" if finding.good else "[red]look[/]", finding.what, finding.found,
            "" if finding.good else escape(finding.remedy),
        )  # fmt: skip
    out.print(table)
    out.print("ready" if ready else "not ready")
    if not ready:
        raise typer.Exit(1)


@customer.command("add")
def customer_add(  # noqa: PLR0917 - options, which have names
    handle: Annotated[str, typer.Argument(help="Short name, part of the customer's addresses.")],
    email: Annotated[str, typer.Option(help="The first administrator's e-mail address.")],
    agreement_id: Annotated[str, typer.Option("--agreement", help="Which agreement holds.")] = "imagicle-dpa",
    name: Annotated[str, typer.Option(help="The organisation's name.")] = "",
    person: Annotated[str, typer.Option(help="The first administrator's name.")] = "Administrator",
    region: Annotated[str, typer.Option(help="Where the data lives.")] = "",
    custody: Annotated[str, typer.Option(help="Who holds the keys: local, customer-held or pkcs11.")] = "local",
    recipient: Annotated[
        list[str] | None, typer.Option(help="An age recipient; for customer-held, at least two.")
    ] = None,
) -> None:
    """Create a customer: database, role, keys, first administrator. PARLEY_PASSWORD, or one is made and shown."""
    config = prepared()
    from parley.project.customers import add

    created = add(
        config,
        handle=handle,
        name=name or handle,
        region=region or config.region,
        custody=custody,
        agreement=agreement_id,
        recipients=tuple(recipient or ()),
        email=email,
        person=person,
        password=os.environ.get("PARLEY_PASSWORD", ""),
    )
    out.print(f"customer {handle} created in {created.seconds * 1000:.0f} ms")
    out.print(f"  console    {config.public_url}/c/{handle}/")
    out.print(f"  sign in as {email}")
    if created.password:
        out.print(f"  password   {created.password}   (shown once)")


@customer.command("list")
def customer_list() -> None:
    """List the customers."""
    config = prepared()
    from parley.project.up import database_running
    from parley.tenancy.api import customers

    with database_running(config):
        rows = customers()
    table = Table(box=None, pad_edge=False)
    for heading in ("handle", "name", "agreement", "keys", "region", "id"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(
            row.handle, row.name, f"{row.agreement} {row.agreement_version}", row.custody, row.region, str(row.id)
        )
    out.print(table)


@trunk.command("add")
def trunk_add(
    handle: Annotated[str, typer.Argument(help="The customer's handle.")],
    name: Annotated[str, typer.Argument(help="The trunk's name.")],
    source: Annotated[list[str], typer.Option(help='Where calls come from: "192.0.2.7", with ":port", or a network.')],
    own: Annotated[
        list[str] | None, typer.Option(help='Prefix of the customer\'s own numbers, like "+390584".')
    ] = None,
    country: Annotated[str, typer.Option(help="ISO country of numbers dialled without one.")] = "IT",
) -> None:
    """Tell which session border controller's calls belong to a customer."""
    config = prepared()
    from parley.project.customers import known
    from parley.project.up import database_running
    from parley.tenancy.api import add_trunk

    with database_running(config):
        made = add_trunk(known(handle), name=name, sources=source, own_numbers=own or (), region=country)
    out.print(f"calls from {', '.join(made.sources)} are recorded for {handle}")


@operator.command("add")
def operator_add(
    email: Annotated[str, typer.Argument(help="The operator's e-mail address.")],
    name: Annotated[str, typer.Option(help="The operator's name.")] = "Operator",
) -> None:
    """Create an account of the provider's staff. The password is PARLEY_PASSWORD, or made and shown once."""
    config = prepared()
    from parley.project.customers import add_operator

    password = add_operator(config, email=email, name=name, password=os.environ.get("PARLEY_PASSWORD", ""))
    out.print(f"operator {email} created; console {config.public_url}/provider/")
    if password:
        out.print(f"  password   {password}   (shown once)")


@mail.command("dns")
def mail_dns() -> None:
    """Print the DNS record by which receivers check our signatures (DKIM). The key is made when there is none."""
    if not prepared().mail_dkim_domain:
        raise ConfigError("mail is not signed", remedy="Set PARLEY_MAIL_DKIM_DOMAIN to the domain of PARLEY_MAIL_FROM.")
    from parley.mail.api import configured_signer

    name, record = configured_signer().dns_record()
    out.print(f'{name}. IN TXT "{record[:250]}" "{record[250:]}"', soft_wrap=True, markup=False)


@mail.command("waiting")
def mail_waiting() -> None:
    """List messages that no mail server took yet, or that were refused, by customer."""
    config = prepared()
    from parley.project.outboxes import waiting
    from parley.project.up import database_running

    table = Table(box=None, pad_edge=False)
    for heading in ("customer", "state", "written", "purpose", "the last answer"):
        table.add_column(heading)
    with database_running(config):
        for handle, one in waiting():
            answer = one.answer or "not tried yet"
            table.add_row(handle, one.state, f"{one.created_at:%Y-%m-%d %H:%M} UTC", one.purpose, escape(answer))
    out.print(table if table.row_count else "nothing waits")


contract_commands.register(customer, agreement, out=out, prepared=prepared)
hold_commands.register(customer, out=out, prepared=prepared)
backup_commands.register(app, out=out, prepared=prepared)
key_commands.register(app, out=out, prepared=prepared)
storage_commands.register(app, out=out, prepared=prepared)


@app.command(hidden=True)
def daemon(name: str) -> None:
    """Be one of the processes that `parley up` runs."""
    config = prepared()
    from parley.project.daemon import begin

    begin(name, config)


def _refuse(error: ParleyError) -> NoReturn:
    err.print(f"[red]parley:[/] {escape(str(error))}", soft_wrap=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
