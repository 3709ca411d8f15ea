"""Accounts, groups, numbers and attempts to sign in: tables of every customer's database."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from parley.people.types import ROLES


class UserManager(BaseUserManager["User"]):
    """Finds accounts the way Django's authentication asks for them."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class Group(models.Model):
    """People whose calls a supervisor of the same group may see."""

    id = models.UUIDField(primary_key=True)
    name = models.TextField(unique=True)


class User(AbstractBaseUser):
    """Somebody who may sign in."""

    id = models.UUIDField(primary_key=True)
    email = models.EmailField(unique=True)
    name = models.TextField()
    role = models.CharField(max_length=16)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    groups = models.ManyToManyField(Group, related_name="members")

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=ROLES), name="user_role"),
            models.CheckConstraint(condition=~Q(password=""), name="user_password"),
        ]


class UserNumber(models.Model):
    """A telephone number of a user: a blind index to compare with, and the number sealed to the customer."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="numbers")
    number_index = models.BinaryField(unique=True)
    sealed = models.BinaryField()


class SignInAttempts(models.Model):
    """Failures in a row by account or by address; which one, only the holder of the index key can tell."""

    subject = models.BinaryField(primary_key=True)
    failures = models.PositiveSmallIntegerField()
    last = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)
