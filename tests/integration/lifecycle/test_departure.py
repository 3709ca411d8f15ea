"""The end of a contract by moving time: states, refusals, destruction, absence; renewal touches nothing."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from tests.support.departures import letters, move
from tests.support.installation import MakeCustomer, settings
from tests.support.left_evidence import trail

from parley.agreement.api import end_instants
from parley.governance.contract import api as contract
from parley.ledger import verifier
from parley.lifecycle import api as lifecycle
from parley.lifecycle.leftovers import undecided
from parley.lifecycle.rules import LEAD
from parley.obligations import api as obligations
from parley.recordings import api as recordings
from parley.tenancy import api as tenancy
from parley.tenancy import databases

pytestmark = pytest.mark.usefixtures("cluster")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AGREEMENTS = ("imagicle-dpa", "ixcloud-dpa", "kavkom-dpa", "ucx-terms", "imagino-policy")
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=AGREEMENTS)
def leaver(request: pytest.FixtureRequest, make_customer: MakeCustomer) -> Iterator[tenancy.Customer]:
    """A customer of each agreement with an address for notices, a trunk and objects in the store."""
    made = make_customer(agreement=request.param)
    furnish(made)
    yield made


def furnish(customer: tenancy.Customer, objects: int = 5) -> None:
    tenancy.add_trunk(customer, name="main", sources=[f"198.51.100.9:{1 + customer.id.int % 60000}"])
    with tenancy.scope(customer):
        contract.set_notice_addresses([f"privacy@{customer.handle}.example"], by="test", at=NOW)
    fill(customer, objects)


def fill(customer: tenancy.Customer, objects: int) -> None:
    """Objects in the store, written as files: nobody waits for the disk here."""
    root = Path(settings.PARLEY_STORE_URL.removeprefix("file://"))
    recordings.installed_store()
    for number in range(objects):
        path = root / f"{customer.id}/recordings/{number:08}/part"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"sealed")


def instants(customer: tenancy.Customer, ends_at: datetime):  # type: ignore[no-untyped-def]
    with tenancy.scope(customer):
        agreement, zone = contract.binding().agreement, contract.order().zone
    return end_instants(agreement.terms.end, ends_at, zone=zone)


def end(customer: tenancy.Customer, *, at: datetime = NOW, **more: object) -> lifecycle.DepartureView:
    with tenancy.scope(customer):
        lifecycle.end(**({"at": at, "by": "test", "ends_at": None, "choice": "delete", "reason": ""} | more))  # type: ignore[arg-type]
    found = lifecycle.departure_of(customer.id)
    assert found is not None
    move(at)
    return found


def done(departure: lifecycle.DepartureView) -> list[str]:
    return [one.step for one in lifecycle.departure(departure.id).steps if one.done_at]


def objects(customer: tenancy.Customer) -> list[str]:
    return [one.key for one in recordings.installed_store().list(str(customer.id))]


def test_every_table_that_names_a_customer_was_decided_upon() -> None:
    assert undecided() == []


def test_from_the_end_to_the_certificate(leaver: tenancy.Customer, tmp_path: Path) -> None:
    when = instants(leaver, NOW)
    departure = end(leaver)
    ((subject, text),) = letters(departure.id)
    assert "Your contract ends" in subject
    token = text.rsplit("/end/", 1)[1].split()[0]
    assert lifecycle.by_token(token).id == departure.id
    with pytest.raises(lifecycle.UnknownDeparture):
        lifecycle.by_token(token[1:] + token[0] + "x")

    if when.access > NOW:  # IM-8.cloud, UX-11: the customer reads its data, nothing is touched
        move(when.access - MINUTE)
        assert done(departure) == ["notice"]
        assert tenancy.by_handle(leaver.handle) is not None
        assert len(objects(leaver)) == 5

    move(when.access)
    blocked = lifecycle.departure(departure.id)
    assert blocked.state == "blocked"
    assert {"close", "isolate", "backup", "live"} <= set(done(departure))
    assert tenancy.by_handle(leaver.handle) is None
    assert list(tenancy.trunks(leaver)) == []
    assert objects(leaver) == []
    assert [place for place in tenancy.traces(leaver) if place != "the keyring"] == []
    (statement,) = lifecycle.statements(departure.id)
    assert {one["what"] for one in statement.gone} >= {"live database", "objects in the store"}
    assert any(one["what"] == "sealed backups" for one in statement.remains)

    move(when.destroy - LEAD - MINUTE)
    assert tenancy.keyring().holds(customer_id=leaver.id)
    move(when.destroy - LEAD)
    certified = lifecycle.departure(departure.id)
    assert certified.state == "certified"
    assert list(tenancy.traces(leaver)) == []
    assert not tenancy.keyring().holds(customer_id=leaver.id)
    with databases.administration() as admin:
        assert not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [leaver.database]).fetchone()
    register = tenancy.known(leaver.id)
    assert register is not None
    assert (register.state, register.agreement, register.recipients) == ("destroyed", "", ())
    proven(departure.id, tmp_path)
    with tenancy.scope(tenancy.provider()):
        duty = obligations.duty(f"contract-ends:{ending_of(certified)}:destroy", at=when.destroy)
    assert duty is not None
    assert (duty.state, duty.late) == ("met", False)


def ending_of(view: lifecycle.DepartureView) -> UUID:
    from parley.lifecycle.models import Departure

    return Departure.objects.get(id=view.id).ending_id


def proven(departure_id: UUID, folder: Path) -> None:
    """The certificate holds offline: the single-file verifier, alone in a process, and the hashes that it prints."""
    certificate = lifecycle.certificate(departure_id)
    assert certificate is not None
    assert certificate.proof is not None
    assert certificate.pdf.startswith(b"%PDF")
    (folder / "proof.json").write_bytes(certificate.proof)
    key = str(tenancy.keyring().ledger_signer(tenancy.provider()).log_key)
    alone = [sys.executable, "-I", verifier.__file__, str(folder / "proof.json"), "--log-key", key]
    ran = subprocess.run(alone, capture_output=True, text=True, check=False, cwd=folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    details = json.loads(certificate.proof)["details"]["value"]
    assert details["sha256"] == hashlib.sha256(certificate.document.encode()).hexdigest()
    assert details["pdf_sha256"] == hashlib.sha256(certificate.pdf).hexdigest()
    said = json.loads(certificate.document)
    assert said["last_checkpoint"]["size"] > 0
    assert said["absence"]["places"]
    assert [one["sha256"] for one in said["statements"]] == [one.sha256 for one in lifecycle.statements(departure_id)]
    (folder / "proof.json").write_bytes(certificate.proof.replace(b"lifecycle.certificate", b"lifecycle.certificatf"))
    assert subprocess.run(alone, capture_output=True, check=False, cwd=folder).returncode == 1


def test_a_renewal_inside_the_window_changes_no_byte(make_customer: MakeCustomer) -> None:
    """ucx-terms UX-11: 30 days to renew."""
    customer = make_customer(agreement="ucx-terms")
    furnish(customer)
    before = fingerprint(customer)
    departure = end(customer)
    move(NOW + timedelta(days=20))
    with tenancy.scope(customer):
        lifecycle.renew(at=NOW + timedelta(days=20), by="test")
    assert lifecycle.departure_of(customer.id) is None
    move(NOW + timedelta(days=200))
    assert fingerprint(customer) == before
    assert tenancy.by_handle(customer.handle) is not None
    assert lifecycle.departure(departure.id).state == "cancelled"
    again = end(customer, at=NOW + timedelta(days=300))
    assert again.id != departure.id


def fingerprint(customer: tenancy.Customer) -> dict[str, str]:
    """Every table but those that say what was said, and every object."""
    said = {"obligations_", "ledger_", "contract_endingrecord", "contract_orderrecord"}
    found = {}
    with tenancy.connect(customer) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (name,) in sorted(names):
            if not any(name.startswith(one) for one in said) and name != "django_migrations":
                rows = connection.execute(f'SELECT t::text FROM "{name}" t ORDER BY 1').fetchall()
                found[name] = hashlib.sha256(repr(rows).encode()).hexdigest()
    store = recordings.installed_store()
    return found | {key: store.sha256(key) for key in objects(customer)}


def test_an_end_in_the_future_touches_nothing_before(make_customer: MakeCustomer) -> None:
    customer = make_customer(agreement="ixcloud-dpa")
    departure = end(customer, ends_at=NOW + timedelta(days=60))
    move(NOW + timedelta(days=59))
    assert lifecycle.departure(departure.id).state == "ended"
    assert tenancy.by_handle(customer.handle) is not None
    move(NOW + timedelta(days=60))
    assert lifecycle.departure(departure.id).state == "blocked"


def test_a_confirmed_end_is_destroyed_at_once(make_customer: MakeCustomer, tmp_path: Path) -> None:
    customer = make_customer(agreement="imagicle-dpa")
    furnish(customer)
    departure = end(customer)
    lifecycle.confirm_end(departure.id, by="test", at=NOW + MINUTE)
    with pytest.raises(lifecycle.DepartureRefused, match="confirmed before"):
        lifecycle.confirm_end(departure.id, by="test", at=NOW + MINUTE)
    move(NOW + MINUTE)
    assert lifecycle.departure(departure.id).state == "certified"
    assert "backup" not in done(departure)
    proven(departure.id, tmp_path)
    # imagicle-dpa IM-8.support: what was collected in support goes on its own day, three years after
    assert "support" not in done(departure)
    move(NOW + timedelta(days=3 * 366))
    assert "support" in done(departure)
    with tenancy.scope(tenancy.provider()):
        duty = obligations.duty(f"contract-ends:{ending_of(departure)}:support-data-destroyed", at=NOW)
    assert duty is not None
    assert duty.state == "met"


def test_a_closed_service_is_not_renewed(make_customer: MakeCustomer) -> None:
    customer = make_customer(agreement="ucx-terms")
    departure = end(customer)
    lifecycle.confirm_end(departure.id, by="test", at=NOW + MINUTE)
    with tenancy.scope(customer):
        tenancy.depart(customer.id)
        with pytest.raises(contract.ContractRefused, match="closed"):
            contract.renew(at=NOW + 2 * MINUTE, by="test")


def test_customer_held_keys_are_told_apart(make_customer: MakeCustomer) -> None:
    customer = make_customer(agreement="ixcloud-dpa", custody="customer-held")
    departure = end(customer)
    lifecycle.confirm_end(departure.id, by="test", at=NOW)
    move(NOW)
    certificate = lifecycle.certificate(departure.id)
    assert certificate is not None
    said = json.loads(certificate.document)["keys"]
    assert said["content_keys_held_by"] == "customer"
    assert "never held" in said["words"]


def test_what_the_page_needs_goes_ninety_days_after_the_certificate(make_customer: MakeCustomer) -> None:
    customer = make_customer(agreement="kavkom-dpa")
    furnish(customer)
    departure = end(customer)
    token = letters(departure.id)[0][1].rsplit("/end/", 1)[1].split()[0]
    lifecycle.confirm_end(departure.id, by="test", at=NOW)
    move(NOW)
    assert lifecycle.by_token(token).state == "certified"
    move(NOW + timedelta(days=90))
    assert letters(departure.id) == []
    with pytest.raises(lifecycle.UnknownDeparture):
        lifecycle.by_token(token)
    # Who said what is in the log still, which names nobody.
    with tenancy.scope(tenancy.provider()):
        kinds = {one.kind for one in trail()}
    assert {"lifecycle.certificate", "lifecycle.forget"} <= kinds


def test_something_that_is_still_there_keeps_the_certificate_back(make_customer: MakeCustomer) -> None:
    customer = make_customer(agreement="ixcloud-dpa")
    departure = end(customer)
    lifecycle.confirm_end(departure.id, by="test", at=NOW)
    spool = Path(settings.PARLEY_DATA_DIR) / "spool" / "11111111-1111-4111-8111-111111111111"
    handlers = _with_a_late_object(customer)
    outcome = obligations.run_due(tenancy.provider(), handlers=handlers, now=NOW)
    assert outcome.failed == 1
    assert not spool.exists()
    assert lifecycle.certificate(departure.id) is None
    obligations.run_due(tenancy.provider(), handlers=handlers, now=datetime.now(UTC) + timedelta(days=365))
    assert lifecycle.certificate(departure.id) is not None


def _with_a_late_object(customer: tenancy.Customer) -> dict[str, obligations.Handler]:
    """The handlers, with work of the customer that ends only when its copies were destroyed."""
    from tests.support.departures import ours

    handlers = ours()
    leftovers = handlers["lifecycle.leftovers"]

    def late(work: obligations.Work) -> None:
        recordings.installed_store().put(f"{customer.id}/recordings/late/part", b"sealed")
        leftovers(work)

    return handlers | {"lifecycle.leftovers": late}
