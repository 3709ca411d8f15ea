"""A backup is sealed, restores what was there and nothing that was erased since, and refuses a flipped byte."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from tests.integration.backups.conftest import Office, OfficeOf
from tests.support.installation import MakeCustomer
from tests.support.left_evidence import entries, trail

from parley.backups import api as backups
from parley.backups import files
from parley.backups.models import Backup
from parley.governance.access import api as access
from parley.inventory.api import Held
from parley.ledger import api as ledger
from parley.obligations.api import run_due
from parley.people.api import create_user
from parley.recordings import api as recordings
from parley.recordings.models import Part, Recording
from parley.recordings.reading import original
from parley.recordings.resealing import api as resealing
from parley.retention import api as retention
from parley.sealing.api import NoIdentityMatchesError, open_bytes
from parley.tenancy import api as tenancy
from parley.tenancy import scratch


def now() -> datetime:
    return datetime.now(UTC)


def flip(office: Office, key: str) -> None:
    path = office.file(key)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(content)


def test_rows_and_objects_come_back_as_they_were(office: Office) -> None:
    taken = backups.take(office.customer, reason="asked", at=now())
    assert taken.state == "ready"
    assert taken.damaged == 0
    assert taken.objects == len(list(office.live.list(str(office.customer.id)))) > 0
    rows = list(Part.objects.order_by("id").values_list("object_key", "sha256"))
    later = office.record()[0]
    with backups.restored(office.customer) as found:
        assert found.customer.database != office.customer.database
        with tenancy.scope(found.customer):
            assert list(Part.objects.order_by("id").values_list("object_key", "sha256")) == rows
            assert not Recording.objects.filter(id=later).exists()
            with tenancy.connect(found.customer) as connection, connection.cursor() as cursor:
                head = ledger.audit(cursor)
        assert head is not None
        assert head.size == taken.entries
        for key, sha256 in rows:
            assert found.store.sha256(key) == sha256
            with found.store.open(key) as sealed:
                assert len(sealed.read()) == found.store.head(key).size
        database = found.customer.database
    assert not scratch.exists(database)
    assert not scratch.all_of_them() & {database}
    assert Recording.objects.filter(id=later).exists()


def test_evidence_is_in_both_logs_with_the_hashes(office: Office) -> None:
    taken = backups.take(office.customer, reason="asked", at=now())
    assert "backup.taken" in {kind for kind, _ in entries()}
    with tenancy.scope(tenancy.provider()):
        found = [one.details or {} for one in trail(["backup.taken"])]
    told = next(one for one in found if one["backup"] == str(taken.id))
    assert told["dump_sha256"] == taken.dump_sha256
    assert told["customer"] == str(office.customer.id)
    assert office.backups.sha256(files.dump_key(office.customer.id, taken.id)) == taken.dump_sha256


def test_dump_and_manifest_open_with_the_backup_key_alone(office: Office) -> None:
    taken = backups.take(office.customer, reason="asked", at=now())
    sealed = office.file(files.dump_key(office.customer.id, taken.id)).read_bytes()
    identity = tenancy.keyring().backup_identity(office.customer)
    assert open_bytes(sealed, [identity.secret]).startswith(b"PGDMP")
    assert b"PGDMP" not in sealed


@pytest.mark.parametrize("part", ["dump", "manifest"])
def test_one_flipped_byte_is_refused_and_the_file_named(office: Office, part: str) -> None:
    taken = backups.take(office.customer, reason="asked", at=now())
    key = {"dump": files.dump_key, "manifest": files.manifest_key}[part](office.customer.id, taken.id)
    flip(office, key)
    with pytest.raises(backups.BackupDamaged, match=key), backups.restored(office.customer):
        pytest.fail("nobody may see it")
    assert not scratch.all_of_them()
    drilled = backups.drill(office.customer, at=now())
    assert not drilled.good
    assert key in drilled.findings[0]


def test_a_flipped_byte_in_an_object_is_refused_and_the_object_named(office: Office) -> None:
    backups.take(office.customer, reason="asked", at=now())
    key = Part.objects.order_by("id").values_list("object_key", flat=True)[0]
    flip(office, key)
    with backups.restored(office.customer) as found, pytest.raises(backups.BackupDamaged, match=key):
        found.store.open(key)
    drilled = backups.drill(office.customer, at=now())
    assert [key in finding for finding in drilled.findings].count(True) >= 1


def test_what_was_erased_since_is_absent_after_a_restoration(office: Office) -> None:
    first = Recording.objects.order_by("started_at").first()
    assert first is not None
    keys = set(Part.objects.filter(recording=first).values_list("object_key", flat=True))
    backups.take(office.customer, reason="asked", at=now())
    held = Held(store=recordings.STORE.name, kind=next(iter(recordings.STORE.kinds)), id=first.id, at=first.started_at)
    disposal = retention.dispose([held], cause="customer", reference="t", at=now(), by="t")
    assert disposal.erased.records == 1
    with backups.restored(office.customer) as found, tenancy.scope(found.customer):
        assert found.erased.records == 1
        assert not Recording.objects.filter(id=first.id).exists()
        assert Recording.objects.count() == 2
        assert not keys & {head.key for head in found.store.list()}
        for key in keys:
            with pytest.raises(files.ObjectNotFoundError):
                found.store.open(key)


def privileges(database: str) -> set[tuple[Any, ...]]:
    """Every grant on tables, columns, sequences, schema and database, with names of own roles made comparable."""
    with scratch.connect(database) as connection:
        found = connection.execute(
            "SELECT c.relname, c.relkind::text, pg_get_userbyid(c.relowner), c.relacl::text FROM pg_class c"
            " WHERE relnamespace = 'public'::regnamespace"
            " UNION ALL SELECT attrelid::regclass::text, attname::text, '', attacl::text FROM pg_attribute"
            " WHERE attacl IS NOT NULL"
            " UNION ALL SELECT nspname::text, 'n', pg_get_userbyid(nspowner), nspacl::text FROM pg_namespace"
            " WHERE nspname = 'public'"
            " UNION ALL SELECT proname::text, prosecdef::text, pg_get_userbyid(proowner), proacl::text FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace"
            " UNION ALL SELECT tgrelid::regclass::text, tgname::text, tgenabled::text, '' FROM pg_trigger"
            " WHERE NOT tgisinternal"
            " UNION ALL SELECT 'database', '', pg_get_userbyid(datdba), datacl::text FROM pg_database"
            " WHERE datname = current_database()"
        ).fetchall()

    def plain(acl: Any) -> Any:
        return ",".join(sorted(str(acl).strip("{}").replace(database, "DB").split(","))) if acl else acl

    return {(*row[:3], plain(row[3])) for row in found}


def test_privileges_are_those_of_a_created_customer(office: Office, make_customer: MakeCustomer) -> None:
    backups.take(office.customer, reason="asked", at=now())
    fresh = make_customer()
    with backups.restored(office.customer) as found:
        assert privileges(found.customer.database) == privileges(fresh.database)
        with tenancy.connect(found.customer) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE ledger_entry SET kind = 'a.b'")
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(**{**tenancy.connection_parameters(fresh), "dbname": found.customer.database})


def test_a_customer_that_holds_its_keys_gets_rows_back_and_content_stays_sealed(
    make_customer: MakeCustomer, office_of: OfficeOf
) -> None:
    held = make_customer(custody="customer-held", agreement="ixcloud-dpa")
    with tenancy.scope(held):
        office = office_of(held)
        office.record(1)
        backups.take(held, reason="asked", at=now())
        key = Part.objects.values_list("object_key", flat=True)[0]
        drilled = backups.drill(held, at=now())
        assert ("backup.drilled", "IX-5.resilience") in entries()
    assert drilled.good
    assert drilled.opened == 0
    with backups.restored(held) as found:
        sealed = found.store.get_range(key, 0, found.store.head(key).size)
        with pytest.raises(NoIdentityMatchesError):
            open_bytes(sealed, [tenancy.keyring().backup_identity(held).secret])


def test_a_drill_measures_and_compares(office: Office) -> None:
    at = now()
    backups.take(office.customer, reason="asked", at=at - timedelta(hours=3))
    drilled = backups.drill(office.customer, at=at)
    assert drilled.good, drilled.findings
    assert drilled.rpo == timedelta(hours=3)
    assert timedelta() < drilled.rto < timedelta(minutes=1)
    assert drilled.opened > 0
    assert drilled.objects_read == drilled.objects
    assert "backup.drilled" in {kind for kind, _ in entries()}
    assert backups.drills(office.customer)[0] == drilled


def test_the_lost_database_is_replaced(office: Office) -> None:
    taken = backups.take(office.customer, reason="asked", at=now())
    kept = set(Recording.objects.values_list("id", flat=True))
    erased = Recording.objects.get(id=min(kept))
    held = Held(
        store=recordings.STORE.name, kind=next(iter(recordings.STORE.kinds)), id=erased.id, at=erased.started_at
    )
    retention.dispose([held], cause="customer", reference="t", at=now(), by="t")
    office.record(2)
    lost_key = Part.objects.exclude(recording=erased).order_by("id").values_list("object_key", flat=True)[0]
    from django.db import connections

    connections["default"].close()
    with scratch.databases.administration() as admin:
        scratch.databases.drop(database=office.customer.database, admin=admin)
    office.live.delete(lost_key)
    assert backups.restore_in_place(office.customer, at=now()).id == taken.id
    restored = tenancy.by_id(office.customer.id)
    assert restored is not None
    assert restored.state == "active"
    with tenancy.scope(restored):
        assert set(Recording.objects.values_list("id", flat=True)) == kept - {erased.id}
        assert office.live.sha256(lost_key) == Part.objects.get(object_key=lost_key).sha256
        office.record(2)
        kinds = {kind for kind, _ in entries()}
    assert "backup.restored" in kinds
    assert not scratch.all_of_them()


def test_what_was_sealed_anew_comes_back_from_backups_before_and_after(office: Office) -> None:
    """The old objects wait for the backup that is being taken; each backup has the files that its rows name."""
    before = backups.take(office.customer, reason="asked", at=now())
    old = dict(Part.objects.values_list("name", "object_key").filter(recording=Recording.objects.first()))
    with tenancy.scope(office.customer):
        access.rotate_keys(by=uuid4(), party="customer", at=now())
        by = create_user(email="o@backup.example", name="O", password=None, role="compliance").id
        resealing.start(by=by, at=now())
        customer = tenancy.current()
        taking = Backup.objects.create(
            id=uuid4(), customer=customer.id, number=99, reason="asked", state="taking", began_at=now(),
            expires_at=now() + timedelta(days=1),
        )  # fmt: skip
        late = now() + timedelta(hours=2)
        for turn in range(2):
            run_due(customer, handlers=resealing.long_handlers(), now=late + timedelta(minutes=turn))
        assert resealing.former().left == 0
        assert all(any(office.live.list(key)) for key in old.values()), "its snapshot may name them"
        taking.delete()
        run_due(customer, handlers=resealing.long_handlers(), now=late + timedelta(hours=2))
        assert not any(any(office.live.list(key)) for key in old.values())
        after = backups.take(customer, reason="asked", at=now())
        assert after.damaged == 0
        keys = tenancy.keyring().identities(customer)
        for taken, fitting in ((before, keys[1]), (after, keys[0])):
            with backups.restored(customer, taken.id) as found, tenancy.scope(found.customer):
                for row in Recording.objects.all():
                    for part in original(row, store=found.store).values():
                        assert open_bytes(part.read(), [fitting])[:4] == bytes.fromhex("4d3cb2a1")
