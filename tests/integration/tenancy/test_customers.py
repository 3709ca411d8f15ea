"""Making customers: fast, whole or not at all, with keys where they belong."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from parley.agreement.api import UnknownAgreement
from parley.people import api as people
from parley.sealing.api import generate_identity
from parley.tenancy import api as tenancy
from parley.tenancy import models
from parley.tenancy.databases import administration

PASSWORD = "seven-quiet-lanterns"
MakeCustomer = Callable[..., tenancy.Customer]


def _cluster_names() -> set[str]:
    with administration() as admin:
        rows = admin.execute("SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles").fetchall()
    return {name for (name,) in rows}


def _key_files() -> set[str]:
    return {file.name for file in (settings.PARLEY_DATA_DIR / "keys" / "customers").iterdir()}


@pytest.mark.alone
def test_a_customer_with_its_administrator_is_made_in_well_under_a_second(make_customer: MakeCustomer) -> None:
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        made = make_customer(administrator=tenancy.NewUser(email="a@example.org", name="Ada", password=PASSWORD))
        seconds.append(time.perf_counter() - began)
        with tenancy.scope(made):
            assert people.User.objects.get().role == "administrator"
    print(f"customer with administrator: median {statistics.median(seconds) * 1000:.0f} ms")
    assert statistics.median(seconds) < 0.7


def test_a_customer_is_found_by_handle_id_and_log(make_customer: MakeCustomer) -> None:
    made = make_customer(handle="found-again")
    assert tenancy.by_handle("found-again") == tenancy.by_id(made.id) == tenancy.by_log_id(made.log_id) == made
    assert made in tenancy.customers()
    assert tenancy.provider() not in tenancy.customers()


@pytest.mark.parametrize(
    "handle", ["", "x", "Upper", "two words", "-edge", "edge-", "a--b", "provider", "é" * 3, "x" * 41]
)
def test_a_handle_that_cannot_be_an_address_is_refused(make_customer: MakeCustomer, handle: str) -> None:
    with pytest.raises(tenancy.CustomerRefused):
        tenancy.create_customer(handle=handle, name="N", region="eu", custody="local", agreement="imagicle-dpa")


def test_a_taken_handle_is_refused_and_leaves_nothing(make_customer: MakeCustomer) -> None:
    make_customer(handle="taken")
    before = _cluster_names(), _key_files()
    with pytest.raises(tenancy.CustomerRefused, match="already"):
        make_customer(handle="taken")
    assert (_cluster_names(), _key_files()) == before


def test_a_refused_administrator_leaves_no_customer(make_customer: MakeCustomer) -> None:
    before = _cluster_names(), _key_files()
    with pytest.raises(people.AccountRefused):
        make_customer(
            handle="halfway", administrator=tenancy.NewUser(email="a@example.org", name="Ada", password="short")
        )
    assert (_cluster_names(), _key_files()) == before
    assert tenancy.by_handle("halfway") is None
    make_customer(handle="halfway")


def test_what_a_crash_left_half_made_is_taken_back(make_customer: MakeCustomer) -> None:
    made = make_customer(handle="crashed")
    long_ago = models.Customer.objects.get(id=made.id).created_at.replace(year=2020)
    models.Customer.objects.filter(id=made.id).update(state="creating", created_at=long_ago)
    tenancy.prepare()
    assert not any(made.database in name for name in _cluster_names())
    assert f"{made.id}.keyring" not in _key_files()


def test_an_unknown_agreement_is_refused(make_customer: MakeCustomer) -> None:
    with pytest.raises(UnknownAgreement):
        make_customer(agreement="handshake")


def test_local_keys_are_sealed_files_of_our_own_and_never_rows(make_customer: MakeCustomer) -> None:
    made = make_customer()
    (identity,) = tenancy.keyring().identities(made)
    file = settings.PARLEY_DATA_DIR / "keys" / "customers" / f"{made.id}.keyring"
    assert identity.encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    assert identity not in str(list(models.Customer.objects.values()))


def test_the_provider_knows_no_identity_of_a_customer_that_holds_its_keys(make_customer: MakeCustomer) -> None:
    recipients = tuple(generate_identity().recipient for _ in range(2))
    made = make_customer(custody="customer-held", recipients=recipients, agreement="ixcloud-dpa")
    assert tenancy.keyring().identities(made) == ()
    assert made.recipients == recipients


@pytest.mark.parametrize("count", [0, 1])
def test_a_customer_that_holds_its_keys_names_two(make_customer: MakeCustomer, count: int) -> None:
    recipient = generate_identity().recipient
    with pytest.raises(tenancy.CustomerRefused, match="two"):
        make_customer(custody="customer-held", recipients=(recipient,) * 2 if count else (), agreement="ixcloud-dpa")


def test_a_module_that_is_not_there_is_said(make_customer: MakeCustomer) -> None:
    with pytest.raises(tenancy.KeysUnavailable, match="PKCS#11"):
        make_customer(custody="pkcs11")


def test_a_keyring_is_good_for_its_own_customer_only(make_customer: MakeCustomer) -> None:
    first, second = make_customer(), make_customer()
    directory: Path = settings.PARLEY_DATA_DIR / "keys" / "customers"
    kept = (directory / f"{second.id}.keyring").read_bytes()
    (directory / f"{second.id}.keyring").write_bytes((directory / f"{first.id}.keyring").read_bytes())
    with pytest.raises(tenancy.KeysUnavailable):
        tenancy.keyring().identities(second)
    (directory / f"{second.id}.keyring").write_bytes(kept)


def test_index_keys_differ_by_customer_and_field_and_stay(make_customer: MakeCustomer) -> None:
    first, second = make_customer(), make_customer()
    keys = {
        tenancy.keyring().index_key(each, field) for each in (first, second) for field in ("number", "conversation")
    }
    assert len(keys) == 4
    assert tenancy.keyring().index_key(first, "number") in keys


def test_a_database_of_an_older_version_is_brought_to_this_one(make_customer: MakeCustomer) -> None:
    made = make_customer()
    described = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    with administration() as admin:
        present = admin.execute(described, [made.database]).fetchone()
        admin.execute(f"COMMENT ON DATABASE {made.database} IS 'migrations of last year'")
    with administration(dbname=made.database) as admin:
        admin.execute("REVOKE ALL ON people_user FROM parley_app")
    tenancy.prepare()
    with administration() as admin:
        assert admin.execute(described, [made.database]).fetchone() == present
    with tenancy.scope(made):
        assert not people.User.objects.exists()
