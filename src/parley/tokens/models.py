"""Tokens of one customer, in that customer's database: a hash of each, never the token."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Token(models.Model):
    """What a program may do for `made_by`. `digest` is SHA-256 of the token, whose 256 random bits nobody guesses.

    `groups` None: it sees what its maker sees. `last_used` is a day.
    """

    id = models.UUIDField(primary_key=True)
    digest = models.BinaryField(unique=True)
    hint = models.CharField(max_length=4)
    name = models.TextField()
    scopes = ArrayField(models.CharField(max_length=32))
    groups = ArrayField(models.UUIDField(), null=True)
    made_by = models.UUIDField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used = models.DateField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.UUIDField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-made_at"], name="token_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="token_ends"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="token_revoked_by",
            ),
        ]
