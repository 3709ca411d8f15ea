from django.db import migrations, models

NOTICE = """
UPDATE recordings_recording SET notice = coalesce(
    (SELECT said->>'value' FROM jsonb_array_elements(
        coalesce(steering->'told', '[]') || CASE jsonb_typeof(told) WHEN 'array' THEN told ELSE '[]' END
     ) WITH ORDINALITY AS one (said, place)
     WHERE said->>'about' = 'notice' ORDER BY place DESC LIMIT 1),
    CASE WHEN steering->>'notice' IN ('tone', 'announcement') THEN 'not-known' ELSE '' END
)
WHERE steering->>'notice' IN ('tone', 'announcement')
    OR steering @> '{"told": [{"about": "notice"}]}' OR told @> '[{"about": "notice"}]'
"""
"""The last thing that was said of what was played to the parties, as `awareness.Awareness.notice_column` says it."""


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0013_resealing"),
    ]

    operations = [
        migrations.AddField(
            model_name="recording",
            name="notice",
            field=models.CharField(db_default="", default="", max_length=12),
        ),
        migrations.RunSQL(NOTICE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="recording",
            constraint=models.CheckConstraint(
                condition=models.Q(("notice__in", ["", "not-known", "none", "tone", "announcement"])),
                name="recording_notice",
            ),
        ),
        migrations.AddIndex(
            model_name="recording",
            index=models.Index(
                condition=models.Q(("consent", ""), _negated=True),
                fields=["consent", "-listed_at", "-conversation"],
                name="recording_list_consent",
            ),
        ),
        migrations.AddIndex(
            model_name="recording",
            index=models.Index(
                condition=models.Q(("notice", ""), _negated=True),
                fields=["notice", "-listed_at", "-conversation"],
                name="recording_list_notice",
            ),
        ),
    ]
