"""What a customer signed, what its order says, and when its contract ended: in the customer's own database."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class SignatureRecord(models.Model):
    """A version of an agreement that bound the customer; its text is kept by digest in the provider's database."""

    id = models.UUIDField(primary_key=True)
    agreement = models.TextField()
    version = models.TextField()
    title = models.TextField()
    kind = models.CharField(max_length=8)
    digest = models.CharField(max_length=64)
    how = models.CharField(max_length=16)
    signed_by = models.TextField()
    reference = models.TextField()
    overrides = models.JSONField(default=dict)
    signed_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agreement"], condition=Q(replaced_at__isnull=True), name="one_binding_version"
            ),
            models.CheckConstraint(condition=Q(how__in=["signed", "published"]), name="signature_how"),
        ]


class OrderRecord(models.Model):
    """The order form's data. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    reference = models.TextField(default="")
    zone = models.TextField(default="UTC")
    notice_addresses = ArrayField(models.TextField(), default=list)
    privacy_contact = models.TextField(default="")
    export_intake = models.TextField(default="")
    processes_for_others = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_order")]


class EndingRecord(models.Model):
    """An end of the contract; one that was renewed has ended nothing."""

    id = models.UUIDField(primary_key=True)
    ends_at = models.DateTimeField()
    choice = models.CharField(max_length=8)
    ended_by = models.TextField()
    reason = models.TextField(default="")
    recorded_at = models.DateTimeField()
    renewed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(models.Value(1), condition=Q(renewed_at__isnull=True), name="one_ending"),
            models.CheckConstraint(condition=Q(choice__in=["delete", "return"]), name="ending_choice"),
        ]
