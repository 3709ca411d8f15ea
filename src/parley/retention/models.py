"""Tables of retention: rules, laws in force, holds and restrictions lie with the customer. Tombstones lie with the
provider, for they must outlive the database that they speak of."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from parley.retention.types import BINDS, CAUSES, DELETION_STATES, SCOPES


class KindRule(models.Model):
    """How long one kind of record of one store is kept; `keep` "" : until somebody deletes it."""

    id = models.UUIDField(primary_key=True)
    store = models.CharField(max_length=64)
    kind = models.CharField(max_length=64)
    keep = models.CharField(max_length=32)
    set_at = models.DateTimeField()
    set_by = models.UUIDField()
    clause = models.TextField()
    evidence_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "kind"], name="one_rule_a_kind")]


class LawInForce(models.Model):
    """A law that somebody declared to bind; withdrawn ones stay as history."""

    id = models.UUIDField(primary_key=True)
    law = models.CharField(max_length=64)
    extended = models.BooleanField(default=False)
    declared_at = models.DateTimeField()
    declared_by = models.UUIDField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.UUIDField(null=True)
    evidence_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["law"], condition=Q(withdrawn_at__isnull=True), name="one_law_in_force")
        ]


class SealingEpoch(models.Model):
    """The key of an hour of sealed subjects of holds, wrapped to the customer's recipients."""

    id = models.UUIDField(primary_key=True)
    wrapped = models.BinaryField()


class Hold(models.Model):
    """Records that must stay and rest: those of a person, some that were named, or a kind in a span of time.

    `subject` is the person, sealed under `epoch`. `law` is what the ground rests on, in words.
    """

    id = models.UUIDField(primary_key=True)
    title = models.TextField()
    ground = models.TextField()
    law = models.TextField(default="")
    binds = models.CharField(max_length=8)
    scope = models.CharField(max_length=8)
    store = models.CharField(max_length=64, default="")
    kind = models.CharField(max_length=64, default="")
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    epoch = models.ForeignKey(SealingEpoch, on_delete=models.PROTECT, null=True, related_name="+")
    subject = models.BinaryField(default=b"")
    owner = models.UUIDField()
    review_at = models.DateTimeField()
    placed_at = models.DateTimeField()
    placed_by = models.UUIDField()
    clause = models.TextField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.UUIDField(null=True)
    lifted_because = models.TextField(default="")
    evidence_id = models.UUIDField()

    class Meta:
        indexes = [
            models.Index(fields=["-placed_at"], name="hold_newest"),
            models.Index(fields=["store"], condition=Q(lifted_at__isnull=True), name="hold_standing"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(binds__in=BINDS), name="hold_binds"),
            models.CheckConstraint(condition=Q(scope__in=SCOPES), name="hold_scope"),
            models.CheckConstraint(condition=~Q(scope="span") | ~Q(store="", kind=""), name="hold_span_names_kind"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True) | ~Q(lifted_because=""), name="hold_lifted_with_reason"
            ),
        ]


class HeldRecord(models.Model):
    """A record that a hold of scope `records` or `subject` reaches."""

    id = models.BigAutoField(primary_key=True)
    hold = models.ForeignKey(Hold, on_delete=models.CASCADE, related_name="records")
    store = models.CharField(max_length=64)
    kind = models.CharField(max_length=64)
    record = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "record", "hold"], name="held_once")]


class HeldLook(models.Model):
    """That the owner of a hold may use a held record until `until`; `reason` is what it wrote, sealed under `epoch`."""

    id = models.UUIDField(primary_key=True)
    store = models.CharField(max_length=64)
    record = models.UUIDField()
    person = models.UUIDField()
    at = models.DateTimeField()
    until = models.DateTimeField()
    hold = models.ForeignKey(Hold, on_delete=models.CASCADE, null=True, related_name="looks")
    epoch = models.ForeignKey(SealingEpoch, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.BinaryField(default=b"")
    evidence_id = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["record", "person", "until"], name="look_of_person")]


class Restriction(models.Model):
    """That a record's use is restricted, by the reference of what asked for it (GDPR Art. 18)."""

    id = models.UUIDField(primary_key=True)
    store = models.CharField(max_length=64)
    kind = models.CharField(max_length=64)
    record = models.UUIDField()
    record_at = models.DateTimeField()
    reference = models.CharField(max_length=128)
    ground = models.TextField()
    at = models.DateTimeField()
    by = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "record", "reference"], name="restricted_once")]
        indexes = [models.Index(fields=["reference"], name="restriction_reference")]


class Tombstone(models.Model):
    """That a record was erased, or was about to be: an id and an instant, nothing else. In the provider's database."""

    of_provider = True

    id = models.BigAutoField(primary_key=True)
    customer_id = models.UUIDField()
    store = models.CharField(max_length=64)
    record = models.UUIDField()
    cause = models.CharField(max_length=8)
    at = models.DateTimeField()
    sure = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "store", "record"], name="one_tombstone"),
            models.CheckConstraint(condition=Q(cause__in=CAUSES), name="tombstone_cause"),
        ]
        indexes = [models.Index(fields=["customer_id", "at"], name="tombstone_when")]


class Noted(models.Model):
    """That a hold or a restriction was placed, changed or lifted. In the provider's database, as tombstones are.

    `closed` is what it is, as JSON, under a key of the customer's keyring; nothing when it is `gone`.
    """

    of_provider = True

    id = models.BigAutoField(primary_key=True)
    customer_id = models.UUIDField()
    what = models.CharField(max_length=12)
    subject = models.UUIDField()
    at = models.DateTimeField()
    gone = models.BooleanField(default=False)
    closed = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "subject"], name="one_note"),
            models.CheckConstraint(condition=Q(what__in=["hold", "restriction"]), name="note_what"),
        ]
        indexes = [models.Index(fields=["customer_id", "at"], name="note_when")]


class DeletionRule(models.Model):
    """Whether a second person approves what somebody deletes in `store`, within `days`: the newest row holds."""

    id = models.UUIDField(primary_key=True)
    store = models.CharField(max_length=64)
    second = models.BooleanField()
    days = models.PositiveSmallIntegerField()
    by = models.UUIDField()
    at = models.DateTimeField()
    evidence_id = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["store", "-id"], name="deletion_rule_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(days__gte=1) & Q(days__lte=90), name="deletion_rule_days"),
        ]


class DeletionRequest(models.Model):
    """What `by` wants to delete until somebody else decides. `why` is sealed under `epoch`; `key` says what it was
    asked with, so that it is asked once."""

    id = models.UUIDField(primary_key=True)
    key = models.CharField(max_length=100, unique=True)
    store = models.CharField(max_length=64)
    records = ArrayField(models.UUIDField())
    epoch = models.ForeignKey(SealingEpoch, on_delete=models.PROTECT, related_name="+")
    why = models.BinaryField()
    by = models.UUIDField()
    at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=9)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["store", "at"], name="deletion_waiting", condition=Q(state="waiting")),
            models.Index(fields=["store", "-at", "-id"], name="deletion_newest"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=DELETION_STATES), name="deletion_state"),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "refused"])
                | (Q(decided_by__isnull=False) & ~Q(decided_by=models.F("by"))),
                name="deletion_decided_by_another",
            ),
        ]
