"""Tables of imports."""

from typing import Final

from django.db import models
from django.db.models import Q

STATES: Final = ("uploaded", "queued", "done", "failed", "withdrawn", "undoing", "undone")


class Import(models.Model):
    """A file of contacts from its upload to its report. The file itself, and that of its broken rows, are sealed
    objects whose names follow from the id. `begun_at` is the instant that its contacts carry as their last change.
    """

    objects: models.Manager["Import"] = models.Manager()

    id = models.UUIDField(primary_key=True)
    state = models.CharField(max_length=16)
    kind = models.CharField(max_length=8)
    size = models.BigIntegerField()
    directory_id = models.UUIDField(null=True)
    mapping = models.JSONField(default=list)
    options = models.JSONField(default=dict)
    rows = models.IntegerField(default=0)
    added = models.IntegerField(default=0)
    broken = models.IntegerField(default=0)
    removed = models.IntegerField(default=0)
    clause = models.CharField(max_length=64, default="")
    error = models.TextField(default="")
    uploaded_by = models.UUIDField()
    uploaded_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    file_gone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["-uploaded_at"], name="import_newest"),)
        constraints = (
            models.CheckConstraint(condition=Q(state__in=STATES), name="import_state"),
            models.CheckConstraint(condition=Q(added__gte=0, broken__gte=0, removed__gte=0), name="import_counts"),
        )
