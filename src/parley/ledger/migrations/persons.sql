-- The entries of the log that are a person's, in their order: the trail of one person is a range of one index. Kept by
-- the database as the sequencer writes, gone with the details; derived from both, and no part of any proof.

-- Whose an entry is: of who did it, or, where no person did, of whom it is about; the id as it is written. Details are
-- canonical JSON: a member is written in one way, and no text inside them can look like one. Patterns, not regular
-- expressions, and neither strict nor a cast: the sequencer has this done for every entry.
CREATE FUNCTION ledger_whose(details text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN details LIKE '%"user":"________-____-____-____-____________"%'
            THEN substr(details, strpos(details, '"user":"') + 8, 36)
        WHEN details LIKE '%"by":"________-____-____-____-____________"%'
            THEN substr(details, strpos(details, '"by":"') + 6, 36)
        WHEN details LIKE '%"person":"________-____-____-____-____________"%'
            THEN substr(details, strpos(details, '"person":"') + 10, 36)
    END
$$;

CREATE TABLE ledger_person (
    person text NOT NULL,
    at timestamptz NOT NULL,
    entry_id uuid NOT NULL,
    kind text NOT NULL,
    PRIMARY KEY (person, at, entry_id) INCLUDE (kind)
);

-- As the owner of the tables: no role of a daemon may write here. Details that are being erased are waited for: either
-- they are gone then, or whoever erases them finds what was written here. Entry by entry by its key, whatever the plan
-- was made for: a sequencer's first batch may be large and the log small.
CREATE FUNCTION ledger_list_persons() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO ledger_person (person, at, entry_id, kind)
    SELECT d.person, f.at, f.entry_id, f.kind FROM fresh f CROSS JOIN LATERAL (
        SELECT ledger_whose(details) AS person FROM ledger_detail
        WHERE entry_id = f.entry_id AND ledger_whose(details) IS NOT NULL FOR KEY SHARE
    ) d;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_forget_persons() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    DELETE FROM ledger_person p USING gone g JOIN ledger_entry e USING (entry_id)
    WHERE p.person = ledger_whose(g.details) AND p.at = e.at AND p.entry_id = e.entry_id;
    RETURN NULL;
END $$;

CREATE TRIGGER lists_persons AFTER INSERT ON ledger_entry REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_list_persons();
CREATE TRIGGER forgets_persons AFTER DELETE ON ledger_detail REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forget_persons();

-- The log until now, once the triggers hold off whoever writes.
INSERT INTO ledger_person (person, at, entry_id, kind)
SELECT ledger_whose(d.details), e.at, e.entry_id, e.kind FROM ledger_entry e JOIN ledger_detail d USING (entry_id)
WHERE ledger_whose(d.details) IS NOT NULL;

REVOKE ALL ON ledger_person FROM PUBLIC, parley_app, parley_sequencer;
GRANT SELECT ON ledger_person TO parley_app, parley_sequencer;
