"""Exports after the end: made from the restored backup, counted, sealed where the customer holds its keys, and gone."""

import hashlib
import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.integration.lifecycle.test_departure import NOW, end, furnish, instants
from tests.support.departures import move
from tests.support.installation import MakeCustomer
from tests.support.left_evidence import trail
from tests.support.spooled import Spooler, call

from parley.governance.contract import api as contract
from parley.lifecycle import api as lifecycle
from parley.lifecycle.rules import LEAD
from parley.mail import api as mail
from parley.recordings import api as recordings
from parley.sealing.api import generate_identity, open_bytes
from parley.tenancy import api as tenancy

pytestmark = pytest.mark.usefixtures("cluster")
MINUTE = timedelta(minutes=1)


def package(departure: lifecycle.DepartureView, at: datetime) -> tuple[lifecycle.ReturnView, bytes]:
    made = lifecycle.departure(departure.id).returns[0]
    view, file = lifecycle.open_return(departure.id, made.id, at=at)
    with file:
        return view, file.read()


def record(customer: tenancy.Customer, folder: Path) -> None:
    """Two recordings, as calls leave them."""
    (trunk,) = tenancy.trunks(customer)
    with tenancy.scope(customer):
        spooler = Spooler(folder / customer.handle, customer)
        for _ in range(2):
            closed = spooler.close(parts=[call(1.0)], trunk=trunk.id)
            recordings.finalize(closed, store=recordings.installed_store(), now=datetime.now(UTC))


def test_an_export_is_made_from_the_backup_and_goes_with_it(make_customer: MakeCustomer, tmp_path: Path) -> None:
    """kavkom-dpa KV-8.end: export until the data is destroyed, 30 days after."""
    customer = make_customer(agreement="kavkom-dpa")
    furnish(customer, objects=1)
    record(customer, tmp_path)
    departure = end(customer)
    assert lifecycle.departure(departure.id).state == "blocked"
    asked = NOW + timedelta(days=3)
    first = lifecycle.ask_export(departure.id, channel="page", by="", at=asked)
    sender = f"Privacy@{customer.handle}.example"
    assert lifecycle.ask_export(departure.id, channel="e-mail", by="staff", at=asked, sender=sender) == first
    with pytest.raises(lifecycle.DepartureRefused, match="being made"):
        lifecycle.confirm_end(departure.id, by="", at=asked)
    move(asked)
    view, content = package(departure, asked)
    assert (view.state, view.records) == ("ready", 2)
    assert hashlib.sha256(content).hexdigest() == view.sha256
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None
        tables = [name for name in opened.namelist() if name.endswith(".csv") and "recordings" in name]
        assert tables
        assert "last-checkpoint.txt" in " ".join(opened.namelist())
    when = instants_of(departure)
    assert view.expires_at == when
    key = f"{customer.id}/returns/{first}.zip.age"
    assert [one.key for one in recordings.installed_store().list(str(customer.id))] == [key]
    with pytest.raises(lifecycle.DepartureRefused, match=r"KV-8"):
        lifecycle.ask_export(departure.id, channel="page", by="", at=when)
    move(when)
    with pytest.raises(lifecycle.UnknownDeparture, match="gone"):
        package(departure, when)
    certificate = lifecycle.certificate(departure.id)
    assert certificate is not None
    assert f'"records":{view.records}' in certificate.document
    assert list(recordings.installed_store().list(str(customer.id))) == []


def instants_of(departure: lifecycle.DepartureView) -> datetime:
    return next(one.starts for one in departure.timeline.phases if one.key == "destruction")


def test_a_link_lives_as_long_as_the_agreement_says(make_customer: MakeCustomer) -> None:
    """imagicle-dpa IM-8.cloud: the data stays 90 days, a link 30 (ours)."""
    customer = make_customer(agreement="imagicle-dpa")
    furnish(customer, objects=1)
    departure = end(customer, choice="return")
    when = instants(customer, NOW)
    with pytest.raises(lifecycle.DepartureRefused, match="in the console"):
        lifecycle.ask_export(departure.id, channel="page", by="", at=NOW)
    move(when.access)  # who chose to have the data returned need not ask
    view, _ = package(departure, when.access)
    assert view.channel == "choice"
    assert view.expires_at is not None
    assert when.access + timedelta(days=29) < view.expires_at < when.destroy - LEAD
    move(view.expires_at)
    with pytest.raises(lifecycle.UnknownDeparture):
        package(departure, view.expires_at)
    assert lifecycle.departure(departure.id).returns[0].state == "expired"


def test_nothing_is_returned_where_the_agreement_offers_no_return(make_customer: MakeCustomer) -> None:
    """ixcloud-dpa IX-11.end: no return is offered."""
    customer = make_customer(agreement="ixcloud-dpa")
    departure = end(customer)
    with pytest.raises(lifecycle.DepartureRefused, match=r"IX-11\.end"):
        lifecycle.ask_export(departure.id, channel="page", by="", at=NOW + MINUTE)


def test_a_package_is_sealed_to_the_keys_that_the_customer_holds(make_customer: MakeCustomer) -> None:
    identities = [generate_identity() for _ in range(2)]
    customer = make_customer(
        agreement="kavkom-dpa", custody="customer-held", recipients=tuple(one.recipient for one in identities)
    )
    departure = end(customer)
    lifecycle.ask_export(departure.id, channel="page", by="", at=NOW + MINUTE)
    move(NOW + MINUTE)
    view, content = package(departure, NOW + 2 * MINUTE)
    assert content.startswith(b"age-encryption.org/v1")
    clear = open_bytes(content, [identities[1].secret])
    assert hashlib.sha256(clear).hexdigest() == view.sha256
    assert view.sealed


def test_a_reseller_that_the_order_names_asks_and_the_customer_alone_is_handed_the_export(
    make_customer: MakeCustomer,
) -> None:
    """imagicle-dpa IM-8.cloud: the customer or its reseller asks by e-mail; nobody else is heard."""
    customer = make_customer(agreement="imagicle-dpa")
    furnish(customer, objects=1)
    own, reseller = f"privacy@{customer.handle}.example", "desk@reseller.example"
    with tenancy.scope(customer):
        contract.change_order(by="test", at=NOW, export_intake=reseller)
    departure = end(customer)
    when = instants(customer, NOW)
    move(when.access)
    at = when.access + MINUTE
    for wrong in ("", "desk@another.example", "reseller.example"):
        with pytest.raises(lifecycle.DepartureRefused, match="named this address neither"):
            lifecycle.ask_export(departure.id, channel="e-mail", by="staff", at=at, sender=wrong)
    with pytest.raises(lifecycle.DepartureRefused, match="nobody asks by"):
        lifecycle.ask_export(departure.id, channel="reseller", by="staff", at=at, sender=reseller)
    assert not lifecycle.departure(departure.id).returns
    asked = lifecycle.ask_export(departure.id, channel="e-mail", by="staff", at=at, sender=" Desk@Reseller.example")
    assert [(to, subject) for to, subject, _text in written(departure)][-1] == (
        own, "Your reseller asked for an export of your data"
    )  # fmt: skip
    move(at)
    view, _content = package(departure, at + MINUTE)
    assert (view.id, view.state, view.channel) == (asked, "ready", "reseller")
    letters = written(departure)[-2:]
    assert {to: subject for to, subject, _text in letters} == {
        own: "The export of your data is ready", reseller: f"The export of {customer.name} is ready",
    }  # fmt: skip
    assert not [text for to, _subject, text in written(departure) if to == reseller and "/end/" in text]
    with tenancy.scope(tenancy.provider()):
        entries = trail(["lifecycle.return-asked"])
    (details,) = [one.details for one in entries if one.details and one.details["return"] == str(asked)]
    assert details["channel"] == "reseller"
    assert "reseller.example" not in str(details), "who it was stands in the order, not in the log"


def written(departure: lifecycle.DepartureView) -> list[tuple[str, str, str]]:
    """To whom, subject and text of the letters about a departure, oldest first."""
    with tenancy.scope(tenancy.provider()):
        found = [one for one in mail.messages(purpose="departure", limit=100_000) if str(departure.id) in one.key]
        return [
            (to.address, one.subject, mail.content(one.id).text) for one in reversed(found) for to in one.recipients
        ]
