"""Rows of recordings that were sealed anew to other keys: which, and how far a run over all of them is."""

from django.db import models
from django.db.models import Q


class Resealed(models.Model):
    """A recording whose files have new headers. The log has an entry for each of the `times`; the newest is of the key
    event `under`. `renditions`: of which time its renditions are as they stand; 0, as they were made."""

    recording = models.OneToOneField(
        "recordings.Recording", primary_key=True, on_delete=models.CASCADE, related_name="resealed"
    )
    times = models.PositiveIntegerField()
    renditions = models.PositiveIntegerField(default=0)
    under = models.UUIDField(db_index=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(times__gt=0) & Q(renditions__lte=models.F("times")), name="resealed_times"
            )
        ]


class Resealing(models.Model):
    """A run over the recordings that are sealed to the former keys of the key event `under`, where the provider keeps
    the keys. `done` and `refused` (why: how many) are of those up to (`after_at`, `after_id`)."""

    id = models.UUIDField(primary_key=True)
    under = models.UUIDField()
    by = models.UUIDField()
    at = models.DateTimeField()
    total = models.IntegerField()
    done = models.IntegerField(default=0)
    refused = models.JSONField(default=dict)
    after_at = models.DateTimeField(null=True)
    after_id = models.UUIDField(null=True)
    finished_at = models.DateTimeField(null=True)
    stopped = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["under"], condition=Q(finished_at=None), name="resealing_one_runs"),
            models.CheckConstraint(
                condition=Q(after_at__isnull=True, after_id__isnull=True)
                | Q(after_at__isnull=False, after_id__isnull=False),
                name="resealing_place",
            ),
        ]
