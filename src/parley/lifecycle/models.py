"""Departures of customers: all in the provider's database, for a customer's own is gone before its departure is over.

Rows are read and written through the alias `default` in the provider's scope (see `desk`), so that a step, its
evidence and the deadlines that it opens are one transaction.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from parley.lifecycle.types import CHANNELS, RETURN_STATES, STATES, STEPS


class Departure(models.Model):
    """A contract that ended, one row per end. `ends_at` and `terms` say all that the phases follow from.

    `terms` are the fields of the agreement's end that hold, with their clauses, as they were at the end. `token_hash`
    is the SHA-256 of what the public link holds. `addresses` are blanked when the last letter was handed over.
    """

    of_provider = True

    id = models.UUIDField(primary_key=True)
    customer_id = models.UUIDField()
    ending_id = models.UUIDField(unique=True)
    handle = models.TextField()
    name = models.TextField()
    custody = models.CharField(max_length=16)
    agreement = models.TextField()
    zone = models.TextField()
    ends_at = models.DateTimeField()
    choice = models.CharField(max_length=8)
    terms = models.JSONField()
    state = models.CharField(max_length=9)
    opened_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.TextField(default="")
    cancelled_at = models.DateTimeField(null=True)
    token_hash = models.CharField(max_length=64, default="")
    addresses = ArrayField(models.TextField(), default=list)
    intake = models.TextField(default="")
    head = models.JSONField(null=True)
    counts = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["-opened_at", "-id"], name="departure_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["customer_id"], condition=~Q(state="cancelled"), name="one_departure_of_a_customer"
            ),
            models.UniqueConstraint(fields=["token_hash"], condition=~Q(token_hash=""), name="departure_token"),
            models.CheckConstraint(condition=Q(state__in=list(STATES)), name="departure_state"),
            models.CheckConstraint(condition=Q(choice__in=["delete", "return"]), name="departure_choice"),
        ]


class Code(models.Model):
    """A code that lets whoever follows the public link confirm the end: a keyed hash of it."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    departure = models.ForeignKey(Departure, on_delete=models.CASCADE, related_name="codes")
    digest = models.BinaryField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.IntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["departure", "-made_at"], name="departure_codes")]


class Step(models.Model):
    """One step of a departure that was done: what it did, in counts and instants."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    departure = models.ForeignKey(Departure, on_delete=models.CASCADE, related_name="steps")
    step = models.CharField(max_length=16)
    began_at = models.DateTimeField()
    done_at = models.DateTimeField()
    facts = models.JSONField(default=dict)
    evidence_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["departure", "step"], name="departure_step_once"),
            models.CheckConstraint(condition=Q(step__in=list(STEPS)), name="departure_step"),
        ]


class Statement(models.Model):
    """A statement of progress: what is gone, what remains, until when. `document` is canonical JSON."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    departure = models.ForeignKey(Departure, on_delete=models.CASCADE, related_name="statements")
    number = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    document = models.TextField()
    sha256 = models.CharField(max_length=64)
    evidence_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["departure", "number"], name="departure_statement")]


class Return(models.Model):
    """An export that was asked for after the live data was gone, made from the backup."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    departure = models.ForeignKey(Departure, on_delete=models.CASCADE, related_name="returns")
    state = models.CharField(max_length=8)
    channel = models.CharField(max_length=8)
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    formats = ArrayField(models.TextField())
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    records = models.BigIntegerField(default=0)
    files = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, default="")
    fetched = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=64, default="")

    class Meta:
        indexes = [models.Index(fields=["departure", "-asked_at"], name="departure_returns")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(RETURN_STATES)), name="departure_return_state"),
            models.CheckConstraint(condition=Q(channel__in=list(CHANNELS)), name="departure_return_channel"),
        ]


class Isolated(models.Model):
    """Records that a law obliges the provider itself to keep: a package under a key of its own, until `until`
    (None: until the hold that keeps them is lifted)."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    departure = models.ForeignKey(Departure, on_delete=models.PROTECT, related_name="isolated")
    law = models.TextField()
    records = models.BigIntegerField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    until = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["departure"], name="departure_isolated")]


class Certificate(models.Model):
    """The certificate of deletion: its JSON, which the PDF repeats; the log's entry holds the hashes of both."""

    of_provider = True

    departure = models.OneToOneField(Departure, primary_key=True, on_delete=models.CASCADE, related_name="certificate")
    made_at = models.DateTimeField()
    document = models.TextField()
    sha256 = models.CharField(max_length=64)
    pdf = models.BinaryField()
    pdf_sha256 = models.CharField(max_length=64)
    evidence_id = models.UUIDField()
    proof = models.BinaryField(null=True)
    handed_over_at = models.DateTimeField(null=True)
