"""Recordings of one customer, in that customer's database: rows point at sealed objects and hold no clear party."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Extract

from parley.recordings.quality import QUALITIES
from parley.recordings.resealing import models as _resealing  # noqa: F401 - Django finds what this imports

CONSENTS = ["not-asked", "asked", "given", "refused", "withdrawn"]
NOTICES = ["not-known", "none", "tone", "announcement"]
_DIRECTIONS = ["inbound", "outbound", "internal", "unknown"]


class SealingEpoch(models.Model):
    """The key of an hour of sealed fields, wrapped to the customer's recipients: those of its time (its id says when),
    or those of the key event `under`, for which it was wrapped anew."""

    id = models.UUIDField(primary_key=True)
    wrapped = models.BinaryField()
    under = models.UUIDField(null=True)


class Conversation(models.Model):
    """Sessions that share a group or a call. `index` is the blind index of what they share."""

    id = models.UUIDField(primary_key=True)
    index = models.BinaryField(unique=True)
    started_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-started_at", "-id"], name="conversation_newest")]


class Recording(models.Model):
    """One recorded session: a segment of a conversation. `sealed` is the party sheet, under the key of `epoch`.

    `evidence_id` is the ledger entry `recording.sealed`. `rendition` is pending, ready, failed, refused
    by the gate (then `rendition_error` is the clause) or customer-held. `listed_at` is the start of its conversation:
    with the conversation's id it is the place in the list, in this table and in all that search reads. `quality` is
    what `quality.quality` says, `steering` what policies decided and people did while it ran (null: from before),
    `told` is what was said of announcement and consent (`types.Told`), `consent` and `notice` the last word on each
    ("": not wanted, and nothing was said), `on_hold` when its streams were (`types.OnHold`), `sound_starts_at` the
    instant of the first sample that is heard.
    """

    id = models.UUIDField(primary_key=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="segments")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    direction = models.CharField(max_length=8)
    trunk_id = models.UUIDField()
    trunk_name = models.TextField()
    epoch = models.ForeignKey(SealingEpoch, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField()
    streams = models.JSONField()
    received = models.JSONField()
    gaps = models.JSONField()
    on_hold = models.JSONField(default=list)
    sound_starts_at = models.DateTimeField(null=True)
    agreement = models.TextField()
    agreement_version = models.TextField()
    clause = models.TextField()
    purpose = models.TextField()
    decision = models.TextField()
    reason = models.CharField(max_length=64)
    evidence_id = models.UUIDField(unique=True)
    rendition = models.CharField(max_length=16)
    rendition_error = models.TextField(default="")
    steering = models.JSONField(null=True)
    told = models.JSONField(null=True)
    consent = models.CharField(max_length=10, default="", db_default="")
    notice = models.CharField(max_length=12, default="", db_default="")
    listed_at = models.DateTimeField()
    quality = models.CharField(max_length=8)
    seconds = models.GeneratedField(
        expression=Extract(models.F("ended_at") - models.F("started_at"), "epoch"),
        output_field=models.FloatField(),
        db_persist=True,
    )

    class Meta:
        indexes = [
            models.Index(fields=["conversation", "started_at"], name="recording_segments"),
            models.Index(fields=["-started_at", "-id"], name="recording_newest_first"),
            models.Index(fields=["-listed_at", "-conversation"], name="recording_list"),
            models.Index(fields=["trunk_id", "-listed_at", "-conversation"], name="recording_list_trunk"),
            models.Index(fields=["direction", "-listed_at", "-conversation"], name="recording_list_direction"),
            *(
                models.Index(
                    fields=[column, "-listed_at", "-conversation"],
                    name=f"recording_list_{column}",
                    condition=~Q(**{column: usual}),
                )
                for column, usual in (("quality", "good"), ("consent", ""), ("notice", ""))
            ),
            models.Index(fields=["seconds"], name="recording_seconds"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(direction__in=_DIRECTIONS), name="recording_direction"),
            models.CheckConstraint(
                condition=Q(rendition__in=["pending", "ready", "failed", "refused", "customer-held"]),
                name="recording_rendition",
            ),
            models.CheckConstraint(condition=Q(ended_at__gte=models.F("started_at")), name="recording_order"),
            models.CheckConstraint(condition=Q(quality__in=QUALITIES), name="recording_quality"),
            models.CheckConstraint(condition=Q(consent__in=["", *CONSENTS]), name="recording_consent"),
            models.CheckConstraint(condition=Q(notice__in=["", *NOTICES]), name="recording_notice"),
        ]


class Part(models.Model):
    """One sealed file of the original, in order; `sha256` is hexadecimal, of the sealed bytes."""

    id = models.BigAutoField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="parts")
    number = models.IntegerField()
    name = models.CharField(max_length=16)
    kind = models.CharField(max_length=4)
    object_key = models.TextField(unique=True)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recording", "number"], name="part_number"),
            models.CheckConstraint(condition=Q(kind__in=["age", "tail"]), name="part_kind"),
        ]


class NumberIndex(models.Model):
    """A number that took part, as a blind index: what search and visibility compare. `listed_at` and `listed_id` are
    those of the recording's conversation: a page of a number is a range of one index."""

    id = models.BigAutoField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="numbers")
    value = models.BinaryField()
    listed_at = models.DateTimeField()
    listed_id = models.UUIDField()

    class Meta:
        indexes = [
            models.Index(fields=["value", "-listed_at", "-listed_id"], include=["recording"], name="number_list")
        ]
        constraints = [models.UniqueConstraint(fields=["value", "recording"], name="number_once")]


class Note(models.Model):
    """What somebody wrote about a recording, or about a moment of it (milliseconds from its first sound). `sealed` is
    the text, under the key of `epoch`. `instant`: it was written while the call ran, of that instant; then `moment_ms`
    counts from the call's beginning, for nobody knew yet where the sound begins."""

    id = models.UUIDField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="notes")
    moment_ms = models.PositiveIntegerField(null=True)
    instant = models.DateTimeField(null=True)
    epoch = models.ForeignKey(SealingEpoch, on_delete=models.PROTECT, related_name="+", db_index=False)
    sealed = models.BinaryField()
    by = models.UUIDField()
    at = models.DateTimeField()


class Tag(models.Model):
    """A word that somebody filed a recording under, or a moment of it: `value` is its blind index, `sealed` the word.
    `instant` as in Note, `listed_at` and `listed_id` as in NumberIndex."""

    id = models.UUIDField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="tags")
    moment_ms = models.PositiveIntegerField(null=True)
    instant = models.DateTimeField(null=True)
    value = models.BinaryField()
    epoch = models.ForeignKey(SealingEpoch, on_delete=models.PROTECT, related_name="+", db_index=False)
    sealed = models.BinaryField()
    by = models.UUIDField()
    at = models.DateTimeField()
    listed_at = models.DateTimeField()
    listed_id = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["value", "-listed_at", "-listed_id"], include=["recording"], name="tag_list")]
        constraints = [
            models.UniqueConstraint(fields=["recording", "value", "moment_ms"], name="tag_once", nulls_distinct=False)
        ]


class WordIndex(models.Model):
    """A word of a party's name, or of a note, as a blind index (each kind has a key of its own). `listed_at` and
    `listed_id` as in NumberIndex."""

    id = models.BigAutoField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="words")
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="words", null=True)
    value = models.BinaryField()
    listed_at = models.DateTimeField()
    listed_id = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["value", "-listed_at", "-listed_id"], include=["recording"], name="word_list")]
        constraints = [
            models.UniqueConstraint(fields=["recording", "value", "note"], name="word_once", nulls_distinct=False)
        ]


class BulkDeed(models.Model):
    """One deed with many recordings: `deed` is tag or delete, `value` and `sealed` are the tag, `done` and `kept` what
    came of those that were looked at."""

    id = models.UUIDField(primary_key=True)
    key = models.CharField(max_length=100, unique=True)
    deed = models.CharField(max_length=8)
    by = models.UUIDField()
    at = models.DateTimeField()
    recordings = ArrayField(models.UUIDField())
    value = models.BinaryField()
    epoch = models.ForeignKey(SealingEpoch, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    sealed = models.BinaryField()
    done = models.IntegerField()
    kept = models.JSONField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(deed__in=["tag", "delete"]), name="bulk_deed")]


class Rendition(models.Model):
    """A sealed file made from the original; `size` is that of the clear content, `sha256` of the sealed bytes."""

    id = models.BigAutoField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="renditions")
    kind = models.CharField(max_length=8)
    media_type = models.TextField()
    object_key = models.TextField(unique=True)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    evidence_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recording", "kind"], name="rendition_kind"),
            models.CheckConstraint(condition=Q(kind__in=["mp3", "wav", "peaks"]), name="rendition_known"),
        ]


class LiveCall(models.Model):
    """A call that is being recorded; stale when its recorder has not spoken of it for some seconds. `over_at`: it has
    ended, and waits for its rows."""

    recording_id = models.UUIDField(primary_key=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    direction = models.CharField(max_length=8)
    trunk_name = models.TextField()
    epoch_id = models.UUIDField()
    wrapped = models.BinaryField()
    sealed = models.BinaryField()
    number_indexes = ArrayField(models.BinaryField())
    streams = models.IntegerField()
    packets = models.BigIntegerField()
    bytes = models.BigIntegerField()
    on_hold = models.BooleanField()
    mode = models.CharField(max_length=10, default="always")
    state = models.CharField(max_length=10, default="recording")
    resumes_at = models.DateTimeField(null=True)
    over_at = models.DateTimeField(null=True)
    steering = models.JSONField(null=True)


class LiveTold(models.Model):
    """What was said of announcement or consent (`types.Told`) of a call that has no recording yet."""

    id = models.UUIDField(primary_key=True)
    recording_id = models.UUIDField(db_index=True)
    told = models.JSONField()
    at = models.DateTimeField()


class LiveRemark(models.Model):
    """A note (`value` None, `words` its blind indexes) or a tag (`value`) on a call that runs, at an `instant` of it or
    (None) on the whole; sealed as the Note or Tag that it becomes, of the same id, when the call is kept."""

    id = models.UUIDField(primary_key=True)
    recording_id = models.UUIDField(db_index=True)
    instant = models.DateTimeField(null=True)
    value = models.BinaryField(null=True)
    words = ArrayField(models.BinaryField(), default=list)
    epoch = models.ForeignKey(SealingEpoch, on_delete=models.PROTECT, related_name="+", db_index=False)
    sealed = models.BinaryField()
    by = models.UUIDField()
    at = models.DateTimeField()


class RecordingPolicy(models.Model):
    """One policy, in its `position`; what it means is in `policies.Policy`. `users`, `groups`: one of them takes part;
    `number_indexes` the blind indexes of one number; none of the three: whoever takes part."""

    id = models.UUIDField(primary_key=True)
    position = models.IntegerField()
    name = models.TextField()
    mode = models.CharField(max_length=10)
    users = ArrayField(models.UUIDField(), default=list)
    groups = ArrayField(models.UUIDField(), default=list)
    number_indexes = ArrayField(models.BinaryField(), default=list)
    match = models.JSONField()
    sampling = models.PositiveSmallIntegerField()
    announced = models.CharField(max_length=12)
    announced_name = models.TextField()
    refuse = models.BooleanField()
    auto_resume_seconds = models.PositiveIntegerField()
    notice = models.CharField(max_length=12, default="none")
    consent = models.CharField(max_length=10, default="not-needed")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["position"], name="policy_position", deferrable=models.Deferrable.DEFERRED),
            models.CheckConstraint(
                condition=Q(mode__in=["always", "never", "on-demand", "keep-live"]), name="policy_mode"
            ),
            models.CheckConstraint(condition=Q(sampling__lte=100), name="policy_sampling"),
            models.CheckConstraint(
                condition=Q(announced__in=["not-needed", "header", "extension"]), name="policy_announced"
            ),
            models.CheckConstraint(condition=Q(notice__in=["none", "tone", "announcement"]), name="policy_notice"),
            models.CheckConstraint(condition=Q(consent__in=["not-needed", "wanted", "needed"]), name="policy_consent"),
        ]


class CallWish(models.Model):
    """What somebody (`by`) wants of a running call; the recorder does it and says in `answer` what came of it."""

    id = models.UUIDField(primary_key=True)
    recording_id = models.UUIDField()
    deed = models.CharField(max_length=8)
    by = models.UUIDField()
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    answer = models.TextField(default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(deed__in=["pause", "resume", "start", "keep", "stop", "permit"]), name="wish_deed"
            )
        ]
        indexes = [models.Index(fields=["at"], name="wish_open", condition=Q(done_at=None))]


class Alarm(models.Model):
    """A call that should be recorded and is not, or is not heard. `key` says what is the matter: there is one open row
    of it, which counts the `calls`. `cleared_at`: it is over by itself. `acknowledged_by`: a user's id."""

    id = models.UUIDField(primary_key=True)
    key = models.TextField()
    cause = models.CharField(max_length=16)
    recording_id = models.UUIDField(null=True)
    trunk_id = models.UUIDField()
    trunk_name = models.TextField()
    clause = models.TextField()
    raised_at = models.DateTimeField()
    last_at = models.DateTimeField()
    calls = models.PositiveIntegerField(default=1)
    evidence_id = models.UUIDField()
    cleared_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.UUIDField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-raised_at", "-id"], name="alarm_newest")]
        constraints = [models.UniqueConstraint(fields=["key"], condition=Q(cleared_at=None), name="alarm_open_once")]


class ListeningRule(models.Model):
    """Whether whoever listens says why: the newest row holds. `by` is a user's id."""

    id = models.UUIDField(primary_key=True)
    rule = models.CharField(max_length=8)
    by = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rule__in=["off", "optional", "required"]), name="listening_rule_known")
        ]


class ListeningReason(models.Model):
    """Why somebody (`by`) listens to a recording: a word of a list, and a text under the key of `epoch`, if any."""

    id = models.UUIDField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="listened")
    by = models.UUIDField()
    at = models.DateTimeField()
    code = models.CharField(max_length=16)
    epoch = models.ForeignKey(SealingEpoch, on_delete=models.PROTECT, related_name="+", null=True)
    sealed = models.BinaryField(null=True)

    class Meta:
        indexes = [models.Index(fields=["recording", "by", "-at"], name="listening_who")]
