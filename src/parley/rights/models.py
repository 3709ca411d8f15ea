"""Requests of persons, in the customer's own database: whatever says who it is, is sealed to the customer."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from parley.rights.types import CHANNELS

_STATES = [
    "received", "forwarded", "acknowledged", "identity-pending", "verified", "waiting-for-controller", "in-work",
    "answered", "refused", "withdrawn",
]  # fmt: skip


class Epoch(models.Model):
    """The key of an hour of sealed fields, wrapped to the customer's recipients."""

    id = models.UUIDField(primary_key=True)
    wrapped = models.BinaryField()


class Request(models.Model):
    """One request. `sealed` is who asks and what for (name, e-mail, number, text), None once that was removed.

    `follow` is the SHA-256 of the token. `strict_due` is the month from receipt, `due` moves with pauses and the
    extension, `longest` is the last day of an extension. `forward`, `answers` and `clause` are the agreement's terms
    at receipt. `revision` numbers the changes of the clock: each has its own duties. `done` says per kind what came of
    it. `blocked` is why a fulfilment stopped: an error's words, no data.
    """

    id = models.UUIDField(primary_key=True)
    tag = models.CharField(max_length=16, unique=True)
    channel = models.CharField(max_length=16)
    kinds = ArrayField(models.CharField(max_length=24))
    regulation = models.CharField(max_length=16)
    external_id = models.TextField(null=True, unique=True)
    callback = models.TextField(default="")
    state = models.CharField(max_length=24)
    received_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    epoch = models.ForeignKey(Epoch, on_delete=models.PROTECT, null=True, related_name="+")
    sealed = models.BinaryField(null=True)
    email_index = models.BinaryField(null=True)
    number_index = models.BinaryField(null=True)
    follow = models.BinaryField(unique=True)
    forward = models.CharField(max_length=16)
    answers = models.CharField(max_length=32)
    clause = models.CharField(max_length=128)
    forwarded_at = models.DateTimeField(null=True)
    forwarded_how = models.CharField(max_length=16, default="")
    acknowledged_at = models.DateTimeField(null=True)
    strict_due = models.DateTimeField()
    due = models.DateTimeField()
    longest = models.DateTimeField()
    extended_at = models.DateTimeField(null=True)
    revision = models.IntegerField(default=0)
    identity = models.CharField(max_length=8, default="unknown")
    means = models.CharField(max_length=24, default="")
    covers = ArrayField(models.CharField(max_length=8), default=list)
    verified_at = models.DateTimeField(null=True)
    verified_by = models.TextField(default="")
    authorised_by = models.TextField(default="")
    authorised_at = models.DateTimeField(null=True)
    ground = models.CharField(max_length=40, default="")
    looked_at = models.DateTimeField(null=True)
    done = models.JSONField(default=dict)
    blocked = models.TextField(default="")
    export_id = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="rights_newest"),
            models.Index(fields=["due"], name="rights_due", condition=Q(ended_at__isnull=True)),
            models.Index(fields=["email_index"], name="rights_email"),
            models.Index(fields=["number_index"], name="rights_number"),
            models.Index(fields=["ended_at", "id"], name="rights_ended"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=_STATES), name="rights_state"),
            models.CheckConstraint(condition=Q(channel__in=CHANNELS), name="rights_channel"),
            models.CheckConstraint(
                condition=Q(identity__in=["unknown", "pending", "verified"]), name="rights_identity"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(state__in=["answered", "refused", "withdrawn"]),
                name="rights_ended_states",
            ),
            models.CheckConstraint(
                condition=Q(sealed__isnull=True, epoch__isnull=True) | Q(sealed__isnull=False, epoch__isnull=False),
                name="rights_sealed",
            ),
        ]


class Event(models.Model):
    """One thing that happened to a request. `facts` are ids and counts; `sealed` what somebody wrote."""

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="events")
    number = models.IntegerField()
    at = models.DateTimeField()
    who = models.TextField()
    what = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)
    epoch = models.ForeignKey(Epoch, on_delete=models.PROTECT, null=True, related_name="+")
    sealed = models.BinaryField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "number"], name="rights_event_number")]


class Pause(models.Model):
    """The clock of a request stood still, for a justified question of identity."""

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="pauses")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ground = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request"], condition=Q(ended_at__isnull=True), name="rights_one_pause")
        ]


class Finding(models.Model):
    """A record that was found for a request. `left_out` is why it is left out; `outcome` what became of it."""

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="findings")
    store = models.CharField(max_length=32)
    kind = models.CharField(max_length=32)
    record_id = models.UUIDField()
    at = models.DateTimeField()
    left_out = models.CharField(max_length=32, default="")
    outcome = models.CharField(max_length=16, default="")
    law = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "store", "record_id"], name="rights_finding_once")]


class Code(models.Model):
    """A code that proves an address: a keyed hash of it. One for a number is made when staff calls, who read it out."""

    id = models.UUIDField(primary_key=True)
    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="codes")
    to = models.CharField(max_length=8)
    digest = models.BinaryField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.IntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    read_out_by = models.TextField(default="")


class Callback(models.Model):
    """A status that the asking platform is told: sent once it answers 2xx, given up after days."""

    id = models.UUIDField(primary_key=True)
    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="callbacks")
    payload = models.JSONField()
    state = models.CharField(max_length=8, default="queued")
    attempts = models.IntegerField(default=0)
    answer = models.CharField(max_length=80, default="")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["queued", "sent", "failed"]), name="rights_callback_state")
        ]
