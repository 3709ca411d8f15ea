"""Reads LDIF (RFC 2849) as directories of people give it, entry by entry.

Content and "changetype: add" records; a value that is an address ("attr:< url") is refused, never fetched.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from parley.contacts.formats.decoding import decoded, has_stray, mended
from parley.contacts.formats.lines import unfolded
from parley.contacts.formats.types import CARD_COLUMNS, Card, Limits, Row, Table, UnreadableFile

_NUMBERS: Final = {
    "telephonenumber": "work", "mobile": "mobile", "cellphone": "mobile", "homephone": "home",
    "facsimiletelephonenumber": "fax", "fax": "fax", "ipphone": "", "othertelephone": "", "pager": "",
}  # fmt: skip
_MAILS: Final = frozenset({"mail", "rfc822mailbox", "mozillasecondemail", "othermailbox"})
_LEFT_OUT: Final = frozenset({"jpegphoto", "photo", "thumbnailphoto", "audio", "usercertificate", "userpassword"})
_MOST_VALUES: Final = 400


@dataclass
class _Entry:
    """An entry while it is read; `values` by attribute in lower case, without options."""

    line: int
    values: dict[str, list[str]] = field(default_factory=dict)
    count: int = 0
    why: str = ""


def read_ldif(source: BinaryIO, *, limits: Limits | None = None) -> Table:
    """The people in `source`, which is seekable, as rows of CARD_COLUMNS; entries of other things are left out."""
    limits = limits or Limits()
    text = decoded(source)
    lines = unfolded(text, most=limits.record, folds=" ")
    return Table(kind="ldif", columns=CARD_COLUMNS, rows=_rows(lines, limits), about=f"LDIF, {text.encoding}")


def _rows(lines: Iterator[tuple[int, str, bool]], limits: Limits) -> Iterator[Row]:
    entry: _Entry | None = None
    count = 0
    for number, line, too_long in lines:
        if not line.strip() or (entry is not None and line[:3].lower() == "dn:"):
            if entry is not None and (row := _row(entry, limits)) is not None:
                yield row
            entry = None
            if not line.strip():
                continue
        if line.startswith("#") or (entry is None and line[:8].lower() == "version:"):
            continue
        if entry is None:
            entry, count = _Entry(line=number), count + 1
            if count > limits.rows:
                raise UnreadableFile(f"line {number}: more than {limits.rows} entries", remedy="split the file")
            if line[:3].lower() != "dn:":
                entry.why = f"line {number}: an entry begins with “dn:”, this one does not: add it"
        _read_line(entry, line, number=number, too_long=too_long)
    if entry is not None and (row := _row(entry, limits)) is not None:
        yield row


def _read_line(entry: _Entry, line: str, *, number: int, too_long: bool) -> None:
    attribute, colon, rest = line.partition(":")
    name = attribute.partition(";")[0].strip().lower()
    if not colon:
        entry.why = entry.why or f"line {number}: no “:” between attribute and value: mend the line"
        return
    if name in _LEFT_OUT:
        return
    entry.count += 1
    if too_long:
        entry.why = entry.why or f"line {number}, {name[:40]}: the value is too long: shorten it"
    elif entry.count > _MOST_VALUES:
        entry.why = entry.why or f"line {number}: more than {_MOST_VALUES} values in one entry: take some away"
    elif rest.startswith("<"):
        entry.why = (
            entry.why or f"line {number}, {name[:40]}: refers to an address, which is not fetched: write the value"
        )
    elif rest.startswith(":"):
        _keep_base64(entry, name, rest[1:].strip(), number)
    else:
        entry.values.setdefault(name, []).append(rest.strip())


def _keep_base64(entry: _Entry, name: str, coded: str, number: int) -> None:
    try:
        value = base64.b64decode(coded.encode("ascii", "strict"), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        entry.why = entry.why or f"line {number}, {name[:40]}: not base64 of UTF-8 text: write the value anew"
    else:
        entry.values.setdefault(name, []).append(value.strip())


def _card(entry: _Entry) -> Card:
    values = entry.values
    first = {name: found[0] for name, found in values.items() if found}

    def one(*names: str) -> str:
        return next((first[name] for name in names if first.get(name)), "")

    address = one("postaladdress", "homepostaladdress").replace("$", ", ")
    parts = (one("street", "streetaddress"), one("postalcode"), one("l"), one("st"), one("c", "co"))
    return Card(
        name=one("displayname", "cn") or " ".join(part for part in (one("givenname"), one("sn")) if part),
        given=one("givenname", "gn"),
        family=_family(one("sn", "surname"), one("givenname", "gn"), one("cn")),
        organisation=one("o", "organizationname", "company"),
        department=one("department", "ou", "departmentnumber"),
        title=one("title"),
        numbers=tuple((label, value) for name, label in _NUMBERS.items() for value in values.get(name, ())),
        emails=tuple(("", value) for name in sorted(_MAILS) for value in values.get(name, ())),
        address=address or ", ".join(part for part in parts if part),
        website=one("labeleduri", "url", "mozillahomeurl", "mozillaworkurl"),
        birthday=one("birthday", "dateofbirth"),
        note=one("description", "info", "comment"),
        categories=tuple(values.get("businesscategory", ())),
        uid=one("entryuuid", "uid", "objectguid"),
    )


def _family(family: str, given: str, name: str) -> str:
    """The family name; none where "sn", which an entry must have, only repeats the name."""
    return "" if family == name and given == name else family


def _row(entry: _Entry, limits: Limits) -> Row | None:
    """The entry as a row; None when it is no person (a domain, a unit, a group)."""
    card, why = _card(entry), entry.why
    change = entry.values.get("changetype", ["add"])[0].lower()
    kinds = {one.lower() for one in entry.values.get("objectclass", ())}
    if not why and kinds and not kinds & _PEOPLE and not (card.numbers or card.emails):
        return None
    if not why and change != "add":
        why = f"line {entry.line}: “changetype: {change[:20]}” is a change, not a contact: take the entry away"
    cells = card.cells()
    for column, cell in zip(CARD_COLUMNS, cells, strict=True):
        if not why and len(cell) > limits.cell:
            why = f"{column}: {len(cell)} characters, at most {limits.cell} are possible: shorten it"
        elif not why and has_stray(cell):
            why = f"{column}: not in the encoding of the file (UTF-8): check its letters"
    if not why and not any(cells):
        why = "the entry holds nothing that a contact has: neither name, number nor e-mail"
    if why:
        cells = tuple(mended(cell if len(cell) <= limits.cell else cell[:200] + " …") for cell in cells)
    return Row(entry.line, cells, why)


_PEOPLE: Final = frozenset(
    {"person", "inetorgperson", "organizationalperson", "mozillaabpersonalpha", "user", "contact"}
)
