"""Reads vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350), card by card.

Tolerant as files are in the wild: quoted-printable of old telephones with its soft line breaks, parameters without a
name, groups, pictures (left out, never kept in memory), nested agents.
"""

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final
from urllib.parse import unquote

from parley.contacts.formats.decoding import decoded, has_stray, mended
from parley.contacts.formats.lines import unfolded
from parley.contacts.formats.types import CARD_COLUMNS, Card, Limits, Row, Table, UnreadableFile

_LEFT_OUT: Final = frozenset({"PHOTO", "LOGO", "SOUND", "KEY", "AGENT"})
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_NAME: Final = re.compile(r"^(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)$")
_PARAMETERS: Final = re.compile(r';(?:[^;":]|"[^"]*")*')
_MOST_VALUES: Final = 200


def read_vcard(source: BinaryIO, *, limits: Limits | None = None) -> Table:
    """The cards in `source`, which is seekable, as rows of CARD_COLUMNS."""
    limits = limits or Limits()
    text = decoded(source)
    lines = _joined(unfolded(text, most=limits.record), limits.record)
    return Table(kind="vcard", columns=CARD_COLUMNS, rows=_rows(lines, limits), about=f"vCard, {text.encoding}")


@dataclass
class _Open:
    """A card while it is read."""

    line: int
    values: dict[str, list[str]] = field(default_factory=dict)
    numbers: list[tuple[str, str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    count: int = 0
    why: str = ""


Line = tuple[int, str, bool]


def _joined(lines: Iterator[Line], most: int) -> Iterator[Line]:
    """Quoted-printable goes on in the next line after a "=" at the end of a line (RFC 2045 section 6.7)."""
    held: tuple[int, str, bool] | None = None
    for number, line, long in lines:
        first, whole, too_long = number, line, long
        if held is not None:
            first, whole, too_long = held[0], held[1][:-1] + line, held[2] or long or len(held[1]) > most
            held = None
        if whole.endswith("=") and "QUOTED-PRINTABLE" in whole[:200].upper() and len(whole) <= most:
            held = (first, whole, too_long)
            continue
        yield first, whole, too_long
    if held is not None:
        yield held


def _rows(lines: Iterator[Line], limits: Limits) -> Iterator[Row]:
    card: _Open | None = None
    depth = count = 0
    for number, line, too_long in lines:
        upper = line[:20].strip().upper()
        if upper == "BEGIN:VCARD":
            if card is not None and depth < 2 and not line.startswith((" ", "\t")) and not _nested(card):
                yield _broken(card, "the card does not end (END:VCARD is missing): add it")
                card, depth = None, 0
            depth += 1
            if depth == 1:
                card, count = _Open(line=number), count + 1
                if count > limits.rows:
                    raise UnreadableFile(f"line {number}: more than {limits.rows} cards", remedy="split the file")
        elif upper == "END:VCARD":
            depth = max(0, depth - 1)
            if depth == 0 and card is not None:
                yield _row(card, limits)
                card = None
        elif card is not None and depth == 1 and line:
            _read_line(card, line, number=number, too_long=too_long)
    if card is not None:
        yield _broken(card, "the card does not end (END:VCARD is missing): add it")


def _nested(card: _Open) -> bool:
    """Whether a card inside this one may begin: after AGENT (vCard 2.1)."""
    return "AGENT" in card.values


def _read_line(card: _Open, line: str, *, number: int, too_long: bool) -> None:
    head, colon, value = _split(line)
    name, parameters = _head(head)
    if name == "AGENT":
        card.values["AGENT"] = []
    if not colon or name in _LEFT_OUT or not name:
        return
    card.count += 1
    if too_long:
        card.why = card.why or f"line {number}, {name}: the value is too long: shorten it"
        return
    if card.count > _MOST_VALUES:
        card.why = card.why or f"line {number}: more than {_MOST_VALUES} values in one card: take some away"
        return
    encoding = _parameter(parameters, "ENCODING") or next(
        (one for one in parameters if one.upper() in {"QUOTED-PRINTABLE", "BASE64", "B"}), ""
    )
    if encoding.upper() in {"B", "BASE64"} and name not in {"NOTE", "FN", "N"}:
        return
    if encoding.upper() == "QUOTED-PRINTABLE":
        value = _quoted_printable(value, _parameter(parameters, "CHARSET"))
    _keep(card, name, parameters, value)


def _split(line: str) -> tuple[str, str, str]:
    """Head, ":" and value; a colon inside quotes belongs to the head."""
    position = line.find(":")
    if '"' in line[: max(0, position)]:
        start = 0
        for number, piece in enumerate(line.split('"')):
            if number % 2 == 0 and ":" in piece:
                position = start + piece.index(":")
                break
            start += len(piece) + 1
    return (line[:position], ":", line[position + 1 :]) if position >= 0 else (line, "", "")


def _head(head: str) -> tuple[str, list[str]]:
    bare, semicolon, rest = head.partition(";")
    match = _NAME.match(bare.strip())
    parameters = [one[1:].strip() for one in _PARAMETERS.findall(semicolon + rest)]
    return (match[1].upper() if match else ""), parameters


def _parameter(parameters: list[str], name: str) -> str:
    prefix = f"{name}="
    return next((one[len(prefix) :].strip('"') for one in parameters if one.upper().startswith(prefix)), "")


def _quoted_printable(value: str, charset: str) -> str:
    raw = quopri.decodestring(value.encode("utf-8", "surrogateescape"))
    try:
        return raw.decode(charset or "utf-8", "strict")
    except (LookupError, UnicodeDecodeError, ValueError):
        return raw.decode("cp1252", "replace")


def _plain(value: str) -> str:
    """A value without its escapes (RFC 6350 section 3.4)."""
    if "\\" not in value:
        return value.strip()
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()


def _pieces(value: str, separator: str = ";") -> list[str]:
    """The parts of a structured value."""
    parts: list[str] = []
    now: list[str] = []
    escaped = False
    for sign in value:
        if sign == separator and not escaped:
            parts.append("".join(now))
            now = []
        else:
            now.append(sign)
        escaped = sign == "\\" and not escaped
    parts.append("".join(now))
    return [_plain(part) for part in parts]


_SIMPLE: Final = {
    "FN": "name", "TITLE": "title", "NOTE": "note", "URL": "website", "BDAY": "birthday", "UID": "uid",
    "EMAIL": "email", "ROLE": "role", "NICKNAME": "nickname",
}  # fmt: skip


def _keep(card: _Open, name: str, parameters: list[str], value: str) -> None:
    if name in _SIMPLE:
        card.values.setdefault(_SIMPLE[name], []).append(_plain(value))
    elif name == "N":
        card.names = _pieces(value)
    elif name == "ORG":
        card.values["org"] = _pieces(value)
    elif name == "ADR":
        card.values.setdefault("address", []).append(", ".join(part for part in _pieces(value) if part))
    elif name == "CATEGORIES":
        card.values.setdefault("categories", []).extend(part for part in _pieces(value, ",") if part)
    elif name == "TEL":
        card.numbers.append((_label(parameters), _telephone(value)))


def _label(parameters: list[str]) -> str:
    types = ",".join(one.partition("=")[2] or one for one in parameters).lower().replace('"', "")
    words = set(types.split(","))
    if "fax" in words:
        return "fax"
    for label, known in (("mobile", {"cell", "mobile", "iphone"}), ("work", {"work"}), ("home", {"home"})):
        if words & known:
            return label
    return ""


def _telephone(value: str) -> str:
    """A number, from text or from a tel: address (RFC 3966)."""
    plain = _plain(value)
    if plain[:4].lower() == "tel:":
        plain = unquote(plain[4:]).partition(";")[0]
    return plain


def _card(card: _Open) -> Card:
    values, names = card.values, card.names + [""] * 5
    organisation = values.get("org", [])
    first = {name: found[0] for name, found in values.items() if found}
    full = " ".join(part for part in (names[3], names[1], names[2], names[0], names[4]) if part)
    return Card(
        name=first.get("name", "") or full or first.get("nickname", ""),
        given=" ".join(part for part in (names[1], names[2]) if part),
        family=names[0],
        organisation=organisation[0] if organisation else "",
        department=", ".join(part for part in organisation[1:] if part),
        title=first.get("title", "") or first.get("role", ""),
        numbers=tuple(card.numbers),
        emails=tuple(("", value) for value in values.get("email", [])),
        address=first.get("address", ""),
        website=first.get("website", ""),
        birthday=first.get("birthday", ""),
        note="\n".join(values.get("note", [])),
        categories=tuple(values.get("categories", [])),
        uid=first.get("uid", ""),
    )


def _row(card: _Open, limits: Limits) -> Row:
    cells = _card(card).cells()
    why = card.why
    if not why:
        for column, cell in zip(CARD_COLUMNS, cells, strict=True):
            if len(cell) > limits.cell:
                why = f"{column}: {len(cell)} characters, at most {limits.cell} are possible: shorten it"
            elif has_stray(cell):
                why = f"{column}: not in the encoding of the file (UTF-8): check its letters"
    if not why and not any(cells):
        why = "the card holds nothing that a contact has: neither name, number nor e-mail"
    return Row(card.line, tuple(_short(cell, limits) for cell in cells) if why else cells, why)


def _broken(card: _Open, why: str) -> Row:
    return Row(card.line, tuple(mended(cell[:1000]) for cell in _card(card).cells()), why)


def _short(cell: str, limits: Limits) -> str:
    return mended(cell if len(cell) <= limits.cell else cell[:200] + " …")
