"""`foundation.numbers.canonical_number` for a million numbers: the common forms without the parser, the rest with it.

What it answers is what the parser answers (a test compares them on generated numbers). A form is common when its digits
are plain, and nothing in the rules of its country but a literal national prefix could touch them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from phonenumbers import PhoneMetadata
from phonenumbers.data import _COUNTRY_CODE_TO_REGION_CODE

from parley.foundation.numbers import canonical_number as parsed

_VISUAL = str.maketrans("", "", " \t().-/")
_CODES: Mapping[str, str] = {str(code): regions[0] for code, regions in _COUNTRY_CODE_TO_REGION_CODE.items()}


@dataclass(frozen=True, slots=True)
class _Country:
    """What the parser would look at: `prefix` is stripped when it is literal; `risky` matches what it might strip."""

    code: str
    lengths: frozenset[int]
    prefix: str
    risky: re.Pattern[str] | None
    abroad: re.Pattern[str] | None
    pattern: re.Pattern[str]


@lru_cache(maxsize=65_536)
def canonical_number(raw: str, region: str | None = None) -> str:
    """As `foundation.numbers.canonical_number`: E.164 where the number is a possible one, else the bare text."""
    return _quick(raw.translate(_VISUAL), region) or parsed(raw, region)


def _quick(text: str, region: str | None) -> str | None:
    if text.startswith("00"):
        text = "+" + text[2:]
    if text.startswith("+"):
        digits = text[1:]
        if not (digits.isascii() and digits.isdigit()):
            return None
        code = next((digits[:size] for size in (1, 2, 3) if digits[:size] in _CODES), None)
        country = _country_of(code) if code else None
        return _e164(country, digits[len(country.code) :]) if country else None
    if region is None or not (text.isascii() and text.isdigit()):
        return None
    country = _country(region)
    if country is None or text.startswith(country.code) or (country.abroad and country.abroad.match(text)):
        return None
    return _e164(country, text)


def _e164(country: _Country, national: str) -> str | None:
    if country.risky is not None and country.risky.match(national):
        rest = national[len(country.prefix) :]
        if not country.prefix or not national.startswith(country.prefix) or country.risky.match(rest):
            return None
        if country.pattern.fullmatch(national) or len(rest) not in country.lengths:
            return None
        national = rest
    # Leading zeros are kept in Italy and dropped elsewhere by rules that the parser knows.
    if len(national) not in country.lengths or national.startswith("00") or national.strip("0") == "":
        return None
    return f"+{country.code}{national}"


@cache
def _country_of(code: str) -> _Country | None:
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(code), _CODES[code])
    return _made(metadata) if metadata is not None else None


@cache
def _country(region: str) -> _Country | None:
    # A region that shares its calling code with others (Vatican, Canada) is left to the parser.
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or _CODES.get(str(metadata.country_code)) != region:
        return None
    return _made(metadata)


def _made(metadata: PhoneMetadata) -> _Country | None:
    general, parsing = metadata.general_desc, metadata.national_prefix_for_parsing
    if general is None or general.national_number_pattern is None:
        return None
    literal = parsing is not None and parsing.isdigit() and not metadata.national_prefix_transform_rule
    return _Country(
        code=str(metadata.country_code),
        lengths=frozenset(general.possible_length),
        prefix=parsing if parsing is not None and literal else "",
        risky=re.compile(parsing) if parsing else None,
        abroad=re.compile(metadata.international_prefix) if metadata.international_prefix else None,
        pattern=re.compile(general.national_number_pattern),
    )


def calling_code(region: str | None) -> str:
    """The calling code of a region ("39" of IT), "" where it is not known."""
    metadata = PhoneMetadata.metadata_for_region(region, None) if region else None
    return str(metadata.country_code) if metadata is not None else ""
