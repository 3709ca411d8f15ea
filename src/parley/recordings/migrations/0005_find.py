"""What search reads: places in the list beside each index, quality, notes, tags and words; filled for what is there."""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

FILL = """
UPDATE recordings_recording r SET listed_at = c.started_at, quality = CASE
    WHEN jsonb_array_length(r.received) = 0
        OR EXISTS (SELECT FROM jsonb_array_elements(r.received) s WHERE (s ->> 'packets')::bigint = 0) THEN 'silent'
    WHEN jsonb_array_length(r.gaps) > 0 THEN 'gaps'
    WHEN EXISTS (SELECT FROM jsonb_array_elements(r.received) s WHERE (s ->> 'lost')::bigint
        > 0.01 * ((s ->> 'packets')::bigint + (s ->> 'lost')::bigint)) THEN 'impaired'
    ELSE 'good' END
FROM recordings_conversation c WHERE c.id = r.conversation_id;
UPDATE recordings_numberindex n SET listed_at = r.listed_at, listed_id = r.conversation_id
FROM recordings_recording r WHERE r.id = n.recording_id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0004_oldest_first"),
    ]

    operations = [
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("moment_ms", models.PositiveIntegerField(null=True)),
                ("sealed", models.BinaryField()),
                ("by", models.UUIDField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("moment_ms", models.PositiveIntegerField(null=True)),
                ("value", models.BinaryField()),
                ("sealed", models.BinaryField()),
                ("by", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("listed_at", models.DateTimeField()),
                ("listed_id", models.UUIDField()),
            ],
        ),
        migrations.CreateModel(
            name="WordIndex",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("value", models.BinaryField()),
                ("listed_at", models.DateTimeField()),
                ("listed_id", models.UUIDField()),
            ],
        ),
        migrations.RemoveIndex(
            model_name="recording",
            name="recording_trunk",
        ),
        migrations.RemoveIndex(
            model_name="recording",
            name="recording_direction_newest",
        ),
        migrations.AddField(
            model_name="numberindex",
            name="listed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="numberindex",
            name="listed_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="recording",
            name="listed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="recording",
            name="quality",
            field=models.CharField(null=True, max_length=8),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(model_name="numberindex", name="listed_at", field=models.DateTimeField()),
        migrations.AlterField(model_name="numberindex", name="listed_id", field=models.UUIDField()),
        migrations.AlterField(model_name="recording", name="listed_at", field=models.DateTimeField()),
        migrations.AlterField(model_name="recording", name="quality", field=models.CharField(max_length=8)),
        migrations.AddField(
            model_name="recording",
            name="seconds",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.datetime.Extract(
                    django.db.models.expressions.CombinedExpression(models.F("ended_at"), "-", models.F("started_at")),
                    "epoch",
                ),
                output_field=models.FloatField(),
            ),
        ),
        migrations.AddIndex(
            model_name="numberindex",
            index=models.Index(
                fields=["value", "-listed_at", "-listed_id"], include=("recording",), name="number_list"
            ),
        ),
        migrations.AddIndex(
            model_name="recording",
            index=models.Index(fields=["-listed_at", "-conversation"], name="recording_list"),
        ),
        migrations.AddIndex(
            model_name="recording",
            index=models.Index(fields=["trunk_id", "-listed_at", "-conversation"], name="recording_list_trunk"),
        ),
        migrations.AddIndex(
            model_name="recording",
            index=models.Index(fields=["direction", "-listed_at", "-conversation"], name="recording_list_direction"),
        ),
        migrations.AddIndex(
            model_name="recording",
            index=models.Index(
                condition=models.Q(("quality", "good"), _negated=True),
                fields=["quality", "-listed_at", "-conversation"],
                name="recording_list_quality",
            ),
        ),
        migrations.AddIndex(
            model_name="recording",
            index=models.Index(fields=["seconds"], name="recording_seconds"),
        ),
        migrations.AddConstraint(
            model_name="recording",
            constraint=models.CheckConstraint(
                condition=models.Q(("quality__in", ("good", "impaired", "gaps", "silent"))), name="recording_quality"
            ),
        ),
        migrations.AddField(
            model_name="note",
            name="epoch",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="recordings.sealingepoch",
            ),
        ),
        migrations.AddField(
            model_name="note",
            name="recording",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="notes", to="recordings.recording"
            ),
        ),
        migrations.AddField(
            model_name="tag",
            name="epoch",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="recordings.sealingepoch",
            ),
        ),
        migrations.AddField(
            model_name="tag",
            name="recording",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="tags", to="recordings.recording"
            ),
        ),
        migrations.AddField(
            model_name="wordindex",
            name="note",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="words", to="recordings.note"
            ),
        ),
        migrations.AddField(
            model_name="wordindex",
            name="recording",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="words", to="recordings.recording"
            ),
        ),
        migrations.AddIndex(
            model_name="tag",
            index=models.Index(fields=["value", "-listed_at", "-listed_id"], include=("recording",), name="tag_list"),
        ),
        migrations.AddConstraint(
            model_name="tag",
            constraint=models.UniqueConstraint(
                fields=("recording", "value", "moment_ms"), name="tag_once", nulls_distinct=False
            ),
        ),
        migrations.AddIndex(
            model_name="wordindex",
            index=models.Index(fields=["value", "-listed_at", "-listed_id"], include=("recording",), name="word_list"),
        ),
        migrations.AddConstraint(
            model_name="wordindex",
            constraint=models.UniqueConstraint(
                fields=("recording", "value", "note"), name="word_once", nulls_distinct=False
            ),
        ),
    ]
