"""Telephone numbers as everybody else knows them: E.164."""

import re

import phonenumbers

_VISUAL = re.compile(r"[\s().\-/]")


def parse_number(raw: str, region: str | None = None) -> phonenumbers.PhoneNumber | None:
    """A possible public number, or None: extensions and names are none.

    `region` (ISO 3166 alpha-2) gives the country of numbers dialled without one.
    """
    text = _VISUAL.sub("", raw.strip())
    if text.startswith("00"):
        text = "+" + text[2:]
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def parse_e164(raw: str, region: str | None = None) -> str | None:
    """The number of `parse_number` in E.164 ("+390584943232"), or None."""
    number = parse_number(raw, region)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if number else None


def canonical_number(raw: str, region: str | None = None) -> str:
    """The form under which a number is indexed and searched: E.164, else the dialled text, bare and in lower case."""
    return parse_e164(raw, region) or _VISUAL.sub("", raw.strip()).lower()
