"""Incidents: the provider's declarations and rounds of notices, and what each affected customer was told.

`Declaration`, `Phase` and `Considered` are the provider's and hold counts, never content. `Affected`, `Notice` and
`Letter` are in the affected customer's own database, and only there.
"""

from django.db import models
from django.db.models import Q


class Declaration(models.Model):
    """An incident that staff declared. `notified` False: nobody is told, for `reason` (GDPR Art. 33(5) keeps it)."""

    of_provider = True

    id = models.UUIDField(primary_key=True)
    title = models.TextField()
    kind = models.CharField(max_length=64)
    known_at = models.DateTimeField()
    declared_at = models.DateTimeField()
    declared_by = models.UUIDField()
    contact_name = models.TextField()
    contact_email = models.TextField()
    contact_phone = models.TextField(default="")
    criteria = models.JSONField()
    notified = models.BooleanField()
    reason = models.TextField(default="")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-declared_at"], name="declaration_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(notified=True) | ~Q(reason=""), name="declaration_reason"),
            models.CheckConstraint(condition=Q(known_at__lte=models.F("declared_at")), name="declaration_known_before"),
        ]


class Phase(models.Model):
    """One round of notices; a draft while `at` is null."""

    of_provider = True

    id = models.BigAutoField(primary_key=True)
    declaration = models.ForeignKey(Declaration, on_delete=models.CASCADE, related_name="phases")
    number = models.IntegerField()
    kind = models.CharField(max_length=8)
    nature = models.TextField()
    consequences = models.TextField()
    measures = models.TextField()
    unknown = models.TextField(default="")
    news = models.TextField(default="")
    by = models.UUIDField()
    at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["declaration", "number"], name="phase_number"),
            models.CheckConstraint(condition=Q(kind__in=["first", "further", "closing"]), name="phase_kind"),
        ]


class Considered(models.Model):
    """One customer that was looked at for an incident; a copy of what its own database says, for one page."""

    of_provider = True

    id = models.BigAutoField(primary_key=True)
    declaration = models.ForeignKey(Declaration, on_delete=models.CASCADE, related_name="considered")
    customer_id = models.UUIDField()
    handle = models.SlugField(max_length=40)
    name = models.TextField()
    affected = models.BooleanField()
    why = models.CharField(max_length=16)
    agreement = models.TextField(default="")
    clause = models.CharField(max_length=64, default="")
    promised = models.BooleanField(default=False)
    persons = models.IntegerField(default=0)
    records = models.IntegerField(default=0)
    due = models.DateTimeField(null=True)
    first_sent_at = models.DateTimeField(null=True)
    last_sent_at = models.DateTimeField(null=True)
    told_phase = models.IntegerField(default=0)
    written_phase = models.IntegerField(default=0)
    acknowledged_at = models.DateTimeField(null=True)
    assumed_at = models.DateTimeField(null=True)
    problem = models.TextField(default="")
    next_due = models.DateTimeField(null=True)
    next_title = models.TextField(default="")
    letters = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["declaration", "customer_id"], name="considered_once")]
        indexes = [models.Index(fields=["declaration", "affected", "due"], name="considered_clock")]


class Affected(models.Model):
    """An incident that touches this customer: what of its data, by which clause it is told until when."""

    id = models.UUIDField(primary_key=True)
    title = models.TextField()
    kind = models.CharField(max_length=64)
    known_at = models.DateTimeField()
    declared_at = models.DateTimeField()
    contact_name = models.TextField()
    contact_email = models.TextField()
    contact_phone = models.TextField(default="")
    clause = models.CharField(max_length=64)
    agreement = models.TextField()
    within = models.CharField(max_length=32)
    promised = models.BooleanField()
    due = models.DateTimeField()
    persons = models.IntegerField()
    records = models.IntegerField()
    counts = models.JSONField(default=list)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)


class Notice(models.Model):
    """One notice to this customer. `message` is its mail; `problem` says why there is none.

    `told_how` says how it was told otherwise (by telephone), `dispatched_at` then when.
    """

    id = models.UUIDField(primary_key=True)
    affected = models.ForeignKey(Affected, on_delete=models.CASCADE, related_name="notices")
    number = models.IntegerField()
    kind = models.CharField(max_length=8)
    facts = models.JSONField()
    subject = models.TextField()
    text = models.TextField()
    html = models.TextField()
    written_at = models.DateTimeField()
    message = models.UUIDField(null=True)
    problem = models.TextField(default="")
    told_how = models.TextField(default="")
    dispatched_at = models.DateTimeField(null=True)
    assumed_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.UUIDField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["affected", "number"], name="notice_number")]


class Letter(models.Model):
    """A letter to a person (GDPR Art. 34), written by the customer's word: `ordered_at` is when it said so."""

    id = models.UUIDField(primary_key=True)
    affected = models.ForeignKey(Affected, on_delete=models.CASCADE, related_name="letters")
    address = models.TextField()
    name = models.TextField(default="")
    subject = models.TextField()
    text = models.TextField()
    drafted_by = models.UUIDField()
    drafted_at = models.DateTimeField()
    ordered_by = models.UUIDField(null=True)
    ordered_at = models.DateTimeField(null=True)
    message = models.UUIDField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["affected", "address"], name="letter_once")]
