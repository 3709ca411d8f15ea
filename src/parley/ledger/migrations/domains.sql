-- What an entry must be, as types: PostgreSQL reads a table's CHECK anew for each statement, which took half of the time
-- of recording an entry, and a domain's once for each connection. They refuse the same values.

CREATE DOMAIN ledger_kind AS text CHECK (VALUE ~ '^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$' AND length(VALUE) <= 64);
CREATE DOMAIN ledger_clause_id AS text CHECK (VALUE ~ '^[A-Za-z0-9][A-Za-z0-9 ._:/-]*$' AND length(VALUE) <= 128);
CREATE DOMAIN ledger_hash AS bytea CHECK (octet_length(VALUE) = 32);
CREATE DOMAIN ledger_details AS text CHECK (octet_length(VALUE) <= 65536);

ALTER TABLE ledger_pending
    DROP CONSTRAINT ledger_pending_kind_check,
    DROP CONSTRAINT ledger_pending_clause_check,
    DROP CONSTRAINT ledger_pending_commitment_check,
    ALTER COLUMN kind TYPE ledger_kind,
    ALTER COLUMN clause TYPE ledger_clause_id,
    ALTER COLUMN commitment TYPE ledger_hash;

ALTER TABLE ledger_detail
    DROP CONSTRAINT ledger_detail_salt_check,
    DROP CONSTRAINT ledger_detail_details_check,
    ALTER COLUMN salt TYPE ledger_hash,
    ALTER COLUMN details TYPE ledger_details;
