"""Rows that are made by the thousand are those that are made one by one."""

import struct
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from uuid import UUID, uuid4

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.contacts.errors import ContactRefused
from parley.contacts.fields import check, text
from parley.contacts.making import Batch, Maker, parts_of_each
from parley.contacts.making_beside import made_beside
from parley.contacts.tokens import Tokeniser
from parley.contacts.tools import Tools
from parley.contacts.types import Address, NewContact, Number
from parley.sealing.api import FieldOpener, FieldSealer, epoch_of, generate_identity

NOW = datetime(2026, 11, 23, 10, 0, 0, 123_000, tzinfo=UTC)
DIRECTORY = uuid4()
IDENTITY = generate_identity()
TOKENISER = Tokeniser(key=bytes(32), number_key=b"n" * 32, email_key=b"e" * 32)
TOOLS = Tools(
    tokeniser=TOKENISER, sealer=FieldSealer([IDENTITY.recipient]), opener=FieldOpener([IDENTITY])
)  # fmt: skip

PEOPLE = (
    NewContact(given="Kim", family="Kim", company="Kim & Kim", emails=("kim@kim.example", "k.kim@acme.example")),
    NewContact(family="Müller-Weiß", given="Jörg  ", title="Leiter Kim", numbers=(Number(value="+390584943232"),)),
    NewContact(company="Acme", numbers=(Number(value="200", kind="extension"), Number(value="+493012345678"))),
    NewContact(
        given="李", family="小龙", source="fair", purposes=("service",), shared_with=("Partner",), minor=True,
        keep_until=NOW + timedelta(days=3), citizenship="IT", birthday=date(1990, 1, 2), speed_dial="*7",
        addresses=(Address(street="Via Kim 1", city="Lucca", postcode="55100", country="Italia"), Address()),
        custom=MappingProxyType({"number": "K 17", "place": "kim"}), notes="tall\nkim",
    ),
    NewContact(given="Many", notes=" ".join(f"word{number}" for number in range(500))),
)  # fmt: skip


def maker(*, region: str | None = None, source: str = "", checked: bool = False) -> Maker:
    return Maker(
        tokeniser=TOKENISER, sealer=TOOLS.sealer, directory=DIRECTORY, source=source, at=NOW, region=region,
        checked=checked,
    )  # fmt: skip


def made(rows: list[NewContact], *, first: int = 0) -> Batch:
    return maker(region="IT", source="list").make(rows, first=first)


def rows_of(batch: Batch) -> list[list[bytes | None]]:
    """The columns of each row, as COPY would read them."""
    data, place, rows = batch.copied, 0, []
    while place < len(data):
        columns: list[bytes | None] = []
        (count,) = struct.unpack_from(">h", data, place)
        place += 2
        for _ in range(count):
            (size,) = struct.unpack_from(">i", data, place)
            place += 4
            columns.append(None if size < 0 else data[place : place + size])
            place += max(0, size)
        rows.append(columns)
    return rows


def array(column: bytes | None) -> list[int]:
    assert column is not None
    return [struct.unpack_from(">q", column, place + 4)[0] for place in range(20, len(column), 12)]


def lexemes(column: bytes | None) -> list[str]:
    """Of a tsvector as COPY reads it: how many, then each with its end and no positions."""
    assert column is not None
    several = column[4:].split(b"\0\0\0")[:-1]
    assert len(several) == struct.unpack_from(">i", column)[0] == len(set(several))
    return [one.decode() for one in several]


def test_rows_have_the_tokens_and_fields_of_those_made_one_by_one() -> None:
    batch = made(list(PEOPLE))
    assert batch.count == len(PEOPLE)
    for columns, new in zip(rows_of(batch), PEOPLE, strict=True):
        contact, directory, changed_at, until, minor, sealed, tokens, addresses = columns
        checked = check(new, region="IT", source="list")
        wanted = TOKENISER.of(checked)
        assert sorted(lexemes(tokens)) == sorted(wanted.lexemes)
        assert sorted(array(addresses)) == sorted(wanted.addresses)
        assert directory == DIRECTORY.bytes
        assert contact is not None and sealed is not None and changed_at is not None
        assert batch.sealed is not None and epoch_of(sealed) == batch.sealed.epoch_id
        wrapped = batch.sealed.wrapped
        opened = TOOLS.open(UUID(bytes=contact), sealed, wrapped, minor=minor == b"\x01", keep_until=checked.keep_until)
        assert opened == checked
        assert (until is None) == (checked.keep_until is None)
        assert struct.unpack(">q", changed_at)[0] == (NOW - datetime(2000, 1, 1, tzinfo=UTC)) // timedelta(
            microseconds=1
        )
    assert batch.asked == {(False, ""), (True, "IT")}


def test_ids_are_of_their_instant_and_stand_in_the_order_of_the_rows() -> None:
    first = [UUID(bytes=bytes(columns[0] or b"")) for columns in rows_of(made(list(PEOPLE)))]
    later = [UUID(bytes=bytes(columns[0] or b"")) for columns in rows_of(made(list(PEOPLE), first=4095))]
    assert first + later == sorted(first + later)
    for one in first + later:
        assert (one.version, one.variant) == (7, "specified in RFC 4122")
        assert one.int >> 80 == int(NOW.timestamp() * 1000)
    again = [UUID(bytes=bytes(columns[0] or b"")) for columns in rows_of(made(list(PEOPLE)))]
    assert not set(first) & set(again)


def test_a_row_that_was_checked_is_taken_as_it_is_and_another_is_named() -> None:
    odd = NewContact(given="two  spaces ")
    with pytest.raises(ContactRefused, match="row 8"):
        made([PEOPLE[0], NewContact(given="a\x00")], first=6)
    batch = maker(checked=True).make([odd], first=0)
    [columns] = rows_of(batch)
    sealed = batch.sealed
    assert sealed is not None
    kept = TOOLS.open(UUID(bytes=bytes(columns[0] or b"")), bytes(columns[5] or b""), sealed.wrapped)
    assert kept == odd


def test_processes_beside_make_the_same_rows_in_their_order() -> None:
    several = [[replace(one, department=f"room {number}") for one in PEOPLE] for number in range(7)]
    beside = made_beside(maker(region="IT", source="list"), several, first=100, recipients=[str(IDENTITY.recipient)])
    for number, (batch, people) in enumerate(zip(beside, several, strict=True)):
        here = maker(region="IT", source="list").make(people, first=100 + number * len(PEOPLE))
        assert (batch.first, batch.count, batch.asked) == (here.first, here.count, here.asked)
        for columns, wanted, new in zip(rows_of(batch), rows_of(here), people, strict=True):
            assert columns[1:5] == wanted[1:5] and sorted(array(columns[7])) == sorted(array(wanted[7]))
            assert sorted(lexemes(columns[6])) == sorted(lexemes(wanted[6]))
            contact, sealed = columns[0], columns[5]
            assert contact is not None and sealed is not None and batch.sealed is not None
            assert contact[:6] == (wanted[0] or b"")[:6]
            opened = TOOLS.open(UUID(bytes=contact), sealed, batch.sealed.wrapped, minor=new.minor,
                                keep_until=new.keep_until)  # fmt: skip
            assert opened == check(new, region="IT", source="list")


def test_processes_beside_say_which_row_is_wrong_and_end_with_who_asked() -> None:
    several = [list(PEOPLE)] * 2 + [[PEOPLE[0], NewContact(given="a\x00")]] + [list(PEOPLE)] * 50
    before = {one.pid for one in psutil.Process().children()}
    beside = made_beside(maker(), several, first=0, recipients=[str(IDENTITY.recipient)])
    next(beside)
    mine = [one for one in psutil.Process().children() if one.pid not in before]
    assert mine
    with pytest.raises(ContactRefused, match="row 12") as refused:
        list(beside)
    assert refused.value.field == "given"
    assert not any(one.is_running() for one in mine)


def test_a_process_beside_that_is_killed_is_an_error() -> None:
    before = {one.pid for one in psutil.Process().children()}
    beside = made_beside(maker(), [list(PEOPLE)] * 50, first=0, recipients=[str(IDENTITY.recipient)])
    next(beside)
    for one in psutil.Process().children():
        if one.pid not in before:
            one.kill()
    with pytest.raises(ChildProcessError):
        list(beside)


@given(st.lists(st.lists(st.from_regex(r"\+?[0-9]{1,15}|[a-z*#]{1,12}|[0-9٠-٩]{9,12}", fullmatch=True), max_size=4)))
def test_parts_of_numbers_are_those_of_each(numbers: list[list[str]]) -> None:
    wanted = [[one for number in several for one in TOKENISER.number_parts(number)] for several in numbers]
    found = [[one[:-3].decode() for one in parts] for parts in parts_of_each(TOKENISER, numbers)]
    assert [sorted(parts) for parts in found] == [sorted(parts) for parts in wanted]


@given(st.lists(st.text(st.sampled_from("aB |ä\n\x00\u202e"), max_size=6), min_size=7, max_size=7))
def test_the_quick_look_of_check_says_what_the_thorough_one_says(texts: list[str]) -> None:
    names = ("given", "family", "company", "title", "department", "speed_dial", "source")
    new = replace(NewContact(), numbers=(Number(value="+390584943232"),), **dict(zip(names, texts, strict=True)))
    try:
        wanted = [text(one, field="x") for one in texts]
    except ContactRefused:
        with pytest.raises(ContactRefused):
            check(new)
        return
    kept = check(new)
    assert [getattr(kept, name) for name in names] == wanted
