"""Accounts of a customer: hashing, lock-out, what somebody may see."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from tests.support.installation import PRODUCTION_MEMORY_COST

from parley.people import api as people
from parley.people.hashers import Argon2
from parley.people.models import SignInAttempts
from parley.sealing.api import blind_index, open_bytes
from parley.tenancy import api as tenancy

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
PASSWORD = "seven-quiet-lanterns"


@pytest.fixture
def anna(customer: tenancy.Customer) -> people.User:
    return people.create_user(email="Anna@Example.org", name="Anna B", password=PASSWORD, role="user")


def _sign_in(
    password: str, *, email: str = "anna@example.org", address: str = "192.0.2.1", at: datetime = NOW
) -> people.User:
    return people.authenticate(email=email, password=password, address=address, at=at)


def test_the_right_password_signs_in_whatever_the_case_of_the_address(anna: people.User) -> None:
    assert _sign_in(PASSWORD, email=" ANNA@example.ORG ").pk == anna.pk


def test_the_password_is_stored_as_argon2id(customer: tenancy.Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Argon2, "memory_cost", PRODUCTION_MEMORY_COST)
    anna = people.create_user(email="anna@example.org", name="Anna B", password=PASSWORD, role="user")
    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM people_user WHERE id = %s", [anna.id])
        stored = cursor.fetchone()[0]
    assert stored.startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")
    assert PASSWORD not in stored


def test_five_failures_lock_the_account_also_for_the_right_password(anna: people.User) -> None:
    for number in range(5):
        with pytest.raises(people.SignInRefused):
            _sign_in("wrong-password-here", address=f"192.0.2.{number}")
    with pytest.raises(people.SignInLocked) as refusal:
        _sign_in(PASSWORD, address="192.0.2.200", at=NOW + timedelta(minutes=10))
    assert refusal.value.minutes == 5
    assert _sign_in(PASSWORD, at=NOW + timedelta(minutes=15)).pk == anna.pk


def test_success_forgets_the_failures_before(anna: people.User) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(people.SignInRefused):
                _sign_in("wrong-password-here")
        assert _sign_in(PASSWORD).pk == anna.pk


def test_one_address_that_tries_many_accounts_is_locked(anna: people.User) -> None:
    for number in range(20):
        with pytest.raises(people.SignInRefused):
            _sign_in("wrong-password-here", email=f"nobody{number}@example.org")
    with pytest.raises(people.SignInLocked):
        _sign_in(PASSWORD)
    assert _sign_in(PASSWORD, address="192.0.2.2").pk == anna.pk


def test_an_unknown_account_is_refused_in_the_same_words(anna: people.User) -> None:
    with pytest.raises(people.SignInRefused) as unknown:
        _sign_in(PASSWORD, email="nobody@example.org")
    with pytest.raises(people.SignInRefused) as wrong:
        _sign_in("wrong-password-here")
    assert str(unknown.value) == str(wrong.value)


def test_an_inactive_account_cannot_sign_in(anna: people.User) -> None:
    people.User.objects.filter(pk=anna.pk).update(is_active=False)
    with pytest.raises(people.SignInRefused):
        _sign_in(PASSWORD)


def test_attempts_are_counted_without_storing_the_address(anna: people.User) -> None:
    with pytest.raises(people.SignInRefused):
        _sign_in("wrong-password-here", address="192.0.2.77")
    assert SignInAttempts.objects.count() == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT people_signinattempts::text FROM people_signinattempts")
        rows = str(cursor.fetchall())
    assert "192.0.2.77" not in rows
    assert b"192.0.2.77".hex() not in rows


def test_an_account_of_one_customer_does_not_exist_for_another(
    anna: people.User, make_customer: Callable[..., tenancy.Customer]
) -> None:
    with tenancy.scope(make_customer()), pytest.raises(people.SignInRefused):
        _sign_in(PASSWORD)


@pytest.mark.parametrize("password", ["short", "password1234", "anna@example.org"])
def test_a_weak_password_is_refused_with_a_reason(customer: tenancy.Customer, password: str) -> None:
    with pytest.raises(people.AccountRefused) as refusal:
        people.create_user(email="anna@example.org", name="Anna B", password=password, role="user")
    assert refusal.value.remedy


def test_operators_belong_to_the_provider_and_nobody_else_does(customer: tenancy.Customer) -> None:
    with pytest.raises(people.AccountRefused):
        people.create_user(email="op@example.org", name="Op", password=PASSWORD, role="operator")
    with tenancy.scope(tenancy.provider()), pytest.raises(people.AccountRefused):
        people.create_user(email="op@example.org", name="Op", password=PASSWORD, role="administrator")


def test_what_each_role_may_see(customer: tenancy.Customer) -> None:
    def user(name: str, role: people.Role, numbers: tuple[str, ...] = (), groups: tuple[str, ...] = ()) -> people.User:
        return people.create_user(
            email=f"{name}@example.org", name=name, password=PASSWORD, role=role, numbers=numbers, groups=groups
        )

    def index(number: str) -> bytes:
        key = tenancy.keyring().index_key(customer, "number")
        return blind_index(key, field="number", value=number)

    dario = user("dario", "user", ("0584 943 232", "+39 0584 943299"), ("sales",))
    elena = user("elena", "user", ("+390584943233",), ("support",))
    frida = user("frida", "supervisor", ("+390584943234",), ("sales",))
    sales = {index("+390584943232"), index("+390584943299"), index("+390584943234")}
    assert people.viewer(user("carla", "compliance")).number_indexes is None
    assert people.viewer(user("berta", "administrator")).number_indexes is None
    assert people.viewer(dario).number_indexes == {index("+390584943232"), index("+390584943299")}
    assert people.viewer(elena).number_indexes == {index("+390584943233")}
    assert people.viewer(frida).number_indexes == sales
    sealed = bytes(elena.numbers.get().sealed)
    assert open_bytes(sealed, tenancy.keyring().identities(customer)) == b"+390584943233"
