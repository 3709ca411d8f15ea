"""Counts of the log by clause, and the index that lists the entries of one."""

from pathlib import Path

from django.db import migrations, models

_DROP = """
DROP TRIGGER counts_clauses ON ledger_entry;
DROP FUNCTION ledger_count_clauses;
DROP TABLE ledger_clause;
DROP INDEX ledger_entry_clause;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.RunSQL(
            sql=Path(__file__).with_name("clauses.sql").read_text("utf-8"),
            reverse_sql=_DROP,
            state_operations=[
                migrations.CreateModel(
                    name="ClauseCount",
                    fields=[
                        ("clause", models.TextField(primary_key=True, serialize=False)),
                        ("entries", models.BigIntegerField()),
                        ("last_at", models.DateTimeField()),
                        ("last_entry", models.UUIDField()),
                        ("last_kind", models.TextField()),
                    ],
                    options={"db_table": "ledger_clause", "managed": False},
                ),
            ],
        ),
    ]
