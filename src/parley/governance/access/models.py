"""Tables of access. What concerns one customer lies in its database; a list over all, in the provider's."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

_STATES = ["asked", "active", "refused", "withdrawn", "lapsed", "ended"]


class StaffAccess(models.Model):
    """A request of one member of the provider's staff to look, and what became of it."""

    id = models.UUIDField(primary_key=True)
    staff_id = models.UUIDField()
    staff_name = models.TextField()
    offering = models.CharField(max_length=64)
    reason = models.TextField()
    case = models.CharField(max_length=40)
    minutes = models.PositiveIntegerField()
    consent_needed = models.BooleanField()
    clause = models.CharField(max_length=128)
    state = models.CharField(max_length=9)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    starts = models.DateTimeField(null=True)
    ends = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=8, default="")
    looks = models.PositiveIntegerField(default=0)
    last_look = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-asked_at", "-id"], name="staff_access_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=_STATES), name="staff_access_state"),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(starts__isnull=False, ends__gt=F("starts")), name="staff_access_ends"
            ),
        ]


class AccessDocket(models.Model):
    """The provider's list of requests over all customers; follows StaffAccess, which is the truth."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    customer_id = models.UUIDField()
    staff_id = models.UUIDField()
    offering = models.CharField(max_length=64)
    case = models.CharField(max_length=40)
    state = models.CharField(max_length=9)
    asked_at = models.DateTimeField()
    ends = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-asked_at", "-id"], name="access_docket_newest")]
        constraints = [models.CheckConstraint(condition=Q(state__in=_STATES), name="access_docket_state")]


class Review(models.Model):
    """A review of accounts that somebody held: of a customer's people, or (in the provider's database) of its staff."""

    id = models.UUIDField(primary_key=True)
    whose = models.CharField(max_length=16)
    held_at = models.DateTimeField()
    held_by = models.UUIDField()
    next_due = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-held_at"], name="review_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(whose__in=["customer-people", "provider-staff"]), name="review_whose")
        ]


class ReviewLine(models.Model):
    """What a review saw and decided of one account."""

    id = models.BigAutoField(primary_key=True)
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="lines")
    user_id = models.UUIDField()
    role = models.CharField(max_length=16)
    active = models.BooleanField()
    last_sign_in = models.DateTimeField(null=True)
    decision = models.CharField(max_length=6)
    new_role = models.CharField(max_length=16, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "user_id"], name="review_line_once"),
            models.CheckConstraint(
                condition=Q(decision__in=["keep", "remove"], new_role="") | (Q(decision="change") & ~Q(new_role="")),
                name="review_line_decision",
            ),
        ]


class KeyEvent(models.Model):
    """Something that happened to the customer's keys, with what it means."""

    id = models.UUIDField(primary_key=True)
    what = models.CharField(max_length=16)
    at = models.DateTimeField()
    by = models.UUIDField()
    party = models.CharField(max_length=8)
    before = ArrayField(models.TextField(), default=list)
    after = ArrayField(models.TextField(), default=list)
    concerned = ArrayField(models.TextField(), default=list)
    consequence = models.TextField()
    note = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["-at", "-id"], name="key_event_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(what__in=["rotated", "loss", "compromise", "drill-passed", "drill-failed", "recovered"]),
                name="key_event_what",
            )
        ]


class Challenge(models.Model):
    """A word sealed to one recipient; `digest` is the SHA-256 of the word, so that the answer can be checked."""

    id = models.UUIDField(primary_key=True)
    recipient = models.TextField()
    sealed = models.BinaryField()
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)


class Handler(models.Model):
    """Who or what handles data: a role of employees, a subsidiary, a provider, a medium. Dated, never rewritten."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=10)
    name = models.TextField()
    country = models.CharField(max_length=2, default="")
    does = models.TextField()
    bound_by = models.TextField(default="")
    since = models.DateField()
    until = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["kind", "name"], name="handler_by_kind")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["employees", "subsidiary", "provider", "medium"]), name="handler_kind"
            ),
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="handler_dates"),
        ]
