"""Whose calls somebody sees: levels, groups, additions, closed accounts; what it may do with them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from tests.support.left_evidence import trail

from parley.people import api as people
from parley.people.models import Addition, UserNumber
from parley.tenancy import api as tenancy

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
BY = UUID(int=7)


@pytest.fixture(scope="module")
def office(make_customer, django_db_blocker: object) -> Iterator[tenancy.Customer]:  # type: ignore[no-untyped-def]
    """Two groups, a supervisor of one, people in each and one in none; shared by the module."""
    with django_db_blocker.unblock(), tenancy.scope(made := make_customer()):  # type: ignore[attr-defined]
        for name, role, groups in (
            ("sam", "supervisor", ["sales"]), ("dario", "user", ["sales"]), ("elena", "user", ["support"]),
            ("frida", "user", ["support", "sales"]), ("gino", "user", []), ("carla", "administrator", []),
        ):  # fmt: skip
            people.create_user(
                email=f"{name}@example.org", name=name.title(), password=None, role=role, groups=groups,  # type: ignore[arg-type]  # the table's words
                numbers=[f"+39058494320{len(name)}{ord(name[0]) % 10}"],
            )  # fmt: skip
        yield made


def person(name: str) -> people.User:
    return people.User.objects.get(email=f"{name}@example.org")


def sees(name: str) -> set[str]:
    """The names of whose numbers somebody sees."""
    indexes = people.viewer(person(name)).number_indexes
    assert indexes is not None
    return {
        one.split()[0]
        for one in UserNumber.objects.filter(number_index__in=indexes).values_list("user__name", flat=True)
    }


def ids(*names: str) -> list[UUID]:
    return [person(name).id for name in names]


def test_levels_see_own_calls_those_of_groups_or_all(office: tenancy.Customer) -> None:
    assert sees("dario") == {"Dario"}
    assert sees("sam") == {"Sam", "Dario", "Frida"}
    assert people.viewer(person("carla")).number_indexes is None
    people.set_level(person("sam").id, level="complete", may_download=False, may_delete=False, by=BY, at=NOW)
    seen = people.viewer(person("sam"))
    assert seen.number_indexes is None
    assert not seen.oversees
    assert not seen.may_delete
    people.set_level(person("sam").id, level="group", may_download=False, may_delete=True, by=BY, at=NOW)
    assert people.viewer(person("sam")).may_delete


def test_whoever_is_in_no_group_is_seen_by_itself_and_by_those_who_see_all(office: tenancy.Customer) -> None:
    assert all("Gino" not in sees(name) for name in ("sam", "dario", "elena", "frida"))
    assert sees("gino") == {"Gino"}


def test_calls_of_closed_accounts_stay_visible_to_whoever_saw_them(office: tenancy.Customer) -> None:
    people.set_active(person("frida").id, active=False, by=BY, at=NOW)
    try:
        assert sees("sam") == {"Sam", "Dario", "Frida"}
        with pytest.raises(people.AccountRefused) as refusal:
            people.give_number(
                person("gino").id, "+390584943205" + str(ord("f") % 10), kind="did", region="IT", by=BY, at=NOW
            )
        assert "closed account" in str(refusal.value)
    finally:
        people.set_active(person("frida").id, active=True, by=BY, at=NOW)


def test_people_are_given_a_group_or_a_person_to_see_and_lose_them_again(office: tenancy.Customer) -> None:
    support = people.Group.objects.get(name="support").id
    people.set_given(person("dario").id, groups=[support], people=ids("gino"), by=BY, at=NOW)
    assert sees("dario") == {"Dario", "Elena", "Frida", "Gino"}
    people.set_given(person("dario").id, groups=[], people=ids("gino"), by=BY, at=NOW)
    assert sees("dario") == {"Dario", "Gino"}
    people.set_given(person("dario").id, groups=[], people=[], by=BY, at=NOW)
    assert sees("dario") == {"Dario"}
    with pytest.raises(people.AccountRefused):
        people.set_given(person("dario").id, groups=[], people=ids("dario"), by=BY, at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Addition.objects.create(id=UUID(int=1), user=person("dario"), person=person("dario"))


def test_recorded_only_sees_nothing_but_what_it_was_given(office: tenancy.Customer) -> None:
    people.decide(own_visible=False, own_download=False, factor_roles=[], by=BY, at=NOW)
    try:
        assert sees("dario") == set()
        assert not people.viewer(person("dario")).may_download
        people.set_given(person("dario").id, groups=[], people=ids("elena"), by=BY, at=NOW)
        assert sees("dario") == {"Elena"}
        assert sees("sam") == {"Sam", "Dario", "Frida"}
        assert people.viewer(person("sam")).may_download
    finally:
        people.set_given(person("dario").id, groups=[], people=[], by=BY, at=NOW)
        people.decide(own_visible=True, own_download=True, factor_roles=[], by=BY, at=NOW)


def test_numbers_of_users_and_of_groups(office: tenancy.Customer) -> None:
    support = people.Group.objects.get(name="support").id
    found = people.number_indexes(users=ids("gino"), groups=[support])
    names = UserNumber.objects.filter(number_index__in=found).values_list("user__name", flat=True)
    assert set(names) == {"Gino", "Elena", "Frida"}
    assert people.number_indexes() == frozenset()


def test_administrators_level_is_that_of_their_role(office: tenancy.Customer) -> None:
    with pytest.raises(people.AccountRefused):
        people.set_level(person("carla").id, level="own", may_download=False, may_delete=False, by=BY, at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        people.User.objects.filter(pk=person("carla").id).update(level="own")


def test_a_name_at_the_pbx_is_what_stands_before_its_host(office: tenancy.Customer) -> None:
    """RFC 7866: the user part of a SIP address is what a recording client names."""
    people.give_number(person("gino").id, "Gino.Gallo@corp.example", kind="pbx-name", region=None, by=BY, at=NOW)
    from parley.recordings.api import number_indexes

    assert set(number_indexes("gino.gallo")) <= people.number_indexes(users=ids("gino"))
    assert people.find("gino.gallo@corp.example").lines[0].name == "Gino"


def test_evidence_of_deeds_names_nobody(office: tenancy.Customer) -> None:
    gino = person("gino").id
    people.set_level(gino, level="group", may_download=True, may_delete=False, by=BY, at=NOW)
    people.set_given(gino, groups=[], people=ids("elena"), by=BY, at=NOW)
    people.decide(own_visible=True, own_download=False, factor_roles=["compliance"], by=BY, at=NOW)
    entries = trail()
    kinds = {entry.kind for entry in entries}
    assert {"person.created", "person.level-changed", "person.sight-changed", "people.settings-changed"} <= kinds
    assert not any(word in str([entry.details for entry in entries]) for word in ("example.org", "Dario", "0584"))
