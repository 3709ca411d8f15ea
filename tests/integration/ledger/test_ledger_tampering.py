"""The application's role cannot alter the ledger, and the sequencer's can only make it longer (acceptance line 8)."""

import psycopg
import pytest
from psycopg import errors
from tests.support.logs import administrator, countersign, integrate_all, record_many

from parley.tenancy import api as tenancy

TABLES = ("detail", "pending", "entry", "tile", "head", "checkpoint", "cosignature", "witness")
REFUSED = (errors.InsufficientPrivilege, errors.WrongObjectType)

# What nobody but the owner of the server may do, to any of the tables.
TO_ANY_TABLE = (
    "TRUNCATE {}",
    "TRUNCATE {} CASCADE",
    "DROP TABLE {}",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "ALTER TABLE {} DISABLE TRIGGER USER",
    "ALTER TABLE {} ADD COLUMN more int",
    "ALTER TABLE {} OWNER TO CURRENT_USER",
    "ALTER TABLE {} RENAME TO gone",
    "CREATE RULE away AS ON INSERT TO {} DO INSTEAD NOTHING",
    "CREATE TRIGGER away BEFORE INSERT ON {} EXECUTE FUNCTION ledger_refuse()",
    "CREATE INDEX ON {} ((1))",
    "COMMENT ON TABLE {} IS 'mine'",
)

TO_THE_DATABASE = (
    "SET ROLE parley_sequencer; UPDATE ledger_head SET size = size + 1",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "DROP FUNCTION ledger_grow() CASCADE",
    "ALTER FUNCTION ledger_refuse() RENAME TO gone",
    "CREATE TABLE public.ledger_shadow (a int)",
    "CREATE SCHEMA shadow",
    "ALTER TABLE pg_trigger ADD COLUMN a int",
    "UPDATE pg_trigger SET tgenabled = 'D'",
    "UPDATE pg_class SET relowner = 1",
    "DO $$ BEGIN EXECUTE 'ALTER TABLE ledger_entry DISABLE TRIGGER ALL'; END $$",
    "SELECT 1; DELETE FROM ledger_entry; SELECT 2",
    "COPY ledger_entry FROM '/dev/null'",
    "COPY ledger_entry TO PROGRAM 'cat'",
    "SELECT setval(pg_get_serial_sequence('ledger_pending', 'number'), 1)",
)

BY_THE_APPLICATION = (
    "UPDATE ledger_detail SET details = '{}'",
    "UPDATE ledger_pending SET clause = 'IM-1'",
    "UPDATE ledger_entry SET clause = 'IM-1'",
    "UPDATE ledger_tile SET hashes = hashes",
    "UPDATE ledger_head SET size = 0",
    "UPDATE ledger_checkpoint SET note = ''",
    "UPDATE ledger_cosignature SET line = ''",
    "UPDATE ledger_witness SET size = 0",
    "DELETE FROM ledger_pending",
    "DELETE FROM ledger_entry",
    "DELETE FROM ledger_tile",
    "DELETE FROM ledger_head",
    "DELETE FROM ledger_checkpoint",
    "DELETE FROM ledger_cosignature",
    "DELETE FROM ledger_witness",
    "INSERT INTO ledger_entry SELECT 99, gen_random_uuid(), now(), 'a.b', 'x', sha256('')",
    "INSERT INTO ledger_entry SELECT * FROM ledger_entry ON CONFLICT (seq) DO UPDATE SET clause = 'x'",
    "INSERT INTO ledger_tile VALUES (5, 5, sha256(''))",
    "INSERT INTO ledger_head VALUES (true, 0, sha256(''))",
    "INSERT INTO ledger_checkpoint VALUES (99, sha256(''), '', '')",
    "INSERT INTO ledger_cosignature VALUES (10, '', '')",
    "INSERT INTO ledger_witness VALUES ('x', 0, sha256(''))",
    "INSERT INTO ledger_pending (number, entry_id, at, kind, clause, commitment) OVERRIDING SYSTEM VALUE"
    " VALUES (99, gen_random_uuid(), now(), 'a.b', 'x', sha256(''))",
    "MERGE INTO ledger_entry e USING ledger_entry s ON e.seq = s.seq WHEN MATCHED THEN DELETE",
    "DO $$ BEGIN LOCK TABLE ledger_head IN SHARE MODE; END $$",
    "DO $$ BEGIN LOCK TABLE ledger_entry IN SHARE MODE; END $$",
    "SELECT * FROM ledger_head FOR UPDATE",
    "SELECT * FROM ledger_head FOR SHARE",
    "WITH gone AS (DELETE FROM ledger_entry RETURNING *) SELECT * FROM gone",
)

BY_THE_SEQUENCER = (
    "UPDATE ledger_entry SET clause = 'IM-1'",
    "DELETE FROM ledger_entry",
    "UPDATE ledger_checkpoint SET note = ''",
    "DELETE FROM ledger_checkpoint",
    "DELETE FROM ledger_cosignature",
    "DELETE FROM ledger_detail",
    "UPDATE ledger_detail SET details = '{}'",
    "UPDATE ledger_pending SET clause = 'IM-1'",
    "DELETE FROM ledger_tile",
    "UPDATE ledger_tile SET hashes = sha256('') WHERE level = 0",
    "UPDATE ledger_tile SET hashes = substring(hashes FROM 1 FOR 32) WHERE level = 0",
    "UPDATE ledger_tile SET hashes = sha256('') || hashes WHERE level = 0",
    "UPDATE ledger_tile SET level = 3",
    "UPDATE ledger_head SET size = size - 1",
    "UPDATE ledger_head SET root = sha256('')",
    "INSERT INTO ledger_head VALUES (false, 0, sha256(''))",
    "DELETE FROM ledger_head",
)


@pytest.fixture(scope="module")
def log(make_customer) -> tenancy.Customer:
    """A customer with integrated, countersigned and pending entries."""
    customer = make_customer()
    record_many(customer, 10)
    integrate_all(customer)
    countersign(customer)
    record_many(customer, 3)
    return customer


def contents(customer: tenancy.Customer) -> dict[str, list[object]]:
    """Every row, and who may do what to it, and which triggers watch."""
    with administrator(customer) as conn:
        rows = {table: conn.execute(f"SELECT * FROM ledger_{table} ORDER BY 1, 2").fetchall() for table in TABLES}
        rights = conn.execute(
            "SELECT relname, relowner, relacl::text, array(SELECT (a.attname, a.attacl::text)::text FROM pg_attribute a"
            " WHERE a.attrelid = c.oid ORDER BY 1) FROM pg_class c WHERE relname LIKE 'ledger%' ORDER BY 1"
        ).fetchall()
        triggers = conn.execute("SELECT tgname, tgrelid, tgenabled, tgfoid FROM pg_trigger ORDER BY oid").fetchall()
    return {**rows, "rights": rights, "triggers": triggers}


def refused(customer: tenancy.Customer, role: str, statement: str) -> None:
    with tenancy.connect(customer, role=role, autocommit=True) as conn, pytest.raises(REFUSED):
        conn.execute(statement)


@pytest.mark.parametrize("role", ["app", "sequencer"])
def test_no_role_alters_the_tables_or_the_database(log, role):
    before = contents(log)
    with tenancy.connect(log, role=role, autocommit=True) as conn:
        for statement in [pattern.format(f"ledger_{table}") for pattern in TO_ANY_TABLE for table in TABLES]:
            _expect_refusal(conn, statement)
    for statement in TO_THE_DATABASE:
        if role == "sequencer" and statement.startswith("SET ROLE parley_sequencer"):
            continue  # its own group
        refused(log, role, statement)
    assert contents(log) == before


@pytest.mark.parametrize("role", ["app", "sequencer"])
def test_no_role_hands_on_what_it_may_do(log, role):
    before = contents(log)
    with tenancy.connect(log, role=role, autocommit=True) as conn:
        for table in TABLES:  # PostgreSQL answers these with a warning, and grants nothing
            conn.execute(f"GRANT ALL ON ledger_{table} TO CURRENT_USER, PUBLIC")
            conn.execute(f"REVOKE ALL ON ledger_{table} FROM parley_sequencer, parley_app")
    assert contents(log) == before


@pytest.mark.parametrize("statement", BY_THE_APPLICATION)
def test_the_application_cannot(log, statement):
    before = contents(log)
    refused(log, "app", statement)
    assert contents(log) == before


@pytest.mark.parametrize("statement", BY_THE_SEQUENCER)
def test_the_sequencer_cannot(log, statement):
    before = contents(log)
    refused(log, "sequencer", statement)
    assert contents(log) == before


@pytest.mark.parametrize("table", TABLES)
def test_even_the_owner_meets_the_triggers(log, table):
    with administrator(log) as conn, pytest.raises(errors.InsufficientPrivilege, match="only grows"):
        conn.execute(f"TRUNCATE ledger_{table} CASCADE")


def test_another_customers_role_cannot_even_connect(log, make_customer):
    other = make_customer()
    parameters = tenancy.connection_parameters(other) | {"dbname": log.database}
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(**parameters)


def _expect_refusal(conn: "psycopg.Connection[object]", statement: str) -> None:
    try:
        conn.execute(statement)
    except REFUSED:
        return
    pytest.fail(f"not refused: {statement}")
