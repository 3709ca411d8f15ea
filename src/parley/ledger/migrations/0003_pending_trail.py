"""The audit trail reads what waits for the sequencer in its order, however much waits."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_clauses")]
    operations = [
        migrations.RunSQL(
            sql="CREATE INDEX ledger_pending_trail ON ledger_pending (at DESC, entry_id DESC)",
            reverse_sql="DROP INDEX ledger_pending_trail",
        ),
    ]
