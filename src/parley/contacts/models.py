"""Contacts of one customer, in that customer's database: sealed rows, found by keyed tokens."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

from parley.contacts.import_models import Import

__all__ = ["Batch", "Consent", "Contact", "CustomField", "Directory", "Epoch", "Import", "Objection", "Partner"]


class Epoch(models.Model):
    """The key of an hour of sealed contacts, wrapped to the customer's recipients."""

    id = models.UUIDField(primary_key=True)
    wrapped = models.BinaryField()


class Directory(models.Model):
    """A list of contacts: of one user, of a group of people, or of everybody at the customer."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=16)
    name = models.TextField()
    owner_id = models.UUIDField(null=True)
    group_id = models.UUIDField(null=True)
    members_change = models.BooleanField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="personal", owner_id__isnull=False, group_id__isnull=True)
                | Q(kind="department", owner_id__isnull=True, group_id__isnull=False)
                | Q(kind="public", owner_id__isnull=True, group_id__isnull=True),
                name="directory_kind",
            ),
            models.UniqueConstraint(fields=["owner_id"], name="directory_personal_once"),
            models.UniqueConstraint(fields=["name"], condition=~Q(kind="personal"), name="directory_name"),
        ]


class CustomField(models.Model):
    """A field that the customer added to its contacts."""

    key = models.CharField(max_length=64, primary_key=True)
    label = models.TextField()
    position = models.IntegerField()


class Contact(models.Model):
    """One person. `sealed` holds every field, and first the id of the epoch whose key opens it; `tokens` are the keyed
    paths of its words and numbers, `addresses` keyed hashes of whole numbers and e-mail addresses and of name with
    company.
    """

    id = models.UUIDField(primary_key=True)
    directory = models.ForeignKey(Directory, on_delete=models.PROTECT, related_name="contacts", db_index=False)
    changed_at = models.DateTimeField()
    keep_until = models.DateTimeField(null=True)
    minor = models.BooleanField()
    sealed = models.BinaryField()
    tokens = SearchVectorField()
    addresses = ArrayField(models.BigIntegerField())

    class Meta:
        indexes = [
            GinIndex(fields=["tokens"], name="contact_tokens"),
            GinIndex(fields=["addresses"], name="contact_addresses", fastupdate=False),
            models.Index(fields=["changed_at", "id"], name="contact_oldest"),
            models.Index(fields=["directory", "id"], name="contact_directory"),
            models.Index(fields=["keep_until"], name="contact_keep_until", condition=Q(keep_until__isnull=False)),
        ]


class Batch(models.Model):
    """A batch of an import that was committed: it is not added again."""

    key = models.CharField(max_length=200, primary_key=True)
    contacts = models.IntegerField()
    at = models.DateTimeField()


class Consent(models.Model):
    """That somebody agreed to one purpose by one channel; `sealed` is the proof, under the key of `epoch`."""

    id = models.UUIDField(primary_key=True)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=64)
    channel = models.CharField(max_length=8)
    partner = models.TextField()
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    epoch = models.ForeignKey(Epoch, on_delete=models.PROTECT, related_name="+", db_index=False)
    sealed = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=["email", "phone", "sms", "post"]), name="consent_channel"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=models.F("given_at")),
                name="consent_order",
            ),
        ]


class Objection(models.Model):
    """That somebody must not be contacted. It outlives the contact: `value` is a blind index, nobody is named."""

    id = models.UUIDField(primary_key=True)
    field = models.CharField(max_length=8)
    value = models.BinaryField()
    purpose = models.CharField(max_length=64)
    channel = models.CharField(max_length=8)
    at = models.DateTimeField()
    ground = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["-at", "-id"], name="objection_newest")]
        constraints = [
            models.UniqueConstraint(fields=["value", "purpose", "channel"], name="objection_once"),
            models.CheckConstraint(condition=Q(field__in=["number", "email"]), name="objection_field"),
            models.CheckConstraint(
                condition=Q(channel__in=["email", "phone", "sms", "post", "*"]), name="objection_channel"
            ),
        ]


class Partner(models.Model):
    """Somebody that the customer may share contacts with, where the person agreed to that very partner."""

    name = models.TextField(primary_key=True)
    listed_at = models.DateTimeField()
