"""Scrubs of one customer and what they found, in that customer's database."""

from django.db import models
from django.db.models import Q

from parley.recordings.models import Recording

_WHAT = ["changed", "missing", "unledgered"]
_STATES = ["open", "repaired", "accepted"]


class Pass(models.Model):
    """One pass over the recordings of a customer, one at a time of its kind. `after` is the last that was looked at,
    `recordings` how many were."""

    id = models.UUIDField(primary_key=True)
    began_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    after = models.UUIDField(null=True)
    recordings = models.IntegerField(default=0)

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["-began_at"], name="%(class)s_newest")]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(finished_at__isnull=True), name="%(class)s_one_at_a_time"
            )
        ]


class Scrub(Pass):
    """Reads all objects; `report` counts what is stored, as `types.Line` rows, once it is finished. `counted` is how
    many recordings there were when it began."""

    counted = models.IntegerField()
    objects_read = models.IntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    damaged = models.IntegerField(default=0)
    aborted_uploads = models.IntegerField(default=0)
    report = models.JSONField(default=list)


class Move(Pass):
    """Moves large objects of recordings that began `before` to the cold store. `copied` are [key, recording, SHA-256]
    of what lies warm as well until the next slice. `whole`: it began with the oldest. `kept` counts what the warm store
    does not give away (write-once)."""

    before = models.DateTimeField()
    whole = models.BooleanField()
    slices = models.IntegerField(default=0)
    objects_moved = models.IntegerField(default=0)
    bytes_moved = models.BigIntegerField(default=0)
    kept = models.IntegerField(default=0)
    copied = models.JSONField(default=list)


class Finding(models.Model):
    """An object that is not what the ledger says: changed, missing, or its row is unknown to the ledger.

    `expected` and `found` are SHA-256 of the sealed bytes, in hexadecimal; `found` is empty where there is nothing.
    `incident` is what was declared. `problem` is why a repair did not work (an error_id).
    """

    id = models.UUIDField(primary_key=True)
    scrub = models.ForeignKey(Scrub, on_delete=models.PROTECT, related_name="findings")
    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=16)
    object_key = models.TextField()
    what = models.CharField(max_length=10)
    expected = models.CharField(max_length=64)
    found = models.CharField(max_length=64)
    found_at = models.DateTimeField()
    incident = models.UUIDField()
    evidence_id = models.UUIDField()
    state = models.CharField(max_length=8, default="open")
    problem = models.CharField(max_length=64, default="")
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.UUIDField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["object_key"], name="finding_of_object"),
            models.Index(fields=["-found_at", "-id"], name="finding_newest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["object_key"], condition=Q(state="open"), name="finding_open_once"),
            models.CheckConstraint(condition=Q(what__in=_WHAT), name="finding_what"),
            models.CheckConstraint(condition=Q(state__in=_STATES), name="finding_state"),
            models.CheckConstraint(
                condition=Q(state="open", resolved_at__isnull=True) | ~Q(state="open") & Q(resolved_at__isnull=False),
                name="finding_resolved_at",
            ),
        ]
