"""What may stand in a field, and the contact as it is kept. Pure; the time zone of instants is checked, not chosen."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import fields as fields_of
from dataclasses import replace
from datetime import date, datetime
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final

from pydantic_core import from_json, to_json

from parley.contacts.errors import ContactRefused
from parley.contacts.quick_numbers import canonical_number
from parley.contacts.types import (
    LONGEST,
    MOST_OF_A_KIND,
    NOTES_LONGEST,
    NUMBER_KINDS,
    Address,
    Metadata,
    NewContact,
    Number,
)

_EMAIL: Final = re.compile(r"[^\s@\x00-\x20\x7f,;<>\"]{1,64}@[^\s@\x00-\x20\x7f,;<>\"]{1,253}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_OVERRIDES: Final = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"))
"""Marks that turn the direction of all that follows on a page: dropped. Right-to-left letters need none of them."""
_WORDS: Final = ("given", "family", "company", "title", "department", "speed_dial", "source")
_WORDS_OF: Final = attrgetter(*_WORDS)
_KEYS: Final = {
    "given": "g", "family": "f", "company": "c", "title": "t", "department": "d", "speed_dial": "k", "source": "s",
    "numbers": "n", "emails": "e", "purposes": "p", "shared_with": "w", "notes": "m", "citizenship": "z",
    "addresses": "a", "birthday": "b", "custom": "x",
}  # fmt: skip
"""The letter by which a field stands in what is sealed. Contacts sealed before there were letters have the names."""
_NAMES: Final = {letter: name for name, letter in _KEYS.items()}
_WORD_KEYS: Final = tuple(_KEYS[name] for name in _WORDS)
_LINES: Final = "\n\t"
_NO_ADDRESS: Final = Address()
_PLACES_OF: Final = attrgetter("street", "city", "region", "postcode", "country")
_FIELDS: Final = tuple(one.name for one in fields_of(NewContact))


def check(new: NewContact, *, region: str | None = None, source: str = "") -> NewContact:
    """The contact as it would be kept: numbers in E.164, e-mail in lower case. Raises ContactRefused with its field.

    `region` (ISO 3166 alpha-2) gives the country of numbers written without one, `source` that of a contact without.
    """
    changes: dict[str, Any] = {}
    if source and not new.source:
        changes["source"] = source
    for name in () if _all_plain(_WORDS_OF(new)) else _WORDS:
        given = getattr(new, name)
        if given and (kept := text(given, field=name)) is not given:
            changes[name] = kept
    if new.notes and (notes := text(new.notes, field="notes", longest=NOTES_LONGEST, lines=True)) is not new.notes:
        changes["notes"] = notes
    if new.numbers and (numbers := _numbers(new.numbers, region)) != new.numbers:
        changes["numbers"] = numbers
    if new.emails and (emails := _emails(new.emails)) != new.emails:
        changes["emails"] = emails
    if new.addresses and (addresses := _addresses(new.addresses)) != new.addresses:
        changes["addresses"] = addresses
    if new.custom and ((custom := _custom(new.custom)) != new.custom or type(new.custom) is dict):
        changes["custom"] = custom  # a dictionary could still be changed by whoever has it
    for name in ("purposes", "shared_with"):
        if (several := getattr(new, name)) and (found := _several(several, name)) != several:
            changes[name] = found
    _check_rest(new)
    made = replace(new, **changes) if changes else new
    if not (made.given or made.family or made.company or made.numbers or made.emails):
        raise ContactRefused(
            "a contact needs a name, a company, a number or an e-mail address", remedy="Fill in one.", field="family"
        )
    return made


def check_metadata(metadata: Metadata) -> dict[str, Any]:
    """What is given of it, by field, as it would be kept. Raises ContactRefused with its field."""
    made: dict[str, Any] = {}
    for name in ("purposes", "shared_with"):
        if (several := getattr(metadata, name)) is not None:
            made[name] = _several(several, name)
    if metadata.source is not None:
        made["source"] = text(metadata.source, field="source")
    if metadata.keep_until is not None:
        made["keep_until"] = _zoned(metadata.keep_until)
    return made


def _all_plain(texts: Sequence[str]) -> bool:
    """Whether `text` would give back each of these as it is: the common case, told at once."""
    try:
        joined = "|".join(texts)
    except TypeError:
        return False
    return (
        joined.isascii()
        and joined.isprintable()
        and len(joined) <= LONGEST
        and " |" not in joined
        and "| " not in joined
        and joined[:1] != " "
        and joined[-1:] != " "
    )


def text(raw: str, *, field: str, longest: int = LONGEST, lines: bool = False) -> str:
    """One field, composed (NFC) and trimmed. Raises ContactRefused for what no name holds: control characters, halves
    of characters, more than `longest` characters."""
    if not isinstance(raw, str):
        raise ContactRefused("this is not text", remedy="Write letters.", field=field)
    if len(raw) > longest:
        raise ContactRefused(
            f"{field} has {len(raw)} characters, more than {longest}", remedy="Shorten it.", field=field
        )
    if raw.isascii() and raw.isprintable():
        return raw if raw[:1] != " " and raw[-1:] != " " else raw.strip()
    kept = unicodedata.normalize("NFC", raw.translate(_OVERRIDES).replace("\r\n", "\n")).strip()
    for character in kept:
        category = unicodedata.category(character)
        if category == "Cs" or (category == "Cc" and not (lines and character in _LINES)):
            raise ContactRefused(
                f"{field} holds a character that no text has (U+{ord(character):04X})",
                remedy="Remove it; perhaps the file was read in another encoding.",
                field=field,
            )
    return kept


def _numbers(numbers: Sequence[Number], region: str | None) -> tuple[Number, ...]:
    _few(numbers, "numbers")
    kept: dict[str, Number] = {}
    for one in numbers:
        raw = text(one.value, field="numbers", longest=64)
        if not raw:
            continue
        if one.kind not in NUMBER_KINDS:
            raise ContactRefused("there is no such kind of number", remedy=", ".join(NUMBER_KINDS), field="numbers")
        value = canonical_number(raw, region)
        if not value or not any(character.isdigit() for character in value):
            raise ContactRefused("a number needs digits", remedy="Write it like +39 0584 943232.", field="numbers")
        kept.setdefault(value, one if value == one.value else Number(value=value, kind=one.kind))
    return tuple(kept.values())


def _emails(emails: Sequence[str]) -> tuple[str, ...]:
    _few(emails, "emails")
    kept: dict[str, None] = {}
    for one in emails:
        value = text(one, field="emails", longest=320).lower()
        if not value:
            continue
        if not _EMAIL.fullmatch(value):
            raise ContactRefused(
                "this is not an e-mail address", remedy="Write it like office@example.org.", field="emails"
            )
        kept[value] = None
    return tuple(kept)


def _addresses(addresses: Sequence[Address]) -> tuple[Address, ...]:
    _few(addresses, "addresses")
    if all(one != _NO_ADDRESS and _all_plain(_PLACES_OF(one)) for one in addresses):
        return tuple(addresses)
    made = (
        Address(
            street=text(one.street, field="addresses", lines=True),
            city=text(one.city, field="addresses"),
            region=text(one.region, field="addresses"),
            postcode=text(one.postcode, field="addresses"),
            country=text(one.country, field="addresses"),
        )
        for one in addresses
    )
    return tuple(one for one in made if one != _NO_ADDRESS)


def _custom(custom: Mapping[str, str]) -> Mapping[str, str]:
    _few(tuple(custom), "custom")
    made = {
        text(key, field="custom", longest=64): text(
            value, field=f"custom.{key[:64]}", longest=NOTES_LONGEST, lines=True
        )
        for key, value in custom.items()
    }
    return MappingProxyType({key: value for key, value in made.items() if key and value})


def _several(values: Sequence[str], field: str) -> tuple[str, ...]:
    if len(values) > 50:
        raise ContactRefused(f"{field} has more than 50 entries", remedy="Leave some out.", field=field)
    return tuple(dict.fromkeys(kept for one in values if (kept := text(one, field=field, longest=200))))


def _check_rest(new: NewContact) -> None:
    if new.keep_until is not None:
        _zoned(new.keep_until)
    if new.citizenship and not _COUNTRY.fullmatch(new.citizenship):
        raise ContactRefused("a citizenship is two capital letters", remedy='Write "IT".', field="citizenship")
    if new.birthday is not None and not date(1850, 1, 1) <= new.birthday <= date(2200, 1, 1):
        raise ContactRefused("nobody was born on that day", remedy="Check the year.", field="birthday")


def _zoned(keep_until: datetime) -> datetime:
    if keep_until.tzinfo is None:
        raise ContactRefused("the instant needs a time zone", remedy="Give one.", field="keep_until")
    return keep_until


def _few(values: Sequence[object], field: str) -> None:
    if len(values) > MOST_OF_A_KIND:
        raise ContactRefused(
            f"{field} has {len(values)} entries, more than {MOST_OF_A_KIND}", remedy="Leave some out.", field=field
        )


def to_bytes(new: NewContact, *, source: str = "") -> bytes:
    """What is sealed: JSON with the fields that have a value, by their letters. `minor` and `keep_until` are columns.
    `source` is that of a contact without one."""
    out: dict[str, Any] = {name: value for name, value in zip(_WORD_KEYS, _WORDS_OF(new), strict=True) if value}
    if source:
        out.setdefault("s", source)
    if new.numbers:
        out["n"] = [one.value if one.kind == "work" else [one.value, one.kind] for one in new.numbers]
    for name in ("emails", "purposes", "shared_with", "notes", "citizenship"):
        if value := getattr(new, name):
            out[_KEYS[name]] = value
    if new.addresses:
        out["a"] = [[a.street, a.city, a.region, a.postcode, a.country] for a in new.addresses]
    if new.birthday is not None:
        out["b"] = new.birthday.isoformat()
    if new.custom:
        out["x"] = dict(new.custom)
    return to_json(out)


def from_bytes(clear: bytes, *, minor: bool = False, keep_until: datetime | None = None) -> NewContact:
    """The contact that was sealed, with its columns."""
    held: dict[str, Any] = {_NAMES.get(key, key): value for key, value in from_json(clear).items()}
    if "numbers" in held:
        kinds: list[Any] = [(one, "work") if isinstance(one, str) else one for one in held["numbers"]]
        held["numbers"] = tuple([Number(value=value, kind=kind) for value, kind in kinds])
    for name in ("emails", "purposes", "shared_with"):
        if name in held:
            held[name] = tuple(held[name])
    if "addresses" in held:
        held["addresses"] = tuple(
            [Address(street=a, city=b, region=c, postcode=d, country=e) for a, b, c, d, e in held["addresses"]]
        )
    if "birthday" in held:
        held["birthday"] = date.fromisoformat(held["birthday"])
    return NewContact(minor=minor, keep_until=keep_until, **held)


def changed(before: NewContact, after: NewContact) -> tuple[str, ...]:
    """Names of the fields that differ, in the order of the type."""
    return tuple(name for name in _FIELDS if getattr(before, name) != getattr(after, name))
