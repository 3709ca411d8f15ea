"""Accounts: making them, their numbers and groups, signing in, what somebody may see."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from parley.foundation.ids import new_id
from parley.foundation.numbers import canonical_number
from parley.people.errors import AccountRefused, SignInLocked, SignInRefused
from parley.people.evidence import leave
from parley.people.models import Group, SignInAttempts, User, UserNumber
from parley.people.rules import ACCOUNT_FAILURES, ADDRESS_FAILURES, FORGOTTEN_AFTER, Attempts, after_failure
from parley.people.types import ROLES, SEES_ALL, Role, Viewer
from parley.sealing.api import blind_index, seal_bytes
from parley.tenancy.api import Customer, NewUser, current, keyring

_KEPT = timedelta(days=1)


def create_user(
    *,
    email: str,
    name: str,
    password: str,
    role: Role,
    numbers: Iterable[str] = (),
    groups: Iterable[str] = (),
    region: str = "IT",
    by: UUID | None = None,
) -> User:
    """A new account of the customer in scope; groups are made as needed. `by` is whoever makes it, None: the service.

    `numbers` are the user's own telephone numbers, `region` the ISO country of others. Leaves evidence. Raises
    AccountRefused.
    """
    customer = current()
    address = email.strip().lower()
    _check_role(role, customer)
    user = User(id=new_id(at=timezone.now()), email=address, name=name.strip(), role=role, created_at=timezone.now())
    try:
        validate_email(address)
        validate_password(password, user)
    except ValidationError as error:
        raise AccountRefused("the account cannot be made", remedy=" ".join(error.messages)) from error
    user.password = make_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            for number in numbers:
                _add_number(user, number, customer=customer, region=region)
            user.groups.set([_group(name) for name in groups])
            leave("person.created", at=user.created_at, person=str(user.id), role=role, **_done_by(by))
    except IntegrityError as error:
        raise AccountRefused(
            "the e-mail address or a number belongs to somebody already", remedy="Use another, or change that account."
        ) from error
    return user


def create_administrator(new: NewUser) -> User:
    """The first person of a new customer (tenancy's `enrol_with`)."""
    return create_user(email=new.email, name=new.name, password=new.password, role="administrator")


def change_role(user_id: UUID, *, role: Role, by: UUID, at: datetime) -> User:
    """The account has `role` from now on; leaves evidence. Raises AccountRefused."""
    _check_role(role, current())
    with transaction.atomic():
        user = _account(user_id)
        if user.role != role:
            before, user.role = user.role, role
            user.save(update_fields=["role"])
            _keep_an_administrator()
            leave("person.role-changed", at=at, person=str(user.id), before=before, role=role, user=str(by))
    return user


def set_active(user_id: UUID, *, active: bool, by: UUID, at: datetime) -> User:
    """Close an account (its sessions end with it), or open it again; leaves evidence. Raises AccountRefused."""
    with transaction.atomic():
        user = _account(user_id)
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


def authenticate(*, email: str, password: str, address: str, at: datetime) -> User:
    """The account of the customer in scope that `email` and `password` belong to.

    `address` is where the attempt comes from. Raises SignInRefused, and SignInLocked after too many failures in a row
    of the account (5) or from the address (20), known or not: for 15 minutes the right password does not help either.
    """
    account_subject = _subject("account", email.strip().lower())
    address_subject = _subject("address", address)
    _refuse_when_locked((account_subject, address_subject), now=at)
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is None:
        make_password(password)  # as slow as a check: the time does not tell which accounts exist
    elif check_password(password, user.password):
        SignInAttempts.objects.filter(subject=account_subject).delete()
        User.objects.filter(pk=user.pk).update(last_login=at)
        return user
    _count_failure(account_subject, limit=ACCOUNT_FAILURES, now=at, about={"of": "account", **_person(user)})
    _count_failure(address_subject, limit=ADDRESS_FAILURES, now=at, about={"of": "address"})
    raise SignInRefused


def viewer(user: User) -> Viewer:
    """What `user` may see: all, the numbers of the groups it supervises, or its own."""
    role: Role = next(known for known in ROLES if known == user.role)
    if role in SEES_ALL:
        return Viewer(user_id=user.id, role=role, number_indexes=None)
    numbers = UserNumber.objects.filter(user=user)
    if role == "supervisor":
        numbers = numbers | UserNumber.objects.filter(user__groups__members=user)
    indexes = frozenset(bytes(index) for index in numbers.values_list("number_index", flat=True))
    return Viewer(user_id=user.id, role=role, number_indexes=indexes)


def by_id(user_id: UUID) -> User | None:
    """The active account of that id of the customer in scope."""
    return User.objects.filter(pk=user_id, is_active=True).first()


def _add_number(user: User, number: str, *, customer: Customer, region: str) -> None:
    canonical = canonical_number(number, region)
    UserNumber.objects.create(
        id=new_id(at=timezone.now()),
        user=user,
        number_index=blind_index(keyring().index_key(customer, "number"), field="number", value=canonical),
        sealed=seal_bytes(canonical.encode(), customer.recipients),
    )


def _check_role(role: str, customer: Customer) -> None:
    if role not in ROLES or (role == "operator") != (customer.kind == "provider"):
        raise AccountRefused(
            f"there is no role {role!r} here", remedy="Operators belong to the provider, others to customers."
        )


def _account(user_id: UUID) -> User:
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise AccountRefused("there is no such account", remedy="Load the page again.")
    return user


def _keep_an_administrator() -> None:
    """Somebody must be left who lets people in: the customer's administrator, the provider's operator."""
    if not User.objects.filter(is_active=True, role__in=("administrator", "operator")).exists():
        raise AccountRefused(
            "nobody would be left who lets people in", remedy="Make somebody else an administrator first."
        )


def _done_by(by: UUID | None) -> dict[str, str]:
    return {"user": str(by)} if by else {}


def _group(name: str) -> Group:
    return Group.objects.get_or_create(name=name, defaults={"id": new_id(at=timezone.now())})[0]


def _subject(kind: str, value: str) -> bytes:
    """Whose failures are counted, unreadable without the customer's key."""
    return blind_index(keyring().index_key(current(), "sign-in"), field=kind, value=value)


def _refuse_when_locked(subjects: tuple[bytes, ...], *, now: datetime) -> None:
    remaining = [_attempts(row).locked(now) for row in SignInAttempts.objects.filter(subject__in=subjects)]
    if longest := max((left for left in remaining if left is not None), default=None):
        raise SignInLocked(minutes=ceil(longest / timedelta(minutes=1)))


def _person(user: User | None) -> dict[str, str]:
    return {"person": str(user.id)} if user else {}


def _count_failure(subject: bytes, *, limit: int, now: datetime, about: Mapping[str, str]) -> None:
    """One more failure. Attempts at the same time wait for each other, so that none goes uncounted.

    A lock-out leaves evidence: whether an account or an address is locked, and whose account it is.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(subject[-8:], "big", signed=True)])
        row = SignInAttempts.objects.filter(subject=subject).first()
        after = after_failure(_attempts(row) if row else None, limit=limit, now=now)
        SignInAttempts.objects.update_or_create(
            subject=subject,
            defaults={"failures": after.failures, "last": after.last, "locked_until": after.locked_until},
        )
        if after.locked_until is not None:
            leave("person.locked-out", at=now, until=after.locked_until.isoformat(), **about)
    SignInAttempts.objects.filter(last__lt=now - max(_KEPT, FORGOTTEN_AFTER)).delete()


def _attempts(row: SignInAttempts) -> Attempts:
    return Attempts(failures=row.failures, last=row.last, locked_until=row.locked_until)
