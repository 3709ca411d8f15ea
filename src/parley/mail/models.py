"""The outbox of one customer, in that customer's database: what was written to whom, and whether a server took it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

STATES = ["queued", "sent", "failed"]


class Message(models.Model):
    """One message. `content` is the whole of it without signature; `signature` the DKIM header that was sent with it.

    `sha256` is of the bytes that the server took: signature, then content. `then` is the kind of the work that follows
    when a server took it, or when nobody will; "" for none. `blanked_at`: what it said, and to whom, was removed.
    """

    id = models.UUIDField(primary_key=True)
    key = models.TextField(unique=True)
    purpose = models.CharField(max_length=64)
    clause = models.CharField(max_length=64)
    subject = models.TextField()
    text = models.TextField()
    html = models.TextField(default="")
    attachments = models.JSONField(default=list)
    content = models.BinaryField()
    message_id = models.TextField()
    then = models.CharField(max_length=64, default="")
    state = models.CharField(max_length=8, default="queued")
    attempts = models.IntegerField(default=0)
    next_attempt = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    answer = models.TextField(default="")
    signature = models.TextField(default="")
    dkim_selector = models.CharField(max_length=64, default="")
    sha256 = models.CharField(max_length=64, default="")
    evidence_id = models.UUIDField(null=True)
    blanked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-created_at"], name="message_newest")]
        constraints = [models.CheckConstraint(condition=Q(state__in=STATES), name="message_state")]


class Recipient(models.Model):
    """One recipient of a message, with what the server answered for it."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="recipients")
    address = models.TextField()
    state = models.CharField(max_length=8, default="queued")
    answer = models.TextField(default="")
    sent_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "address"], name="recipient_once"),
            models.CheckConstraint(condition=Q(state__in=STATES), name="recipient_state"),
        ]
        indexes = [models.Index(Upper("address"), name="recipient_address")]
