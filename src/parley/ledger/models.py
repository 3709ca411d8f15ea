"""The ledger's tables as Django knows them: for the inventory of personal data, not for use.

`migrations/ledger.sql` makes them, with the triggers and grants that no ORM can say; `store`, `integration` and
`witness` read and write them with SQL.
"""

from django.db import models


class Detail(models.Model):
    """What an entry is about, and the salt of its commitment; both can be erased."""

    entry_id = models.UUIDField(primary_key=True)
    salt = models.BinaryField()
    details = models.TextField()

    class Meta:
        managed = False
        db_table = "ledger_detail"


class Pending(models.Model):
    """An entry that was committed with the business change and waits for the sequencer."""

    number = models.BigIntegerField(primary_key=True)
    entry_id = models.UUIDField(unique=True)
    at = models.DateTimeField()
    kind = models.TextField()
    clause = models.TextField()
    commitment = models.BinaryField()

    class Meta:
        managed = False
        db_table = "ledger_pending"


class Entry(models.Model):
    """A leaf of the tree; its bytes follow from these columns alone (`entries.Entry.leaf`)."""

    seq = models.BigIntegerField(primary_key=True)
    entry_id = models.UUIDField(unique=True)
    at = models.DateTimeField()
    kind = models.TextField()
    clause = models.TextField()
    commitment = models.BinaryField()

    class Meta:
        managed = False
        db_table = "ledger_entry"


class ClauseCount(models.Model):
    """How many entries of the log name a clause, and the newest of them."""

    clause = models.TextField(primary_key=True)
    entries = models.BigIntegerField()
    last_at = models.DateTimeField()
    last_entry = models.UUIDField()
    last_kind = models.TextField()

    class Meta:
        managed = False
        db_table = "ledger_clause"


class PersonEntry(models.Model):
    """An entry of the log that is a person's; goes with its details."""

    pk = models.CompositePrimaryKey("person", "at", "entry_id")
    person = models.TextField()
    at = models.DateTimeField()
    entry_id = models.UUIDField()
    kind = models.TextField()

    class Meta:
        managed = False
        db_table = "ledger_person"


class Tile(models.Model):
    """Up to 256 hashes of one level of the tree."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        managed = False
        db_table = "ledger_tile"


class Head(models.Model):
    """The one row that says how long the log is; the sequencer holds its lock while it integrates."""

    one = models.BooleanField(primary_key=True)
    size = models.BigIntegerField()
    root = models.BinaryField()

    class Meta:
        managed = False
        db_table = "ledger_head"


class Checkpoint(models.Model):
    """A head that the log's key signed."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    log_key = models.TextField()

    class Meta:
        managed = False
        db_table = "ledger_checkpoint"


class Cosignature(models.Model):
    """The provider's countersignature of a checkpoint."""

    size = models.BigIntegerField(primary_key=True)
    line = models.TextField()
    cosigner_key = models.TextField()

    class Meta:
        managed = False
        db_table = "ledger_cosignature"


class Witness(models.Model):
    """In the provider's database: the last head that it countersigned of each log."""

    origin = models.TextField(primary_key=True)
    size = models.BigIntegerField()
    root = models.BinaryField()

    class Meta:
        managed = False
        db_table = "ledger_witness"
