"""Lexemes in place of hashes and a dictionary: the worker makes them anew from contacts that can be opened."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations

ASK_FOR_LEXEMES = """
INSERT INTO obligations_deadline (id, kind, key, due, payload, attempts, created_at, last_error)
SELECT gen_random_uuid(), 'contacts.retokenise', 'contacts.retokenise', now(),
    '{"after": "00000000-0000-0000-0000-000000000000"}', 0, now(), ''
WHERE EXISTS (SELECT FROM contacts_contact)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0002_imports"),
        ("obligations", "0003_states_and_progress"),
    ]

    operations = [
        migrations.DeleteModel(name="LeavingWord"),
        migrations.DeleteModel(name="Word"),
        migrations.RemoveIndex(model_name="contact", name="contact_tokens"),
        migrations.RemoveField(model_name="contact", name="tokens"),
        migrations.RemoveField(model_name="contact", name="epoch"),
        migrations.AddField(
            model_name="contact",
            name="tokens",
            field=django.contrib.postgres.search.SearchVectorField(default=""),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="contact",
            index=django.contrib.postgres.indexes.GinIndex(fields=["tokens"], name="contact_tokens"),
        ),
        migrations.RunSQL(ASK_FOR_LEXEMES),
    ]
