"""Directories of contacts: who sees which, in which order, page by page, and whose goes with a user."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from tests.support.contact_book import NOW, ROSSI, add, found

from parley.contacts import api as contacts
from parley.contacts.api import NewContact, Number
from parley.inventory.api import Subject
from parley.people.api import Group, Viewer


def test_who_sees_what(public: UUID) -> None:
    owner, stranger, head = (_viewer(role) for role in ("user", "user", "administrator"))
    group = Group.objects.create(id=uuid4(), name="Sales")
    personal = contacts.personal_directory(owner.user_id, at=NOW)
    assert contacts.personal_directory(owner.user_id, at=NOW).id == personal.id
    sales = contacts.add_directory(kind="department", name="Sales", group_id=group.id, by="test", at=NOW)
    secret = add(personal.id, NewContact(given="Secret", numbers=(Number(value="+390584111111"),)))
    add(sales.id, NewContact(given="Lead"))
    add(public, NewContact(given="Known"))
    assert [one.kind for one in contacts.directories(viewer=owner)] == ["personal", "public"]
    assert [one.kind for one in contacts.directories(viewer=head)] == ["department", "public"]
    assert found("secret", viewer=owner) == ["Secret"]
    assert found("secret", viewer=stranger) == found("secret", viewer=head) == []
    assert found("lead", viewer=head) == ["Lead"]
    assert found("lead", viewer=stranger) == []
    assert contacts.lookup("+390584111111", viewer=stranger) is None
    with pytest.raises(contacts.NoSuchContact):
        contacts.get(secret, viewer=stranger)
    with pytest.raises(contacts.NoSuchDirectory):
        contacts.listing(directory=personal.id, viewer=head)
    with pytest.raises(contacts.MayNotChange):
        contacts.add(ROSSI, directory=public, by="test", at=NOW, viewer=stranger)
    contacts.add(ROSSI, directory=public, by="test", at=NOW, viewer=head)
    contacts.change_directory(public, name="All", members_change=True, by="test", at=NOW)
    contacts.add(ROSSI, directory=public, by="test", at=NOW, viewer=stranger)


def _viewer(role: Any) -> Viewer:
    return Viewer(user_id=uuid4(), role=role, number_indexes=None)


def test_directories_are_kept_in_order(public: UUID) -> None:
    with pytest.raises(contacts.ContactRefused, match="of that name"):
        contacts.add_directory(kind="public", name="Everybody", by="test", at=NOW)
    contact = add(public)
    with pytest.raises(contacts.ContactRefused, match="has contacts"):
        contacts.remove_directory(public, by="test", at=NOW)
    other = contacts.add_directory(kind="public", name="Other", by="test", at=NOW)
    assert contacts.move([contact], directory=other.id, by="test", at=NOW) == 1
    assert [one.contacts for one in contacts.directories(count=True)] == [0, 1]
    contacts.remove_directory(public, by="test", at=NOW)
    with pytest.raises(contacts.NoSuchDirectory):
        add(public)
    with transaction.atomic(), pytest.raises(contacts.NoSuchDirectory):
        add(public)
    contacts.set_custom_fields([contacts.CustomField(key="vat", label="VAT id")], by="test", at=NOW)
    assert [one.label for one in contacts.custom_fields()] == ["VAT id"]


def test_pages_of_a_list_cover_it_once(public: UUID) -> None:
    for number in range(7):
        add(public, NewContact(given=f"N{number}"), at=NOW + timedelta(seconds=number // 2))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = contacts.listing(directory=public, limit=3, cursor=cursor)
        seen += [line.name for line in page.lines]
        if (cursor := page.cursor) is None:
            break
    assert sorted(seen) == [f"N{number}" for number in range(7)]
    assert seen[0] == "N6"


def test_a_user_that_goes_takes_its_personal_directory(public: UUID) -> None:
    user = uuid4()
    personal = contacts.personal_directory(user, at=NOW)
    contact = add(personal.id)
    held = contacts.STORE.find(Subject(user_ids=(user,)))
    assert [(one.kind, one.id) for one in held] == [("directory", personal.id)]
    contacts.STORE.erase([personal.id])
    assert contacts.STORE.present([personal.id, contact]) == frozenset()
