"""Tables of the provider's database: who the customers are, where their calls come from, whom to wake."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Customer(models.Model):
    """A tenant. Its data is elsewhere, in the database that `database` names. `policies` say which of its calls are
    recorded, compiled for recorders by `recordings`."""

    id = models.UUIDField(primary_key=True)
    handle = models.SlugField(max_length=40, unique=True)
    name = models.TextField()
    kind = models.CharField(max_length=8)
    region = models.CharField(max_length=16)
    custody = models.CharField(max_length=16)
    state = models.CharField(max_length=16)
    agreement = models.TextField()
    agreement_version = models.TextField()
    standing = models.JSONField(default=dict)
    policies = models.TextField(default="")
    recipients = ArrayField(models.TextField(), default=list)
    log_id = models.CharField(max_length=32, unique=True)
    database = models.CharField(max_length=63, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["customer", "provider"]), name="customer_kind"),
            models.CheckConstraint(
                condition=Q(custody__in=["local", "customer-held", "pkcs11"]), name="customer_custody"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["creating", "active", "restoring", "departed", "destroyed"]),
                name="customer_state",
            ),
            models.UniqueConstraint(fields=["kind"], condition=Q(kind="provider"), name="one_provider"),
        ]


class AgreementText(models.Model):
    """The text of an agreement that somebody signed, by its SHA-256. Never changed: a version has one text for ever."""

    digest = models.CharField(max_length=64, primary_key=True)
    agreement = models.TextField()
    version = models.TextField()
    text = models.TextField()
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "version"], name="one_text_a_version")]


class Trunk(models.Model):
    """A way that calls come in for a customer."""

    id = models.UUIDField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="trunks")
    name = models.TextField()
    own_numbers = ArrayField(models.TextField(), default=list)
    region = models.CharField(max_length=2)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "name"], name="trunk_name")]


class TrunkSource(models.Model):
    """A source address of a trunk, in canonical form. One source means one trunk, over all customers."""

    source = models.CharField(max_length=64, primary_key=True)
    trunk = models.ForeignKey(Trunk, on_delete=models.CASCADE, related_name="sources")


class Wake(models.Model):
    """When to look into a customer's database for what. A row missing or late delays work; it never loses any."""

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="wakes")
    what = models.CharField(max_length=8)
    due = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(F("customer"), F("what"), name="one_wake"),
            models.CheckConstraint(
                condition=Q(what__in=["jobs", "long", "ledger", "webhooks", "control"]), name="wake_what"
            ),
        ]
        indexes = [models.Index(fields=["what", "due"], name="wake_due")]
