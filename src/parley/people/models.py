"""Accounts, groups, numbers, second factors, sessions, sign-on elsewhere: tables of every customer's database."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import F, Q

from parley.people.types import LEVELS, NUMBER_KINDS, ROLES, SEES_ALL, SIGN_ON_CLAIMS


class UserManager(BaseUserManager["User"]):
    """Finds accounts the way Django's authentication asks for them."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class Group(models.Model):
    """People whose calls a supervisor of the same group may see."""

    id = models.UUIDField(primary_key=True)
    name = models.TextField(unique=True)


class User(AbstractBaseUser):
    """Somebody who may sign in. `groups` are all it belongs to, `main_group` the one that it is listed under.

    `level` is whose calls it sees (own, those of its groups, all); `may_download` and `may_delete` are what it may
    beyond its level and role, `sees` (Addition) whom it sees beyond its level.
    """

    id = models.UUIDField(primary_key=True)
    email = models.EmailField(unique=True)
    name = models.TextField()
    role = models.CharField(max_length=16)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    groups = models.ManyToManyField(Group, related_name="members")
    main_group = models.ForeignKey(Group, null=True, on_delete=models.SET_NULL, related_name="+")
    level = models.CharField(max_length=8, default="own")
    may_download = models.BooleanField(default=False)
    may_delete = models.BooleanField(default=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        indexes = [models.Index(fields=["name", "id"], name="user_by_name")]
        constraints = [
            models.CheckConstraint(condition=Q(role__in=ROLES), name="user_role"),
            models.CheckConstraint(condition=~Q(password=""), name="user_password"),
            models.CheckConstraint(condition=Q(level__in=LEVELS), name="user_level"),
            models.CheckConstraint(
                condition=~Q(role__in=sorted(SEES_ALL)) | Q(level="complete"), name="user_level_of_role"
            ),
        ]


class UserNumber(models.Model):
    """A match key of a user: a telephone number, an extension or a name at the PBX. A blind index to compare with the
    parties of calls, and the text sealed to the customer."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="numbers")
    number_index = models.BinaryField(unique=True)
    sealed = models.BinaryField()
    kind = models.CharField(max_length=10, default="did")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=NUMBER_KINDS), name="user_number_kind")]


class Addition(models.Model):
    """Whom a person sees beyond its level: everybody of `group`, or `person`."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sees")
    group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="seen_by")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(group__isnull=True) ^ Q(person__isnull=True), name="addition_group_or_person"
            ),
            models.CheckConstraint(condition=Q(person__isnull=True) | ~Q(person=F("user")), name="addition_of_another"),
            models.UniqueConstraint(fields=["user", "group"], name="addition_group_once"),
            models.UniqueConstraint(fields=["user", "person"], name="addition_person_once"),
        ]


class PeopleSettings(models.Model):
    """What the customer decided for all its people; one row. `own_visible`: whether those of level own see the calls
    that they took part in; `factor_roles`: whose sign-in needs a second factor; `notice_letters`: what letters about
    new recordings may say (`notices.LETTERS`)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    own_visible = models.BooleanField(default=True)
    own_download = models.BooleanField(default=True)
    factor_roles = ArrayField(models.CharField(max_length=16), default=list)
    notice_letters = models.CharField(max_length=8, default="plain")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="people_settings_once"),
            models.CheckConstraint(
                condition=Q(notice_letters__in=["off", "plain", "named"]), name="people_notice_letters"
            ),
        ]


class UserImport(models.Model):
    """A list of people as it was uploaded, sealed under the keyring, until it is imported, dropped or a day old."""

    id = models.UUIDField(primary_key=True)
    made_by = models.UUIDField()
    made_at = models.DateTimeField()
    sealed = models.BinaryField()


class SignInAttempts(models.Model):
    """Failures in a row by account or by address; which one, only the holder of the index key can tell."""

    subject = models.BinaryField(primary_key=True)
    failures = models.PositiveSmallIntegerField()
    last = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)


class SignIn(models.Model):
    """A session of somebody: since when, from about where, with which browser, proved by what. Goes with the session.

    `place` is a network, not an address (the first 24 bits, of IPv6 48); `means` is a key of `types.MEANS`.
    """

    id = models.UUIDField(primary_key=True)
    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="sign_in")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    place = models.TextField()
    browser = models.TextField()
    means = models.CharField(max_length=16)


class OneTimeCodes(models.Model):
    """The secret of somebody's one-time codes (RFC 6238), sealed under the keyring. `last_step` is the time step of
    the last code that was taken: none is taken twice. Unconfirmed ones sign nobody in."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="one_time_codes")
    sealed = models.BinaryField()
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)


class RecoveryCode(models.Model):
    """A code that signs in once in place of a second factor: a keyed digest."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.BinaryField(unique=True)


class Passkey(models.Model):
    """A public key of somebody's device (WebAuthn). `rp_id` is the host it was made for."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    credential_id = models.BinaryField(unique=True)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField()
    name = models.TextField()
    rp_id = models.TextField()
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class SignOn(models.Model):
    """An OpenID provider of the customer's: its people sign in there. `secret` is sealed under the keyring; `claim`
    names what an account is found by; `domains` are those whose addresses it may speak for."""

    id = models.UUIDField(primary_key=True)
    name = models.TextField()
    issuer = models.TextField(unique=True)
    client_id = models.TextField()
    secret = models.BinaryField()
    claim = models.CharField(max_length=20, default="email")
    domains = ArrayField(models.TextField())
    create_missing = models.BooleanField(default=False)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(claim__in=SIGN_ON_CLAIMS), name="sign_on_claim"),
            models.CheckConstraint(condition=~Q(domains=[]), name="sign_on_domains"),
        ]


class ExternalIdentity(models.Model):
    """Which account a subject of an OpenID provider is; the subject as a blind index."""

    id = models.BigAutoField(primary_key=True)
    sign_on = models.ForeignKey(SignOn, on_delete=models.CASCADE, related_name="identities")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    subject_index = models.BinaryField()
    linked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sign_on", "subject_index"], name="external_identity_once")]


class SavedSearch(models.Model):
    """What somebody looks for again and again: `sealed` is its name and the address's query, under the key that is
    `wrapped`. `shared`: the customer's other people find it too."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="searches")
    at = models.DateTimeField()
    shared = models.BooleanField()
    sealed = models.BinaryField()
    wrapped = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="saved_search_shared", condition=Q(shared=True))]


class NoticeChoice(models.Model):
    """Somebody wants to be told of new recordings by e-mail: of its own calls, or of all that it may see. `told_at` is
    when the last letter was written."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="notice_choice")
    calls = models.CharField(max_length=4)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(calls__in=["own", "all"]), name="notice_choice_calls")]


class DueNotice(models.Model):
    """A recording that somebody is to be told of; `letter` is the message that tells it, until that has left."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="due_notices")
    recording = models.UUIDField(db_index=True)
    at = models.DateTimeField()
    letter = models.UUIDField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "recording"], name="due_notice_once")]
        indexes = [models.Index(fields=["letter"], name="due_notice_letter", condition=Q(letter__isnull=False))]
