"""Names of parties of recordings that are there already are indexed by the worker, which can open them."""

from django.db import migrations

ASK_FOR_NAMES = """
INSERT INTO obligations_deadline (id, kind, key, due, payload, attempts, created_at, last_error)
SELECT gen_random_uuid(), 'recordings.names', 'recordings.names', now(),
    '{"after": "00000000-0000-0000-0000-000000000000"}', 0, now(), ''
WHERE EXISTS (SELECT FROM recordings_recording)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0007_bulk"),
        ("obligations", "0003_states_and_progress"),
    ]

    operations = [migrations.RunSQL(ASK_FOR_NAMES, migrations.RunSQL.noop)]
