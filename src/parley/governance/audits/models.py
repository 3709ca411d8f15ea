"""Audits, packs and attestations: the customer's own rows, and those of the provider."""

from django.db import models
from django.db.models import Q

from parley.governance.audits.types import CAUSES, SEVERITIES, STATES


class AuditRequest(models.Model):
    """A request for an audit, as it was decided and what became of it. In the customer's database."""

    id = models.UUIDField(primary_key=True)
    cause = models.CharField(max_length=16)
    reason = models.TextField()
    scope = models.TextField()
    auditor = models.TextField()
    wanted_at = models.DateTimeField()
    asked_at = models.DateTimeField()
    asked_by = models.UUIDField()
    granted = models.BooleanField()
    rule = models.CharField(max_length=16)
    clause = models.TextField()
    why = models.TextField()
    remedy = models.TextField()
    earliest = models.DateTimeField(null=True)
    lifted = models.CharField(max_length=16, default="")
    cost = models.CharField(max_length=16)
    conditions = models.JSONField(default=list)
    state = models.CharField(max_length=16)
    agreed_for = models.DateTimeField(null=True)
    answer = models.TextField(default="")
    answered_at = models.DateTimeField(null=True)
    certificates = models.JSONField(default=list)
    held_at = models.DateTimeField(null=True)
    report = models.TextField(default="")
    reported_at = models.DateTimeField(null=True)
    evidence_id = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["-asked_at"], name="audit_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(cause__in=CAUSES), name="audit_cause"),
            models.CheckConstraint(condition=Q(state__in=STATES), name="audit_state"),
            models.CheckConstraint(condition=Q(granted=True) | Q(state="refused"), name="audit_refused_stays"),
            models.CheckConstraint(condition=~Q(cause="authority") | Q(granted=True), name="authority_never_refused"),
        ]


class AuditFinding(models.Model):
    """Something that an audit found."""

    id = models.UUIDField(primary_key=True)
    audit = models.ForeignKey(AuditRequest, on_delete=models.CASCADE, related_name="findings")
    severity = models.CharField(max_length=16)
    statement = models.TextField()
    found_at = models.DateTimeField()
    remedy = models.TextField(default="")
    remedied_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(severity__in=SEVERITIES), name="finding_severity")]


class AuditPack(models.Model):
    """An audit pack: asked for, being made (`done` of `total`), ready. `sha256` is that of the clear zip file,
    `sealed_sha256` that of the stored object, sealed to the customer."""

    id = models.UUIDField(primary_key=True)
    audit = models.ForeignKey(AuditRequest, on_delete=models.PROTECT, null=True, related_name="packs")
    scope = models.CharField(max_length=8)
    state = models.CharField(max_length=8)
    asked_at = models.DateTimeField()
    asked_by = models.UUIDField()
    done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    made_at = models.DateTimeField(null=True)
    object_key = models.TextField(default="")
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, default="")
    sealed_size = models.BigIntegerField(default=0)
    sealed_sha256 = models.CharField(max_length=64, default="")
    manifest_sha256 = models.CharField(max_length=64, default="")
    head_size = models.BigIntegerField(default=0)
    checkpoint = models.TextField(default="")
    entries = models.IntegerField(default=0)
    error = models.TextField(default="")
    evidence_id = models.UUIDField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-asked_at"], name="pack_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=["newest", "all"]), name="pack_scope"),
            models.CheckConstraint(condition=Q(state__in=["waiting", "making", "ready", "failed"]), name="pack_state"),
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(evidence_id__isnull=False, made_at__isnull=False), name="pack_proven"
            ),
        ]


class AttestationHere(models.Model):
    """An attestation of the provider as this customer was told of it: once for each clause that asks for it."""

    id = models.UUIDField(primary_key=True)
    attestation = models.UUIDField()
    key = models.CharField(max_length=64)
    clause = models.TextField()
    attested_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)
    next_due = models.DateTimeField()
    evidence_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attestation", "clause"], name="told_once")]
        indexes = [models.Index(fields=["key", "-attested_at"], name="attested_newest")]


class Attestation(models.Model):
    """A proof that the provider gave under one key, for all customers whose agreements ask for it."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    key = models.CharField(max_length=64)
    statement = models.TextField()
    attested_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.UUIDField()
    responsible = models.UUIDField(null=True)
    object_key = models.TextField()
    media_type = models.CharField(max_length=64)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    sealed_sha256 = models.CharField(max_length=64)
    told = models.IntegerField(default=0)
    of = models.IntegerField(default=0)
    told_at = models.DateTimeField(null=True)
    evidence_id = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["key", "-attested_at"], name="attestation_newest")]


class Responsible(models.Model):
    """Who of the provider's staff gives the proof of a key."""

    of_provider = True

    key = models.CharField(max_length=64, primary_key=True)
    person = models.UUIDField()
    assigned_at = models.DateTimeField()
    assigned_by = models.UUIDField()


class AuditOfCustomer(models.Model):
    """One customer's request in the provider's list; the truth is in the customer's database."""

    of_provider = True

    audit = models.UUIDField(primary_key=True)
    customer = models.UUIDField()
    cause = models.CharField(max_length=16)
    state = models.CharField(max_length=16)
    asked_at = models.DateTimeField()
    wanted_at = models.DateTimeField()
    held_for = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-asked_at"], name="audits_of_all")]
