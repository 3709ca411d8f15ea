-- What the log holds of each clause, kept by the database as the sequencer writes: a page of promises counts nothing.
-- Derived from ledger_entry alone, and no part of any proof.

CREATE INDEX ledger_entry_clause ON ledger_entry (clause, at DESC, entry_id DESC);

CREATE TABLE ledger_clause (
    clause text PRIMARY KEY,
    entries bigint NOT NULL,
    last_at timestamptz NOT NULL,
    last_entry uuid NOT NULL,
    last_kind text NOT NULL
);

INSERT INTO ledger_clause (clause, entries, last_at, last_entry, last_kind)
SELECT DISTINCT ON (clause) clause, count(*) OVER (PARTITION BY clause), at, entry_id, kind
FROM ledger_entry ORDER BY clause, at DESC, entry_id DESC;

-- As the owner of the tables: no role of a daemon may write the counts.
CREATE FUNCTION ledger_count_clauses() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO ledger_clause AS known (clause, entries, last_at, last_entry, last_kind)
    SELECT DISTINCT ON (clause) clause, count(*) OVER (PARTITION BY clause), at, entry_id, kind
    FROM fresh ORDER BY clause, at DESC, entry_id DESC
    ON CONFLICT (clause) DO UPDATE SET
        entries = known.entries + EXCLUDED.entries,
        last_at = greatest(known.last_at, EXCLUDED.last_at),
        last_entry = CASE WHEN EXCLUDED.last_at >= known.last_at THEN EXCLUDED.last_entry ELSE known.last_entry END,
        last_kind = CASE WHEN EXCLUDED.last_at >= known.last_at THEN EXCLUDED.last_kind ELSE known.last_kind END;
    RETURN NULL;
END $$;

CREATE TRIGGER counts_clauses AFTER INSERT ON ledger_entry REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_count_clauses();

REVOKE ALL ON ledger_clause FROM PUBLIC, parley_app, parley_sequencer;
GRANT SELECT ON ledger_clause TO parley_app, parley_sequencer;
