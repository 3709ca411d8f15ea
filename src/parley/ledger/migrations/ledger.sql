-- The ledger's tables, and why nobody can quietly alter them:
--   * they belong to the owner of the database, whom no daemon logs in as;
--   * the application (parley_app) may add pending entries with their details, read, and erase details;
--   * the sequencer (parley_sequencer) may move pending entries into the log, and lengthen the tree;
--   * triggers refuse every other change, even by the owner.
-- Whoever owns the database server can still disable triggers: signed checkpoints, the provider's countersignature
-- and the checkpoints that customers keep show it.

CREATE TABLE ledger_detail (
    entry_id uuid PRIMARY KEY,
    salt bytea NOT NULL CHECK (octet_length(salt) = 32),
    details text NOT NULL CHECK (octet_length(details) <= 65536)
);

CREATE TABLE ledger_pending (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id uuid NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$' AND length(kind) <= 64),
    clause text NOT NULL CHECK (clause ~ '^[A-Za-z0-9][A-Za-z0-9 ._:/-]*$' AND length(clause) <= 128),
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32)
);

CREATE TABLE ledger_entry (
    seq bigint PRIMARY KEY CHECK (seq >= 0),
    entry_id uuid NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    clause text NOT NULL,
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32)
);
CREATE INDEX ledger_entry_trail ON ledger_entry (at DESC, entry_id DESC);
CREATE INDEX ledger_entry_kind ON ledger_entry (kind, at DESC, entry_id DESC);

CREATE TABLE ledger_tile (
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    index bigint NOT NULL CHECK (index >= 0),
    hashes bytea NOT NULL CHECK (octet_length(hashes) BETWEEN 32 AND 8192 AND octet_length(hashes) % 32 = 0),
    PRIMARY KEY (level, index)
);
-- Hashes do not compress: do not try.
ALTER TABLE ledger_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE ledger_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    size bigint NOT NULL,
    root bytea NOT NULL CHECK (octet_length(root) = 32)
);
INSERT INTO ledger_head (size, root) VALUES (0, sha256(''));

CREATE TABLE ledger_checkpoint (
    size bigint PRIMARY KEY CHECK (size > 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    note text NOT NULL,
    log_key text NOT NULL
);

CREATE TABLE ledger_cosignature (
    size bigint PRIMARY KEY REFERENCES ledger_checkpoint (size),
    line text NOT NULL,
    cosigner_key text NOT NULL
);

-- In the provider's database: the last head countersigned of each customer's log.
CREATE TABLE ledger_witness (
    origin text PRIMARY KEY,
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32)
);

CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger only grows: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION ledger_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.size <= OLD.size OR (to_jsonb(NEW) - 'size' - 'root') <> (to_jsonb(OLD) - 'size' - 'root') THEN
        RAISE EXCEPTION 'the ledger only grows: % of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION ledger_lengthen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.level <> OLD.level OR NEW.index <> OLD.index OR octet_length(NEW.hashes) <= octet_length(OLD.hashes)
        OR substring(NEW.hashes FROM 1 FOR octet_length(OLD.hashes)) <> OLD.hashes THEN
        RAISE EXCEPTION 'the ledger only grows: % of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_checkpoint EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_cosignature EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER only_grows BEFORE DELETE OR TRUNCATE ON ledger_tile EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER only_lengthens BEFORE UPDATE ON ledger_tile FOR EACH ROW EXECUTE FUNCTION ledger_lengthen();
CREATE TRIGGER only_grows BEFORE INSERT OR DELETE OR TRUNCATE ON ledger_head EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER only_lengthens BEFORE UPDATE ON ledger_head FOR EACH ROW EXECUTE FUNCTION ledger_grow();
CREATE TRIGGER only_grows BEFORE DELETE OR TRUNCATE ON ledger_witness EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER only_lengthens BEFORE UPDATE ON ledger_witness FOR EACH ROW EXECUTE FUNCTION ledger_grow();
CREATE TRIGGER only_moves BEFORE UPDATE OR TRUNCATE ON ledger_pending EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER only_erased BEFORE UPDATE OR TRUNCATE ON ledger_detail EXECUTE FUNCTION ledger_refuse();

REVOKE ALL ON ledger_detail, ledger_pending, ledger_entry, ledger_tile, ledger_head, ledger_checkpoint,
    ledger_cosignature, ledger_witness FROM PUBLIC, parley_app, parley_sequencer;

GRANT SELECT ON ledger_detail, ledger_pending, ledger_entry, ledger_tile, ledger_head, ledger_checkpoint,
    ledger_cosignature, ledger_witness TO parley_app, parley_sequencer;
GRANT INSERT ON ledger_detail TO parley_app, parley_sequencer;
GRANT INSERT (entry_id, at, kind, clause, commitment) ON ledger_pending TO parley_app, parley_sequencer;
GRANT DELETE ON ledger_detail TO parley_app;

GRANT DELETE ON ledger_pending TO parley_sequencer;
GRANT INSERT ON ledger_entry, ledger_tile, ledger_checkpoint, ledger_cosignature, ledger_witness TO parley_sequencer;
GRANT UPDATE (hashes) ON ledger_tile TO parley_sequencer;
GRANT UPDATE (size, root) ON ledger_head, ledger_witness TO parley_sequencer;
