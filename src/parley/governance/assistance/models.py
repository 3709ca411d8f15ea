"""Tables of assistance. Assessments, complaints and findings lie with the customer; disclosures with the provider, for
a law may forbid that the customer hears of one."""

from django.db import models
from django.db.models import Q


class Assessment(models.Model):
    """An impact assessment of some of the customer's processing."""

    id = models.UUIDField(primary_key=True)
    title = models.TextField()
    state = models.CharField(max_length=10)
    clause = models.CharField(max_length=128)
    fingerprint = models.CharField(max_length=64)
    signs = models.JSONField()
    opened_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    answers = models.JSONField(default=dict)
    measures = models.TextField(default="")
    residual = models.CharField(max_length=6, default="")
    consultation = models.TextField(default="")
    finished_at = models.DateTimeField(null=True)
    finished_by = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["needed", "begun", "finished", "not-needed"]), name="assessment_state"
            ),
            models.UniqueConstraint(
                fields=["fingerprint"], condition=Q(state__in=["needed", "begun"]), name="assessment_open_once"
            ),
        ]


class Disclosure(models.Model):
    """A demand for data by somebody with a right or a power to it, and what was done."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    customer_id = models.UUIDField()
    asker = models.CharField(max_length=9)
    asker_name = models.TextField()
    ground = models.TextField()
    scope = models.TextField()
    clause = models.CharField(max_length=128)
    received_at = models.DateTimeField()
    received_by = models.UUIDField()
    intended_at = models.DateTimeField()
    silence = models.TextField(default="")
    silent_until = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    disclosed_at = models.DateTimeField(null=True)
    manifest = models.TextField(default="")
    refused_at = models.DateTimeField(null=True)
    refused_because = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["customer_id", "-received_at"], name="disclosure_of_customer")]
        constraints = [
            models.CheckConstraint(
                condition=Q(asker__in=["authority", "court", "claimant", "provider", "acquirer"]),
                name="disclosure_asker",
            ),
            models.CheckConstraint(
                condition=Q(disclosed_at__isnull=True) | Q(told_at__isnull=False) | ~Q(silence=""),
                name="disclosure_told_first",
            ),
            models.CheckConstraint(
                condition=Q(disclosed_at__isnull=True) | Q(refused_at__isnull=True), name="disclosure_one_end"
            ),
        ]


class Complaint(models.Model):
    """A complaint about the processing for this customer, or (in the provider's database) about the provider."""

    id = models.UUIDField(primary_key=True)
    source = models.CharField(max_length=9)
    contact = models.TextField(default="")
    about = models.TextField()
    clause = models.CharField(max_length=128)
    received_at = models.DateTimeField()
    forward_due = models.DateTimeField(null=True)
    forwarded_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(default="")
    closed_at = models.DateTimeField(null=True)
    outcome = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["-received_at", "-id"], name="complaint_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(source__in=["person", "customer", "authority"]), name="complaint_source"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(answered_at__isnull=False), name="complaint_answered_first"
            ),
        ]


class Finding(models.Model):
    """The customer was found in breach of a law."""

    id = models.UUIDField(primary_key=True)
    law = models.TextField()
    what = models.TextField()
    clause = models.CharField(max_length=128)
    found_at = models.DateTimeField()
    found_by = models.UUIDField()
    informed_at = models.DateTimeField(null=True)
    authority = models.TextField(default="")
    obliged_by = models.TextField(default="")
    authority_at = models.DateTimeField(null=True)
    corrected_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(authority_at__isnull=True) | ~Q(authority="") & ~Q(obliged_by=""),
                name="finding_authority_needs_duty",
            )
        ]


class AssistanceDocket(models.Model):
    """The provider's list over all customers; follows the records in the customers' databases."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    customer_id = models.UUIDField()
    kind = models.CharField(max_length=10)
    state = models.CharField(max_length=10)
    opened_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-opened_at", "-id"], name="assistance_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["assessment", "complaint", "finding"]), name="assistance_docket_kind"
            )
        ]
