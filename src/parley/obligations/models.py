"""Deadlines of one customer, in that customer's database."""

from django.db import models
from django.db.models import Q


class Deadline(models.Model):
    """Something that must be done at `due`; a job is a deadline that is due now.

    Open while neither `done_at` nor `failed_at` is set. `key` makes enqueueing idempotent, done deadlines included.
    `attempts` counts those begun. `last_error` is an error id, never a message.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=64)
    key = models.TextField(unique=True)
    due = models.DateTimeField()
    payload = models.JSONField(default=dict)
    attempts = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["due"], name="deadline_open", condition=Q(done_at__isnull=True, failed_at__isnull=True)
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(failed_at__isnull=True), name="deadline_one_end"
            )
        ]
