"""The entries of each person, in their order."""

from pathlib import Path

from django.db import migrations, models

_DROP = """
DROP TRIGGER lists_persons ON ledger_entry;
DROP TRIGGER forgets_persons ON ledger_detail;
DROP FUNCTION ledger_list_persons, ledger_forget_persons;
DROP TABLE ledger_person;
DROP FUNCTION ledger_whose;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_pending_trail")]
    operations = [
        migrations.RunSQL(
            sql=Path(__file__).with_name("persons.sql").read_text("utf-8"),
            reverse_sql=_DROP,
            state_operations=[
                migrations.CreateModel(
                    name="PersonEntry",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "person", "at", "entry_id", blank=True, editable=False, primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("person", models.TextField()),
                        ("at", models.DateTimeField()),
                        ("entry_id", models.UUIDField()),
                        ("kind", models.TextField()),
                    ],
                    options={"db_table": "ledger_person", "managed": False},
                ),
            ],
        ),
    ]  # fmt: skip
