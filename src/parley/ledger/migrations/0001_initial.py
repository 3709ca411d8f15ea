"""The ledger's tables, triggers and grants. The group roles parley_app and parley_sequencer exist before."""

from pathlib import Path

from django.db import migrations

_DROP = """
DROP TABLE ledger_cosignature, ledger_checkpoint, ledger_witness, ledger_head, ledger_tile, ledger_entry,
    ledger_pending, ledger_detail;
DROP FUNCTION ledger_refuse, ledger_grow, ledger_lengthen;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(
            sql=Path(__file__).with_name("ledger.sql").read_text("utf-8"),
            reverse_sql=_DROP,
        ),
    ]
