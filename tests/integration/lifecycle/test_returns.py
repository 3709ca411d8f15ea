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
from tests.support.spooled import Spooler, call

from parley.lifecycle import api as lifecycle
from parley.lifecycle.rules import LEAD
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
    assert lifecycle.ask_export(departure.id, channel="e-mail", by="staff", at=asked) == first
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
