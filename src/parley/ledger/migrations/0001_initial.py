"""The ledger's tables, triggers and grants. The group roles parley_app and parley_sequencer exist before."""

from pathlib import Path

from django.db import migrations, models

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
            state_operations=[
                migrations.CreateModel(
                    name="Checkpoint",
                    fields=[
                        ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("root", models.BinaryField()),
                        ("note", models.TextField()),
                        ("log_key", models.TextField()),
                    ],
                    options={
                        "db_table": "ledger_checkpoint",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="Cosignature",
                    fields=[
                        ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("line", models.TextField()),
                        ("cosigner_key", models.TextField()),
                    ],
                    options={
                        "db_table": "ledger_cosignature",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="Detail",
                    fields=[
                        ("entry_id", models.UUIDField(primary_key=True, serialize=False)),
                        ("salt", models.BinaryField()),
                        ("details", models.TextField()),
                    ],
                    options={
                        "db_table": "ledger_detail",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="Entry",
                    fields=[
                        ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("entry_id", models.UUIDField(unique=True)),
                        ("at", models.DateTimeField()),
                        ("kind", models.TextField()),
                        ("clause", models.TextField()),
                        ("commitment", models.BinaryField()),
                    ],
                    options={
                        "db_table": "ledger_entry",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="Head",
                    fields=[
                        ("one", models.BooleanField(primary_key=True, serialize=False)),
                        ("size", models.BigIntegerField()),
                        ("root", models.BinaryField()),
                    ],
                    options={
                        "db_table": "ledger_head",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="Pending",
                    fields=[
                        ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("entry_id", models.UUIDField(unique=True)),
                        ("at", models.DateTimeField()),
                        ("kind", models.TextField()),
                        ("clause", models.TextField()),
                        ("commitment", models.BinaryField()),
                    ],
                    options={
                        "db_table": "ledger_pending",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="Tile",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "level", "index", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("level", models.SmallIntegerField()),
                        ("index", models.BigIntegerField()),
                        ("hashes", models.BinaryField()),
                    ],
                    options={
                        "db_table": "ledger_tile",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="Witness",
                    fields=[
                        ("origin", models.TextField(primary_key=True, serialize=False)),
                        ("size", models.BigIntegerField()),
                        ("root", models.BinaryField()),
                    ],
                    options={
                        "db_table": "ledger_witness",
                        "managed": False,
                    },
                ),
            ],
        ),
    ]
