"""Which backups there are, in the provider's database: it must know when a customer's own database is gone."""

from django.db import models
from django.db.models import Q

from parley.backups.types import REASONS, STATES


class Backup(models.Model):
    """One backup of one customer. `number` counts them; objects say by it which backups name them."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    customer = models.UUIDField()
    number = models.IntegerField()
    reason = models.CharField(max_length=9)
    state = models.CharField(max_length=6)
    began_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    dump_size = models.BigIntegerField(default=0)
    dump_sha256 = models.CharField(max_length=64, default="")
    manifest_size = models.BigIntegerField(default=0)
    manifest_sha256 = models.CharField(max_length=64, default="")
    object_count = models.IntegerField(default=0)
    objects_size = models.BigIntegerField(default=0)
    damaged = models.IntegerField(default=0)
    entries = models.BigIntegerField(default=0)
    error = models.CharField(max_length=64, default="")

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-number"], name="backup_newest"),
            models.Index(fields=["expires_at"], condition=~Q(state="gone"), name="backup_expiry"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["customer", "number"], name="backup_number"),
            models.CheckConstraint(condition=Q(reason__in=list(REASONS)), name="backup_reason"),
            models.CheckConstraint(condition=Q(state__in=list(STATES)), name="backup_state"),
            models.CheckConstraint(
                condition=~Q(state="ready") | (Q(taken_at__isnull=False) & ~Q(dump_sha256="") & ~Q(manifest_sha256="")),
                name="backup_ready_is_whole",
            ),
        ]


class BackupObject(models.Model):
    """An object that lies in the backup store. The backups `first` to `last` name it; `last` None: the newest too.

    Content never changes under a key and no key comes back, so that an interval says it all.
    """

    of_provider = True

    id = models.BigAutoField(primary_key=True)
    customer = models.UUIDField()
    key = models.TextField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    first = models.IntegerField()
    last = models.IntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "key"], name="backup_object_once")]


class Scratch(models.Model):
    """A database that is being restored, from before it exists until it is gone. Whoever works on it holds a lock of
    the server by its name; a row without that lock is what a killed process left. `becomes`: the name that it takes
    when it replaces a customer's database."""

    of_provider = True

    database = models.CharField(max_length=63, primary_key=True)
    customer = models.UUIDField()
    backup = models.UUIDField()
    began_at = models.DateTimeField()
    becomes = models.CharField(max_length=63, default="")
    usable = models.BooleanField(default=False)


class DrillRow(models.Model):
    """What a drill found. `promise` and `findings` are kept as they were then."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    customer = models.UUIDField()
    backup = models.UUIDField()
    at = models.DateTimeField()
    rto_seconds = models.FloatField()
    rpo_seconds = models.FloatField()
    estimated = models.BooleanField(default=False)
    tables = models.IntegerField()
    records = models.BigIntegerField()
    object_count = models.IntegerField()
    objects_read = models.IntegerField()
    opened = models.IntegerField()
    entries = models.BigIntegerField()
    erased = models.IntegerField()
    findings = models.JSONField(default=list)
    promise = models.JSONField(default=dict)

    class Meta:
        db_table = "backups_drill"
        indexes = [models.Index(fields=["customer", "-at"], name="drill_newest")]
