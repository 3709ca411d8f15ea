"""Deadlines and duties of one customer, in that customer's database, and the provider's calendar over all."""

from django.contrib.postgres.fields import ArrayField
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
            ),
            models.Index(fields=["kind"], name="deadline_failed", condition=Q(failed_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(failed_at__isnull=True), name="deadline_one_end"
            )
        ]


class Duty(models.Model):
    """What an event obliges somebody to under a clause, by when: one row per `key`, for ever.

    `state` is open, met, breached, waived or cancelled; `late` stays with a duty that was breached and then met.
    `next_at` is when the next warning or the due date comes, None when nothing comes any more. `revision` counts the
    changes, so that the provider's calendar never goes back. `reason` is what somebody wrote who waived or cancelled.
    """

    id = models.UUIDField(primary_key=True)
    key = models.TextField(unique=True)
    event_kind = models.CharField(max_length=32)
    event_id = models.TextField()
    duty = models.CharField(max_length=64)
    clause = models.CharField(max_length=128)
    title = models.TextField()
    subject = models.TextField(default="")
    kind = models.CharField(max_length=8)
    owner = models.CharField(max_length=8)
    protects = models.CharField(max_length=8)
    statutory = models.BooleanField()
    authored = models.BooleanField()
    agreement = models.CharField(max_length=128)
    digest = models.CharField(max_length=64)
    starts = models.DateTimeField()
    due = models.DateTimeField()
    warn_at = ArrayField(models.DateTimeField(), default=list)
    warn_from = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=9)
    late = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    met_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.TextField(default="")
    reason = models.TextField(default="")
    evidence_id = models.UUIDField()
    revision = models.IntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["due", "id"], name="duty_due"),
            models.Index(fields=["event_kind", "event_id"], name="duty_event"),
            models.Index(fields=["clause", "due"], name="duty_clause"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "met", "breached", "waived", "cancelled"]), name="duty_state"
            ),
            models.CheckConstraint(condition=Q(kind__in=["duty", "window", "moment"]), name="duty_kind"),
        ]


class CalendarLine(models.Model):
    """A copy of a Duty in the provider's database: one calendar over all customers. The truth is the customer's row."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    customer_id = models.UUIDField()
    key = models.TextField()
    event_kind = models.CharField(max_length=32)
    event_id = models.TextField()
    clause = models.CharField(max_length=128)
    title = models.TextField()
    subject = models.TextField(default="")
    kind = models.CharField(max_length=8)
    owner = models.CharField(max_length=8)
    protects = models.CharField(max_length=8)
    statutory = models.BooleanField()
    authored = models.BooleanField()
    starts = models.DateTimeField()
    due = models.DateTimeField()
    warn_from = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=9)
    late = models.BooleanField(default=False)
    met_at = models.DateTimeField(null=True)
    evidence_id = models.UUIDField()
    revision = models.IntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["due", "id"], name="calendar_due"),
            models.Index(fields=["customer_id", "due"], name="calendar_customer"),
            models.Index(fields=["next_at"], name="calendar_next", condition=Q(next_at__isnull=False)),
        ]


class ProgressLine(models.Model):
    """How far a piece of long work has come; `key` is that of the work. Nothing depends on it."""

    key = models.TextField(primary_key=True)
    done = models.BigIntegerField()
    total = models.BigIntegerField()
    unit = models.CharField(max_length=32)
    began_at = models.DateTimeField()
    at = models.DateTimeField()
