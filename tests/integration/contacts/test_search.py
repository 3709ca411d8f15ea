"""Contacts are found as one types, and callers by their number, in a real database."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from tests.support.contact_book import NOW, add, found
from tests.support.installation import tenancy

from parley.contacts import api as contacts
from parley.contacts import search
from parley.contacts.api import NewContact, Number
from parley.contacts.retokenising import RETOKENISE
from parley.obligations import api as obligations
from parley.obligations.api import run_due

TYPED = (
    "g", "gio", "giovanni", "ROSSI", "rossi gio", "gio rossi", "mull", "Müll", "muller elek", "purch", "lucca",
    "via ro", "551", "k-12", "k 1234", "german", "example", "giovanni.rossi@example.com", "Jovani", "rosi",
    "44682664", "446", "76774", "+390584", "0584", "0584 94 32", "00390584943", "943232", "232", "3471234567",
    "+39 347 123 4567", "44",
)  # fmt: skip


def test_search_finds_by_any_field_as_one_types(public: UUID) -> None:
    tenancy.add_trunk(tenancy.current(), name="t", sources=("192.0.2.9",), own_numbers=("+390584",), region="IT")
    add(public)
    add(public, NewContact(given="Anna", family="Bianchi", numbers=(Number(value="+4930901820"),)))
    wrong = {text: names for text in TYPED if (names := found(text)) != ["Giovanni Rossi"]}
    assert wrong == {}


@pytest.mark.parametrize("window", [1, 120])
def test_a_large_customer_is_sampled_first_and_the_same_is_found(
    public: UUID, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(search, "_LARGE", 0)
    monkeypatch.setattr(search, "WINDOW", window)
    add(public)
    add(public, NewContact(given="Anna", family="Bianchi"))
    for typed, name in (("ros", "Giovanni Rossi"), ("anna bi", "Anna Bianchi"), ("0584943232", "Giovanni Rossi")):
        assert found(typed) == [name]
        assert contacts.search(typed).more_than == (1 if window == 1 else None)


def test_search_finds_nothing_where_there_is_nothing(public: UUID) -> None:
    add(public)
    for text in ("", " ", "zz", "rossi anna", "999999", "giovannissimo", "+390584943233", "%", "\x00"):
        assert found(text) == [], text


def test_names_come_before_other_words_and_pages_do_not_repeat(public: UUID) -> None:
    add(public, NewContact(given="Zoe", family="Other", title="rossi expert"))
    for number in range(30):
        add(public, NewContact(given=f"Name{number:02}", family="Rossini"))
    add(public, NewContact(given="Carla", family="Rossi"))
    first = contacts.search("rossi", limit=20)
    assert first.lines[0].name == "Carla Rossi"
    second = contacts.search("rossi", limit=20, cursor=first.cursor)
    names = [line.name for line in (*first.lines, *second.lines)]
    assert len(names) == len(set(names)) == 32
    assert names[-1] == "Zoe Other"
    assert second.cursor is None
    with pytest.raises(contacts.BadCursor):
        contacts.search("rossi", cursor="nonsense")


def test_the_caller_is_known_by_number(public: UUID) -> None:
    old = add(public, NewContact(given="Old", numbers=(Number(value="+390584943232"),)), at=NOW - timedelta(days=1))
    new = add(public)
    line = contacts.lookup("+390584943232")
    assert line is not None
    assert (line.id, line.name) == (new, "Giovanni Rossi")
    assert contacts.lookup("+390584000000") is None
    assert contacts.lookup("") is None
    several = contacts.lookup_many(["+393471234567", "+390584943232", "4077"])
    assert {number: line.id for number, line in several.items()} == {"+393471234567": new, "+390584943232": new}
    contacts.remove([new], by="test", at=NOW)
    known = contacts.lookup("+390584943232")
    assert known is not None and known.id == old


def test_contacts_from_before_the_paths_get_theirs_a_few_at_a_time(public: UUID) -> None:
    add(public)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contacts_contact SET tokens = ''")
    assert found("rossi") == []
    obligations.enqueue(kind=RETOKENISE, key="k", due=NOW, payload={"after": str(UUID(int=0))})
    while run_due(tenancy.current(), handlers=contacts.handlers(), now=NOW).done:
        pass
    assert found("rossi") == ["Giovanni Rossi"]
