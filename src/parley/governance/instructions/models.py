"""Instructions, transfers, misuse and compulsions: in the customer's own database.

A compulsion that the law forbids to tell is kept in the provider's alone.
"""

from django.db import models
from django.db.models import Q


class InstructionRecord(models.Model):
    """One version of an instruction for one purpose; all but one version of a purpose are replaced."""

    id = models.UUIDField(primary_key=True)
    purpose = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=16)
    text = models.TextField()
    details = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    clause = models.TextField()
    given_by = models.TextField()
    given_at = models.DateTimeField()
    suspended_at = models.DateTimeField(null=True)
    confirmed_by = models.TextField(default="")
    confirmed_at = models.DateTimeField(null=True)
    confirmation = models.TextField(default="")
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purpose", "version"], name="instruction_version"),
            models.UniqueConstraint(fields=["purpose"], condition=~Q(state="replaced"), name="one_instruction"),
            models.CheckConstraint(
                condition=Q(state__in=["in-force", "suspended", "withdrawn", "replaced"]), name="instruction_state"
            ),
        ]


class TransferRecord(models.Model):
    """A measure for transfers to an area that the customer confirmed."""

    id = models.UUIDField(primary_key=True)
    area = models.CharField(max_length=16)
    measure = models.CharField(max_length=16)
    module = models.CharField(max_length=2, default="")
    reference = models.TextField()
    importer = models.TextField(default="")
    confirmed_by = models.TextField()
    confirmed_at = models.DateTimeField()
    ends_on = models.DateField(null=True)
    withdrawn_by = models.TextField(default="")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["area"], condition=Q(withdrawn_at__isnull=True), name="one_transfer"),
            models.CheckConstraint(
                condition=Q(measure__in=["adequacy", "bcr", "scc", "dedicated-site"]), name="transfer_measure"
            ),
        ]


class MisuseRecord(models.Model):
    """A prohibited use that the provider asked to correct."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=16)
    text = models.TextField()
    state = models.CharField(max_length=16)
    clause = models.TextField()
    requested_by = models.TextField()
    requested_at = models.DateTimeField()
    may_suspend_at = models.DateTimeField()
    correction = models.TextField(default="")
    corrected_by = models.TextField(default="")
    corrected_at = models.DateTimeField(null=True)
    suspended_at = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["requested", "corrected", "suspended", "lifted"]), name="misuse_state"
            )
        ]


class CompulsionRecord(models.Model):
    """A processing that a law compels, and that the customer is told of before it starts."""

    id = models.UUIDField(primary_key=True)
    law = models.TextField()
    text = models.TextField()
    clause = models.TextField()
    received_by = models.TextField()
    received_at = models.DateTimeField()
    processing_at = models.DateTimeField()


class SilentCompulsionRecord(models.Model):
    """A processing that a law compels and forbids to tell, with the important public interest that it rests on."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    customer_id = models.UUIDField()
    law = models.TextField()
    public_interest = models.TextField()
    text = models.TextField()
    received_by = models.TextField()
    received_at = models.DateTimeField()
    processing_at = models.DateTimeField()
