"""Saved exports of one customer, in that customer's database: what was asked for, who is in it, where it lies."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from parley.exports.types import REASONS, STATES


class Export(models.Model):
    """A package that was asked for. `subject` is the person it is about, sealed to the customer as a small age file,
    empty when it is about no one person; `since` and `until` narrow an export without a list of records.

    The stored object's key follows from the id, so that it can always be removed. `link_hash` is the SHA-256 of the
    link's token, which is made of `link_salt` and a key that is outside this database.
    """

    id = models.UUIDField(primary_key=True)
    key = models.TextField(unique=True)
    title = models.TextField()
    reason = models.CharField(max_length=10)
    state = models.CharField(max_length=10)
    formats = ArrayField(models.CharField(max_length=8), default=list)
    redact_others = models.BooleanField()
    subject = models.BinaryField(default=bytes)
    listed = models.BooleanField()
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    clause = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.UUIDField(null=True)
    records = models.BigIntegerField(default=0)
    files = models.BigIntegerField(default=0)
    tables = models.JSONField(default=dict)
    by_store = models.JSONField(default=dict)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, default="")
    sealed_size = models.BigIntegerField(default=0)
    sealed_sha256 = models.CharField(max_length=64, default="")
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    error = models.TextField(default="")
    link_salt = models.BinaryField()
    link_hash = models.BinaryField(unique=True)
    evidence_id = models.UUIDField(null=True)

    class Meta:
        indexes = [models.Index(fields=["asked_at", "id"], name="export_oldest")]
        constraints = [
            models.CheckConstraint(condition=Q(reason__in=REASONS), name="export_reason"),
            models.CheckConstraint(condition=Q(state__in=STATES), name="export_state"),
            models.CheckConstraint(
                condition=~Q(state="ready")
                | Q(evidence_id__isnull=False, made_at__isnull=False, expires_at__isnull=False),
                name="export_proven",
            ),
        ]


class ExportedPerson(models.Model):
    """Somebody who is in an export, as a blind index: an erasure finds the copies that an export made."""

    id = models.BigAutoField(primary_key=True)
    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="persons")
    value = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["value", "export"], name="exported_person_once")]


class ExportedRecord(models.Model):
    """A record that an export holds, or that it was asked to hold, in the order in which it was given."""

    id = models.BigAutoField(primary_key=True)
    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="contents")
    store = models.CharField(max_length=32)
    record = models.UUIDField()
    written = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "store", "export"], name="exported_record_once")]
        indexes = [models.Index(fields=["export", "store", "id"], name="exported_in_order")]
