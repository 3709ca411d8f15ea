"""Accounts: making and changing them, inviting people, closing and opening again."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from parley.foundation.ids import new_id
from parley.people.errors import AccountRefused
from parley.people.evidence import leave
from parley.people.groups import group_named
from parley.people.models import SignIn, User
from parley.people.numbers import add_number
from parley.people.sign_ins import end_all
from parley.people.types import LEVEL_OF, ROLES, STRONG, NumberKind, Role
from parley.people.visibility import settings
from parley.tenancy.api import Customer, NewUser, current

MOST_NAME = 200
MOST_ADDRESS = 254
"""Characters of an e-mail address (RFC 5321, erratum 1690)."""


def create_user(
    *,
    email: str,
    name: str,
    password: str | None,
    role: Role,
    numbers: Iterable[str] = (),
    groups: Iterable[str] = (),
    region: str | None = "IT",
    keys: Iterable[tuple[NumberKind, str]] = (),
    by: UUID | None = None,
) -> User:
    """A new account of the customer in scope; groups are made as needed. `by` is whoever makes it, None: the service.

    Without a `password` nobody signs in before a link of `invite` was followed. `numbers` are the user's own telephone
    numbers, `keys` further match keys, `region` the ISO country of those without one; the first of `groups` is the main
    one. Leaves evidence. Raises AccountRefused.
    """
    check_role(role, current())
    user = new_account(email=email, name=name, role=role, at=timezone.now())
    if password is not None:
        check_password_of(user, password)
        user.password = make_password(password)
    try:
        with transaction.atomic():
            joined = [group_named(name) for name in groups]
            user.main_group = joined[0] if joined else None
            user.save(force_insert=True)
            for kind, value in (*(("did", number) for number in numbers), *keys):
                add_number(user, value, kind=kind, region=region)
            user.groups.set(joined)
            leave("person.created", at=user.created_at, person=str(user.id), role=role, **_done_by(by))
    except IntegrityError as error:
        raise AccountRefused(
            "the e-mail address belongs to somebody already", remedy="Use another, or change that account."
        ) from error
    return user


def new_account(*, email: str, name: str, role: Role, at: datetime) -> User:
    """An account that is not saved and has no usable password. Raises AccountRefused."""
    address, name = checked_person(email, name)
    return User(
        id=new_id(at=at), email=address, name=name, role=role, level=LEVEL_OF[role], created_at=at,
        password=make_password(None),
    )  # fmt: skip


def checked_person(email: str, name: str) -> tuple[str, str]:
    """Address and name as they are kept. Raises AccountRefused."""
    address, name = email.strip().lower(), " ".join(name.split())
    try:
        validate_email(address)
    except ValidationError as error:
        raise AccountRefused("the e-mail address is not one", remedy="Write it as name@example.org.") from error
    if len(address) > MOST_ADDRESS:
        raise AccountRefused("the e-mail address is too long", remedy=f"It has at most {MOST_ADDRESS} characters.")
    if not name or len(name) > MOST_NAME:
        raise AccountRefused("an account needs a name", remedy=f"Give one of at most {MOST_NAME} characters.")
    return address, name


def create_administrator(new: NewUser) -> User:
    """The first person of a new customer (tenancy's `enrol_with`)."""
    return create_user(email=new.email, name=new.name, password=new.password, role="administrator")


def change_role(user_id: UUID, *, role: Role, by: UUID, at: datetime) -> User:
    """The account has `role` from now on, and the level that comes with it; leaves evidence. Raises AccountRefused.

    Where the role needs a second factor, sessions that began without one end.
    """
    check_role(role, current())
    with transaction.atomic():
        user = account(user_id)
        if user.role != role:
            before, user.role, user.level = user.role, role, LEVEL_OF[role]
            user.save(update_fields=["role", "level"])
            _keep_an_administrator()
            leave("person.role-changed", at=at, person=str(user.id), before=before, role=role, user=str(by))
            if role in settings().factor_roles:
                end_all(SignIn.objects.filter(user=user).exclude(means__in=STRONG), by=by, at=at)
    return user


def rename(user_id: UUID, *, name: str, by: UUID, at: datetime) -> User:
    """The account has another name; leaves evidence, without it. Raises AccountRefused."""
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME:
        raise AccountRefused("an account needs a name", remedy=f"Give one of at most {MOST_NAME} characters.")
    with transaction.atomic():
        user = account(user_id)
        if user.name != name:
            user.name = name
            user.save(update_fields=["name"])
            leave("person.changed", at=at, person=str(user.id), what="name", user=str(by))
    return user


def set_active(user_id: UUID, *, active: bool, by: UUID, at: datetime) -> User:
    """Close an account (its sessions end with it), or open it again; leaves evidence. Raises AccountRefused.

    A closed account keeps its numbers and groups: whoever saw its calls still does.
    """
    with transaction.atomic():
        user = account(user_id)
        if user.is_active != active:
            user.is_active = active
            user.save(update_fields=["is_active"])
            _keep_an_administrator()
            kind = "person.opened" if active else "person.closed"
            leave(kind, at=at, person=str(user.id), role=user.role, user=str(by))
    return user


def accounts() -> list[User]:
    """Every account of the customer in scope, closed ones too, by name."""
    return list(User.objects.order_by("name", "id"))


def by_id(user_id: UUID) -> User | None:
    """The active account of that id of the customer in scope."""
    return User.objects.filter(pk=user_id, is_active=True).first()


def account(user_id: UUID) -> User:
    """The account, locked in the caller's transaction. Raises AccountRefused."""
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise AccountRefused("there is no such account", remedy="Load the page again.")
    return user


def check_role(role: str, customer: Customer) -> None:
    """Raises AccountRefused for a role that does not belong here."""
    if role not in ROLES or (role == "operator") != (customer.kind == "provider"):
        raise AccountRefused(
            f"there is no role {role!r} here", remedy="Operators belong to the provider, others to customers."
        )


def check_password_of(user: User, password: str) -> None:
    """Raises AccountRefused for a password that is too weak for `user`."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise AccountRefused("the password is too weak", remedy=" ".join(error.messages)) from error


def _keep_an_administrator() -> None:
    """Somebody must be left who lets people in: the customer's administrator, the provider's operator."""
    if not User.objects.filter(is_active=True, role__in=("administrator", "operator")).exists():
        raise AccountRefused(
            "nobody would be left who lets people in", remedy="Make somebody else an administrator first."
        )


def _done_by(by: UUID | None) -> dict[str, str]:
    return {"user": str(by)} if by else {}
