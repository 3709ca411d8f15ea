"""The rules of an entry as types of its columns."""

from pathlib import Path

from django.db import migrations

_BACK = """
ALTER TABLE ledger_pending
    ALTER COLUMN kind TYPE text, ALTER COLUMN clause TYPE text, ALTER COLUMN commitment TYPE bytea,
    ADD CONSTRAINT ledger_pending_kind_check CHECK (kind ~ '^[a-z][a-z0-9_-]*(\\.[a-z0-9_-]+)+$' AND length(kind) <= 64),
    ADD CONSTRAINT ledger_pending_clause_check CHECK (clause ~ '^[A-Za-z0-9][A-Za-z0-9 ._:/-]*$' AND length(clause) <= 128),
    ADD CONSTRAINT ledger_pending_commitment_check CHECK (octet_length(commitment) = 32);
ALTER TABLE ledger_detail
    ALTER COLUMN salt TYPE bytea, ALTER COLUMN details TYPE text,
    ADD CONSTRAINT ledger_detail_salt_check CHECK (octet_length(salt) = 32),
    ADD CONSTRAINT ledger_detail_details_check CHECK (octet_length(details) <= 65536);
DROP DOMAIN ledger_kind, ledger_clause_id, ledger_hash, ledger_details;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_persons")]
    operations = [
        migrations.RunSQL(sql=Path(__file__).with_name("domains.sql").read_text("utf-8"), reverse_sql=_BACK),
    ]
