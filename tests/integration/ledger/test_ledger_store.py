"""Recording, integrating, listing, erasing, proving: in PostgreSQL, as the roles that the daemons have."""

import json
import threading
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction
from tests.support.ledger_peer import aics_tlog
from tests.support.logs import AT, CLAUSE, administrator, countersign, integrate_all, record_many, signer_of

from parley.ledger import api as ledger
from parley.ledger import tree
from parley.tenancy import api as tenancy


def test_evidence_exists_only_if_its_transaction_commits(customer):
    with pytest.raises(ZeroDivisionError), transaction.atomic(), connection.cursor() as cursor:
        ledger.record(cursor, kind="call.refused", clause=CLAUSE, details={}, at=AT)
        raise ZeroDivisionError
    with transaction.atomic(), connection.cursor() as cursor:
        kept = ledger.record(cursor, kind="call.refused", clause=CLAUSE, details={"reason": "è"}, at=AT)
    with connection.cursor() as cursor:
        (line,) = ledger.entries(cursor)
    assert line == ledger.EntryView(
        id=kept, seq=None, at=AT, kind="call.refused", clause=CLAUSE, details={"reason": "è"}
    )


def test_an_entry_id_is_recorded_once_whatever_happened_since(customer):
    entry_id = uuid4()

    def again(number: int) -> None:
        with tenancy.connect(customer) as conn, conn.cursor() as cursor:
            ledger.record(cursor, kind="call.refused", clause=CLAUSE, details={"n": number}, at=AT, entry_id=entry_id)

    again(1)
    again(2)  # pending
    checkpoint = integrate_all(customer)
    again(3)  # integrated
    with connection.cursor() as cursor:
        assert ledger.erase(cursor, entry_ids=[entry_id]) == 1
    again(4)  # erased
    assert checkpoint is not None
    assert checkpoint.size == 1
    assert integrate_all(customer) is None
    with connection.cursor() as cursor:
        (line,) = ledger.entries(cursor)
    assert (line.id, line.seq, line.details) == (entry_id, 0, None)


def test_the_sequencer_never_integrates_an_id_twice(customer):
    (entry_id,) = record_many(customer, 1)
    integrate_all(customer)
    with administrator(customer) as conn:  # the instant between erasure and integration that `record` cannot see
        conn.execute(
            "INSERT INTO ledger_pending (entry_id, at, kind, clause, commitment)"
            " SELECT entry_id, at, kind, clause, commitment FROM ledger_entry"
        )
    assert integrate_all(customer) is None
    with connection.cursor() as cursor:
        assert [line.id for line in ledger.entries(cursor)] == [entry_id]
        cursor.execute("SELECT count(*) FROM ledger_pending")
        assert cursor.fetchone() == (0,)


def test_two_sequencers_at_once_integrate_each_entry_once(customer):
    recorded = record_many(customer, 400)
    threads = [threading.Thread(target=integrate_all, args=[customer], kwargs={"limit": 7}) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with connection.cursor() as cursor:
        assert {line.id: line.seq for line in ledger.entries(cursor, limit=1000)} == {
            entry_id: seq for seq, entry_id in enumerate(recorded)
        }
        head = ledger.audit(cursor)
    assert head is not None
    assert head.size == 400


def test_the_trail_by_pages_and_kinds(customer):
    with tenancy.connect(customer) as conn, conn.cursor() as cursor:
        for number in range(25):
            ledger.record(
                cursor,
                kind="call.refused" if number % 5 else "call.allowed",
                clause=CLAUSE,
                details={"number": number},
                at=AT + timedelta(seconds=number // 3),  # several in one instant
            )
            if number == 14:
                conn.commit()
                integrate_all(customer)
    with connection.cursor() as cursor:
        pages, before = [], None
        while page := ledger.entries(cursor, before=before, limit=4):
            pages.append(page)
            before = page[-1].cursor
        lines = [line for page in pages for line in page]
        assert [len(page) for page in pages] == [4, 4, 4, 4, 4, 4, 1]
        assert sorted(line.details["number"] for line in lines) == list(range(25))
        assert [(line.at, line.id) for line in lines] == sorted([(line.at, line.id) for line in lines], reverse=True)
        assert sum(line.seq is None for line in lines) == 10
        allowed = ledger.entries(cursor, kinds=["call.allowed"])
        assert [line.details["number"] for line in allowed] == [20, 15, 10, 5, 0]
        assert ledger.entries(cursor, kinds=[]) == []
        for wrong in ("", "x", "2026_x", "2026-01-01T00:00:00Z_", "9999-12-31T23:59:59-23:59_" + str(uuid4())):
            with pytest.raises(ledger.LedgerError):
                ledger.entries(cursor, before=wrong)


def test_the_trail_of_one_person_and_of_some_days(customer):
    anna, bruno = uuid4(), uuid4()
    said = [
        ("person.signed-in", {"person": str(anna)}),
        ("recording.played", {"recording": str(bruno), "user": str(anna)}),
        ("person.role-changed", {"person": str(anna), "user": str(bruno)}),
        ("retention.hold-placed", {"by": str(anna), "hold": str(uuid4())}),
        ("recording.noted", {"note": f'"user":"{anna}"', "user": str(bruno)}),
        ("recording.sealed", {"parts": 2}),
    ]
    with tenancy.connect(customer) as conn, conn.cursor() as cursor:
        ids = []
        for number in range(18):
            kind, details = said[number % 6]
            day = AT + timedelta(days=number // 6)
            ids.append(ledger.record(cursor, kind=kind, clause=CLAUSE, details=details, at=day))
            if number == 11:
                conn.commit()
                integrate_all(customer)

    def found(**given):
        with tenancy.connect(customer) as conn, conn.cursor() as cursor:
            pages, before = [], None
            while page := ledger.entries(cursor, before=before, limit=2, **given):
                pages += page
                before = page[-1].cursor
        assert [(line.at, line.id) for line in pages] == sorted([(line.at, line.id) for line in pages], reverse=True)
        return {ids.index(line.id) for line in pages}

    of_anna = {number for number in range(18) if number % 6 in (0, 1, 3)}
    assert found(person=anna) == of_anna
    assert found(person=bruno) == {number for number in range(18) if number % 6 in (2, 4)}
    assert found(person=uuid4()) == set()
    assert found(person=anna, kinds=["recording.played", "recording.noted"]) == {1, 7, 13}
    assert found(person=anna, clause=CLAUSE, since=AT + timedelta(days=1), until=AT + timedelta(days=2)) == {6, 7, 9}
    assert found(since=AT + timedelta(days=2)) == set(range(12, 18))
    assert found(until=AT) == set()
    with tenancy.connect(customer) as conn, conn.cursor() as cursor:
        assert ledger.erase(cursor, entry_ids=[ids[1], ids[13]]) == 2
    integrate_all(customer)
    assert found(person=anna) == of_anna - {1, 13}
    with administrator(customer) as conn:
        left = conn.execute("SELECT entry_id FROM ledger_person WHERE person = %s", (str(anna),)).fetchall()
        assert len(left) == len(of_anna) - 2
    for role in ("app", "sequencer"):
        with tenancy.connect(customer, role=role) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("DELETE FROM ledger_person")


def test_the_trail_of_one_person_is_read_without_that_of_the_others(customer):
    anna = uuid4()
    with tenancy.connect(customer) as conn, conn.cursor() as cursor:
        for number in range(5000):
            details = {"user": str(anna if number < 3 else uuid4())}
            ledger.record(cursor, kind="recording.played", clause=CLAUSE, details=details, at=AT)
    integrate_all(customer)
    with administrator(customer) as conn:
        conn.execute("ANALYZE ledger_person, ledger_entry, ledger_detail, ledger_pending")

    class Explained:
        def __init__(self, cursor):
            self.cursor = cursor

        def execute(self, query, parameters):
            self.cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", parameters)
            self.plan = self.cursor.fetchone()[0][0]["Plan"]

        def fetchall(self):
            return []

    with tenancy.connect(customer) as conn, conn.cursor() as cursor:
        assert len(ledger.entries(cursor, person=anna)) == 3
        explained = Explained(cursor)
        ledger.entries(explained, person=anna)
        assert explained.plan["Shared Hit Blocks"] + explained.plan["Shared Read Blocks"] < 100


def test_a_bundle_from_the_database_is_proven_and_the_peer_agrees(customer):
    recorded = record_many(customer, 600)
    early = integrate_all(customer, limit=250)
    countersign(customer)
    later = record_many(customer, 30)
    integrate_all(customer)
    log_key = str(signer_of(customer).log_key)
    provider_key = str(signer_of(tenancy.provider()).cosigner_key)
    with connection.cursor() as cursor:
        kept = ledger.published(cursor)
        assert kept is not None
        assert kept.size == early.size == 600  # the newest is not countersigned yet: this one still stands
        old = ledger.verify_bundle(
            ledger.bundle(cursor, entry_id=recorded[300]), log_key=log_key, provider_key=provider_key
        )
        assert (old.index, old.head.size, old.details) == (300, 600, {"number": 300})
        with pytest.raises(ledger.BundleRefused, match="did not countersign"):
            ledger.verify_bundle(ledger.bundle(cursor, entry_id=later[0]), log_key=log_key, provider_key=provider_key)
        countersign(customer)
        data = ledger.bundle(cursor, entry_id=later[0], since=600)
        proven = ledger.verify_bundle(data, log_key=log_key, provider_key=provider_key, kept_checkpoint=kept.note)
        assert (proven.index, proven.head.size, proven.kept) == (600, 630, True)
        assert len(data) <= 8192
        peer = aics_tlog()
        path = ledger.inclusion(cursor, index=17, size=600)
        leaf = peer.leaf_hash(_leaf(cursor, 17))
        assert peer.verify_inclusion(leaf, 17, 600, path, kept.root)
        growth = ledger.consistency(cursor, old=600, new=630)
        assert peer.verify_consistency(600, 630, kept.root, proven.head.root, growth)


def _leaf(cursor: ledger.Cursor, seq: int) -> bytes:
    data = ledger.entry_bundle(cursor, index=seq // 256)
    return aics_tlog().tiles.parse_entry_bundle(data)[seq % 256]


def test_what_cannot_be_bundled_says_why(customer):
    (waiting,) = record_many(customer, 1)
    with connection.cursor() as cursor:
        with pytest.raises(ledger.NotYetIntegrated):
            ledger.bundle(cursor, entry_id=waiting)
        with pytest.raises(ledger.NoSuchEntry):
            ledger.bundle(cursor, entry_id=UUID(int=1))
        with pytest.raises(ledger.NoSuchEntry):
            ledger.entry(cursor, entry_id=UUID(int=1))
        assert ledger.published(cursor) is None
        integrate_all(customer)
        with pytest.raises(ledger.LedgerError, match="shorter"):
            ledger.bundle(cursor, entry_id=waiting, since=2)
        assert json.loads(ledger.bundle(cursor, entry_id=waiting, since=1))["consistency"]["path"] == []


def test_erasure_leaves_the_proof_and_nothing_else(customer):
    recorded = record_many(customer, 3)
    integrate_all(customer)
    with connection.cursor() as cursor:
        assert ledger.erase(cursor, entry_ids=recorded[:2]) == 2
        assert ledger.erase(cursor, entry_ids=recorded[:2]) == 0
        data = ledger.bundle(cursor, entry_id=recorded[0])
    assert ledger.verify_bundle(data, log_key=str(signer_of(customer).log_key)).details is None
    with administrator(customer) as conn:
        assert conn.execute("SELECT entry_id FROM ledger_detail").fetchall() == [(recorded[2],)]


def test_an_entry_erased_while_pending_is_still_integrated(customer):
    (entry_id,) = record_many(customer, 1)
    with connection.cursor() as cursor:
        ledger.erase(cursor, entry_ids=[entry_id])
        integrate_all(customer)
        assert ledger.entry(cursor, entry_id=entry_id).seq == 0


def test_the_sequencer_refuses_to_sign_what_it_did_not_build(customer):
    record_many(customer, 300)
    integrate_all(customer)
    record_many(customer, 1)
    stranger = ledger.LogSigner.of(log_id=customer.log_id, key=Ed25519PrivateKey.generate())
    with tenancy.connect(customer, role="sequencer") as conn, pytest.raises(ledger.LedgerDamaged, match="another key"):
        ledger.integrate(conn, signer=stranger)
    with administrator(customer) as conn:
        conn.execute("ALTER TABLE ledger_tile DISABLE TRIGGER ALL")
        conn.execute("UPDATE ledger_tile SET hashes = substring(hashes FROM 1 FOR 32) || hashes WHERE index > 0")
    with tenancy.connect(customer, role="sequencer") as conn, pytest.raises(ledger.LedgerDamaged, match="head"):
        ledger.integrate(conn, signer=signer_of(customer))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_pending")
        assert cursor.fetchone() == (1,)  # nothing was lost


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET clause = 'IM-1' WHERE seq = 5",
        "UPDATE ledger_entry SET at = at + interval '1 microsecond' WHERE seq = 299",
        "UPDATE ledger_tile SET hashes = overlay(hashes placing '\\x00'::bytea from 100) WHERE level = 0 AND index = 0",
        "UPDATE ledger_head SET root = sha256('')",
        "DELETE FROM ledger_entry WHERE seq = 299",
        "DELETE FROM ledger_checkpoint",
    ],
)
def test_an_audit_finds_what_the_owner_of_the_server_changed(customer, statement):
    record_many(customer, 300)
    integrate_all(customer)
    with connection.cursor() as cursor:
        assert ledger.audit(cursor, page=100).size == 300
    with administrator(customer) as conn:
        for table in ("entry", "tile", "head", "checkpoint"):
            conn.execute(f"ALTER TABLE ledger_{table} DISABLE TRIGGER USER")
        conn.execute(statement)
    with connection.cursor() as cursor, pytest.raises(ledger.LedgerDamaged):
        ledger.audit(cursor, page=100)


def test_the_provider_records_heads_and_refuses_a_rewritten_log(customer):
    record_many(customer, 10)
    integrate_all(customer)
    assert countersign(customer)
    assert not countersign(customer)  # nothing new
    provider = tenancy.provider()
    with tenancy.connect(provider) as conn, conn.cursor() as cursor:
        heads = [line.details for line in ledger.entries(cursor, kinds=["log.head"], limit=1000)]
    assert [head["size"] for head in heads if head["log"] == f"parley/{customer.log_id}"] == [10]
    with administrator(customer) as conn:  # the owner of the server starts the log anew, with the log's own key
        for table in ("entry", "tile", "head", "checkpoint", "cosignature"):
            conn.execute(f"ALTER TABLE ledger_{table} DISABLE TRIGGER USER")
        conn.execute("DELETE FROM ledger_cosignature; DELETE FROM ledger_checkpoint")
        conn.execute("DELETE FROM ledger_entry; DELETE FROM ledger_tile")
        conn.execute("UPDATE ledger_head SET size = 0, root = sha256('')")
    record_many(customer, 12)
    integrate_all(customer)
    for _ in range(2):
        with pytest.raises(ledger.LedgerForked):
            countersign(customer)
    with tenancy.connect(provider) as conn, conn.cursor() as cursor:
        assert [line.details["size"] for line in ledger.entries(cursor, kinds=["log.forked"])] == [12]
    with connection.cursor() as cursor:
        checkpoint = ledger.published(cursor)
    assert checkpoint is not None
    assert checkpoint.cosigner_key is None


def test_proofs_read_every_tile_in_one_query(customer):
    record_many(customer, 300)
    integrate_all(customer)
    with connection.cursor() as cursor:
        expected = tree.tiles_for(tree.inclusion_spans(index=3, size=300))
        assert {(tile.level, tile.number) for tile in expected} == {(0, 0), (0, 1)}
        assert len(ledger.inclusion(cursor, index=3, size=300)) == 9
        with pytest.raises(ledger.LedgerDamaged):
            ledger.inclusion(cursor, index=3, size=400)


def test_a_leaf_that_the_database_does_not_accept_is_refused_by_it(customer):
    with tenancy.connect(customer) as conn, pytest.raises(psycopg.errors.CheckViolation):
        conn.execute(
            "INSERT INTO ledger_pending (entry_id, at, kind, clause, commitment)"
            " VALUES (gen_random_uuid(), now(), 'a.b\",\"v\":2', 'x', sha256(''))"
        )
