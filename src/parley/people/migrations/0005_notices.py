"""Who is told of new recordings by e-mail, and what the customer lets be written."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0004_saved_searches"),
    ]

    operations = [
        migrations.CreateModel(
            name="DueNotice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("recording", models.UUIDField(db_index=True)),
                ("at", models.DateTimeField()),
                ("letter", models.UUIDField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="NoticeChoice",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="notice_choice",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("calls", models.CharField(max_length=4)),
                ("told_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="peoplesettings",
            name="notice_letters",
            field=models.CharField(default="plain", max_length=8),
        ),
        migrations.AddConstraint(
            model_name="peoplesettings",
            constraint=models.CheckConstraint(
                condition=models.Q(("notice_letters__in", ["off", "plain", "named"])), name="people_notice_letters"
            ),
        ),
        migrations.AddField(
            model_name="duenotice",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="due_notices", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="noticechoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("calls__in", ["own", "all"])), name="notice_choice_calls"
            ),
        ),
        migrations.AddIndex(
            model_name="duenotice",
            index=models.Index(
                condition=models.Q(("letter__isnull", False)), fields=["letter"], name="due_notice_letter"
            ),
        ),
        migrations.AddConstraint(
            model_name="duenotice",
            constraint=models.UniqueConstraint(fields=("user", "recording"), name="due_notice_once"),
        ),
    ]
