"""The inventory: a field that nobody declared is found, and so is a declaration that cannot be right."""

from dataclasses import replace

import pytest
from django.db import models as orm

from parley.inventory.api import NotPersonal, PersonalData, personal, subjects, unclassified

NUMBER = PersonalData(
    model="directory.Contact",
    field="number",
    category="user.contact.phone_number",
    subject="customer",
    purpose="essential.service",
    retention="with-account",
    find_by="number-index",
    export="value",
    erase="delete-row",
)
KEY = NotPersonal(model="directory.Contact", field="id", why="a random identifier")
GROUPS = NotPersonal(model="directory.Contact_groups", field=("id", "contact", "group"), why="links of two random ids")
GROUP = NotPersonal(model="directory.Group", field=("id", "title"), why="the name of a team, not of a person")
COMPLETE = (NUMBER, KEY, GROUPS, GROUP)


@pytest.fixture(scope="module")
def models():
    class Group(orm.Model):
        title = orm.TextField()

        class Meta:
            app_label = "directory"

    class Contact(orm.Model):
        number = orm.TextField()
        groups = orm.ManyToManyField(Group)

        class Meta:
            app_label = "directory"

    class Shown(Contact):
        class Meta:
            app_label = "directory"
            proxy = True

    return [Group, Contact, Shown, Contact.groups.through]


def test_a_complete_table_leaves_nothing_to_say(models):
    assert unclassified(models, COMPLETE) == []


@pytest.mark.parametrize("missing", COMPLETE)
def test_a_field_that_no_table_mentions_is_named(models, missing):
    lines = unclassified(models, [row for row in COMPLETE if row is not missing])
    assert len(lines) == len(missing.fields)
    assert all(
        line.startswith(f"{missing.model}.{field}: undeclared")
        for line, field in zip(lines, missing.fields, strict=True)
    )


def test_a_field_declared_twice_is_named(models):
    assert unclassified(models, [*COMPLETE, replace(KEY, why="again")]) == [
        "directory.Contact.id: declared 2 times; keep one"
    ]


def test_a_declaration_without_a_model_or_field_is_named(models):
    lines = unclassified(models, [*COMPLETE, replace(KEY, model="directory.Contract"), replace(KEY, field="numbr")])
    assert lines == [
        'directory.Contract: declared, but there is no such model; did you mean "directory.Contact"?',
        'directory.Contact.numbr: declared, but the model stores no such field; did you mean "number"?',
    ]


@pytest.mark.parametrize(
    ("attribute", "word"),
    [
        ("category", "user.contact.phone"),
        ("subject", "martian"),
        ("purpose", "fun"),
        ("retention", "forever"),
        ("find_by", "luck"),
        ("export", "fax"),
        ("erase", "later"),
    ],
)
def test_a_word_that_the_taxonomy_does_not_know_is_named(models, attribute, word):
    lines = unclassified(models, [replace(NUMBER, **{attribute: word}), KEY, GROUPS, GROUP])
    assert len(lines) == 1
    assert lines[0].startswith(f'directory.Contact.number: {attribute} "{word}" is not known')


def test_a_reason_is_needed(models):
    lines = unclassified(models, [NUMBER, replace(KEY, why=" "), GROUPS, GROUP])
    assert lines == ["directory.Contact.id: NotPersonal needs a reason (why)"]


def test_personal_keeps_what_speaks_of_people():
    assert personal(COMPLETE) == (NUMBER,)
    assert "call_party" in subjects()
