"""Tables: the register and its changes in the provider's database, each customer's part in its own."""

from django.db import models
from django.db.models import Q


class Subprocessor(models.Model):
    """A link of the chain as it stands; `RegisterVersion` keeps how it stood. `parent` is a key, "": the provider."""

    of_provider = True

    key = models.SlugField(max_length=40, primary_key=True)
    name = models.TextField()
    role = models.TextField()
    country = models.CharField(max_length=2)
    address = models.TextField()
    contact = models.TextField()
    privacy_url = models.TextField()
    purposes = models.JSONField(default=list)
    offerings = models.JSONField(default=list)
    parent = models.CharField(max_length=40, default="", blank=True)
    affiliate = models.BooleanField(default=False)
    status = models.CharField(max_length=8)
    starts_on = models.DateTimeField(null=True)
    flowdown_digest = models.CharField(max_length=64)
    flowdown_signed_on = models.DateField()
    flowdown_clauses = models.JSONField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=["planned", "engaged", "ended"]), name="subprocessor_status"),
            models.CheckConstraint(condition=Q(flowdown_digest__regex="^[0-9a-f]{64}$"), name="subprocessor_flowdown"),
        ]


class RegisterVersion(models.Model):
    """One version of the register as it was published: never changed afterwards."""

    of_provider = True

    number = models.IntegerField(primary_key=True)
    published_at = models.DateTimeField()
    note = models.TextField()
    digest = models.CharField(max_length=64)
    entries = models.JSONField()


class Change(models.Model):
    """A planned change that was announced to all customers."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=12)
    key = models.CharField(max_length=40)
    replaces = models.CharField(max_length=40, default="", blank=True)
    entry = models.JSONField()
    register_version = models.IntegerField()
    announced_at = models.DateTimeField()
    planned_start = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["addition", "replacement"]), name="subprocessor_change_kind"),
            models.CheckConstraint(
                condition=Q(planned_start__gte=models.F("announced_at")), name="subprocessor_change_starts_later"
            ),
        ]


class Delivery(models.Model):
    """A change and one customer, for the provider's table: mirrors `PlannedChange` of the customer's database.

    Nothing is decided by it, so that a lost mirror is late and never wrong. `told_at` NULL: the job still has to run.
    """

    of_provider = True

    id = models.BigAutoField(primary_key=True)
    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="deliveries")
    customer_id = models.UUIDField()
    told_at = models.DateTimeField(null=True)
    agreement = models.TextField(default="")
    clause = models.TextField(default="")
    effect = models.CharField(max_length=10, default="", blank=True)
    dispatched_at = models.DateTimeField(null=True)
    assumed_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    received_how = models.CharField(max_length=12, default="", blank=True)
    objection_closes = models.DateTimeField(null=True)
    earliest_start = models.DateTimeField(null=True)
    opens_at = models.DateTimeField(null=True)
    objected_at = models.DateTimeField(null=True)
    resolution_closes = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, default="", blank=True)
    resolved_at = models.DateTimeField(null=True)
    terminated_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    on_request = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "customer_id"], name="one_delivery")]


class PlannedChange(models.Model):
    """A planned change as it was told to this customer, and what became of it. `id` is the provider's change.

    `entry` is what the customer was told. The dates follow from `received_at` under the agreement that binds the
    customer; they are NULL while the notice does not count as received. `opens_at` is what the gate was told.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=12)
    key = models.CharField(max_length=40)
    replaces = models.CharField(max_length=40, default="", blank=True)
    entry = models.JSONField()
    register_version = models.IntegerField()
    announced_at = models.DateTimeField()
    planned_start = models.DateTimeField()
    agreement = models.TextField()
    clause = models.TextField()
    effect = models.CharField(max_length=10)
    counted_from = models.CharField(max_length=8)
    on_request = models.BooleanField(default=False)
    dispatched_at = models.DateTimeField(null=True)
    assumed_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    received_how = models.CharField(max_length=12, default="", blank=True)
    received_by = models.UUIDField(null=True)
    objection_closes = models.DateTimeField(null=True)
    earliest_start = models.DateTimeField(null=True)
    opens_at = models.DateTimeField(null=True)
    objected_at = models.DateTimeField(null=True)
    objected_by = models.UUIDField(null=True)
    grounds = models.TextField(default="", blank=True)
    resolution_closes = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, default="", blank=True)
    outcome_note = models.TextField(default="", blank=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.UUIDField(null=True)
    terminated_at = models.DateTimeField(null=True)
    terminated_by = models.UUIDField(null=True)
    terminated_services = models.JSONField(default=list)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(effect__in=["veto", "blocks", "resolution"]), name="planned_change_effect"
            ),
            models.CheckConstraint(
                condition=Q(received_how__in=["", "acknowledged", "assumed", "update"]), name="planned_change_received"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["", "withdrawn", "not-used", "unavoidable"]), name="planned_change_outcome"
            ),
            models.CheckConstraint(
                condition=Q(objected_at__isnull=True)
                | Q(received_at__isnull=False, objected_at__lt=models.F("objection_closes")),
                name="planned_change_objection_in_time",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True) | Q(objected_at__isnull=False),
                name="planned_change_resolves_an_objection",
            ),
        ]


class Authorisation(models.Model):
    """Why a sub-processor may receive this customer's data other than by a change whose windows closed."""

    key = models.CharField(max_length=40, primary_key=True)
    basis = models.CharField(max_length=10)
    clause = models.TextField()
    since = models.DateTimeField()
    by = models.UUIDField(null=True)
    register_version = models.IntegerField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(basis__in=["signature", "request"]), name="authorisation_basis")
        ]
