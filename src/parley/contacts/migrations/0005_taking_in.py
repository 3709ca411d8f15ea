"""Whoever imports may have the index of tokens take in its list: PostgreSQL lets the index's owner alone ask for it."""

from django.db import migrations

_FUNCTION = """
CREATE FUNCTION contacts_take_in() RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
AS $$ SELECT gin_clean_pending_list('public.contact_tokens') $$;
REVOKE ALL ON FUNCTION contacts_take_in() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contacts_take_in() TO parley_app;
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0004_newest_objections")]
    operations = [migrations.RunSQL(sql=_FUNCTION, reverse_sql="DROP FUNCTION contacts_take_in()")]
