"""Endpoints of one customer, what happened, and how telling it went, in that customer's database."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Endpoint(models.Model):
    """An address that is told. Its secret is derived from the customer's keyring with `salt` and kept nowhere.

    `previous_salt` signs beside it until `previous_until`. `failures` counts attempts in a row that came to nothing,
    since `failing_since`; nothing is sent before `next_try`.
    """

    id = models.UUIDField(primary_key=True)
    name = models.TextField()
    url = models.TextField()
    kinds = ArrayField(models.CharField(max_length=64))
    state = models.CharField(max_length=8, default="enabled")
    why_disabled = models.CharField(max_length=8, default="")
    salt = models.BinaryField()
    previous_salt = models.BinaryField(null=True)
    previous_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    failures = models.IntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    next_try = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["enabled", "disabled"]), name="endpoint_state"),
            models.CheckConstraint(
                condition=Q(state="enabled", why_disabled="")
                | Q(state="disabled", why_disabled__in=["by-hand", "gone", "failing"]),
                name="endpoint_why",
            ),
        ]


class Event(models.Model):
    """Something that happened. `id` follows from the customer and `key`: it is the same when it is written again."""

    id = models.UUIDField(primary_key=True)
    key = models.TextField(unique=True)
    kind = models.CharField(max_length=64)
    payload = models.JSONField()
    at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="event_created")]


class Delivery(models.Model):
    """An event for an endpoint. `next_attempt` is when it is tried, or, while it is tried, when that attempt is over
    at the latest; `queued_at` is when trying began."""

    id = models.UUIDField(primary_key=True)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=9, default="queued")
    attempts = models.IntegerField(default=0)
    queued_at = models.DateTimeField()
    next_attempt = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_attempt"], name="delivery_due", condition=Q(state="queued")),
            models.Index(fields=["endpoint", "-id"], name="delivery_newest"),
        ]
        constraints = [
            models.UniqueConstraint(F("endpoint"), F("event"), name="delivery_once"),
            models.CheckConstraint(condition=Q(state__in=["queued", "delivered", "failed"]), name="delivery_state"),
            models.CheckConstraint(
                condition=Q(state="queued", next_attempt__isnull=False) | ~Q(state="queued"), name="delivery_planned"
            ),
        ]


class Attempt(models.Model):
    """One attempt at a delivery; `status` is the receiver's, None when there was none."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tried")
    number = models.IntegerField()
    at = models.DateTimeField()
    status = models.IntegerField(null=True)
    answer = models.CharField(max_length=80)
    milliseconds = models.IntegerField()
