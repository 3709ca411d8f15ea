"""Which column of a file is which field, and what a row becomes by it. Pure.

Headers are known in English, German, French, Italian and Spanish, as address books and other telephone systems write
them; a column without a known header is told by what stands in it.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from parley.contacts.errors import ContactRefused
from parley.contacts.types import NUMBER_KINDS, Address, CustomField, NewContact, Number, NumberKind
from parley.foundation.numbers import parse_e164

LEAVE_OUT: Final = ""
CUSTOM: Final = "custom."
TARGETS: Final = (
    "name", "given", "family", "company", "department", "title", "numbers.work", "numbers.mobile", "numbers.home",
    "numbers.fax", "numbers.extension", "numbers.other", "emails", "address", "street", "postcode", "city", "region",
    "country", "birthday", "notes", "speed_dial", "citizenship", "minor",
)  # fmt: skip
"""What a column can be, besides LEAVE_OUT and "custom." with the key of a field of the customer's own."""

_HEADERS: Final[Mapping[str, str]] = {
    "name": "name|full name|display name|contact|contact name|fn|cn|anzeigename|ganzer name|nom complet|nome completo|"
    "nombre completo|nominativo|ansprechpartner|interlocuteur|referente|contacto",
    "given": "given|given name|first name|firstname|forename|vorname|prénom|prenom|nome|nombre|givenname|"
    "nombre de pila",
    "family": "family|family name|last name|lastname|surname|sn|nachname|familienname|nom|nom de famille|cognome|"
    "apellido|apellidos",
    "company": "company|company name|organisation|organization|organization name|organization 1 - name|firma|"
    "unternehmen|société|societe|entreprise|azienda|società|societa|ditta|ragione sociale|empresa|compañía|o|org|kunde|"
    "account|account name|employer|arbeitgeber",
    "department": "department|dept|abteilung|service|département|departement|reparto|dipartimento|departamento|ou",
    "title": "title|job title|position|role|titel|funktion|berufsbezeichnung|poste|fonction|titre|titolo|ruolo|"
    "qualifica|cargo|puesto|organization 1 - title",
    "numbers.work": "phone|telephone|tel|phone number|telephone number|work number|work phone|business phone|office|"
    "office phone|phone 1 - value|telefon|telefonnummer|rufnummer|telefon geschäftlich|telefon (geschäftlich)|"
    "geschäftlich|téléphone|telephone professionnel|téléphone professionnel|tél|numéro|telefono|telefono ufficio|"
    "numero|numero di telefono|teléfono|teléfono trabajo|telephonenumber|number|direct|direct dial|durchwahl|landline|"
    "main number|did",
    "numbers.mobile": "mobile|mobile phone|mobile number|cell|cell phone|cellphone|cellular|handy|mobil|mobiltelefon|"
    "handynummer|portable|mobile professionnel|téléphone mobile|gsm|cellulare|telefono cellulare|móvil|movil|celular|"
    "teléfono móvil|phone 2 - value",
    "numbers.home": "home phone|home number|home|private phone|telefon privat|telefon (privat)|privat|"
    "téléphone domicile|"
    "domicile|telefono casa|casa|abitazione|teléfono casa|particular|homephone",
    "numbers.fax": "fax|fax number|business fax|telefax|faxnummer|fax geschäftlich|télécopie|telecopieur|fax ufficio|"
    "numero fax|facsimiletelephonenumber",
    "numbers.extension": "extension|ext|ext.|internal number|nebenstelle|poste interne|interno|extensión|anexo",
    "numbers.other": "other phone|other number|phone 3 - value|weitere nummer|autre téléphone|altro telefono|"
    "otro teléfono|pager",
    "emails": "email|e-mail|e mail|mail|email address|e-mail address|e-mail 1 - value|e-mail 2 - value|"
    "email 2|e-mail 2|"
    "e-mail-adresse|mailadresse|courriel|adresse e-mail|adresse mail|adresse électronique|indirizzo e-mail|"
    "posta elettronica|correo|correo electrónico|email-adresse|work email|business email",
    "address": "address|full address|postal address|adresse|anschrift|adresse postale|indirizzo|dirección|direccion|"
    "address 1 - formatted",
    "street": "street|street address|business street|strasse|straße|rue|via|calle|address 1 - street|address line 1",
    "postcode": "postcode|postal code|zip|zip code|plz|postleitzahl|code postal|cap|código postal|codigo postal|"
    "business postal code|address 1 - postal code",
    "city": "city|town|business city|ort|stadt|ville|città|citta|comune|ciudad|localidad|l|address 1 - city",
    "region": "region|state|province|county|business state|bundesland|kanton|région|provincia|regione|estado|"
    "address 1 - region",
    "country": "country|country/region|business country/region|land|pays|paese|nazione|país|pais|address 1 - country",
    "birthday": "birthday|birth date|date of birth|born|dob|geburtstag|geburtsdatum|anniversaire|date de naissance|"
    "naissance|compleanno|data di nascita|cumpleaños|fecha de nacimiento",
    "notes": "note|notes|comment|comments|remark|remarks|notiz|notizen|bemerkung|bemerkungen|kommentar|remarque|"
    "remarques|commentaire|nota|commento|commenti|notas|comentario|observaciones|description|beschreibung",
    "speed_dial": "speed dial|speeddial|short dial|kurzwahl|numéro abrégé|numero breve|selezione breve|"
    "marcación rápida",
    "citizenship": "citizenship|nationality|staatsangehörigkeit|nationalität|nationalité|cittadinanza|nazionalità|"
    "nacionalidad",
    "minor": "minor|underage|minderjährig|mineur|minore|menor",
}  # fmt: skip
_BY_HEADER: Final = MappingProxyType({word: target for target, words in _HEADERS.items() for word in words.split("|")})
OWN_COLUMNS: Final = frozenset({"line", "why"})
"""What the file of broken rows adds: left out when that file is imported again."""

_SPACES: Final = re.compile(r"[\s_]+")
_EMAIL: Final = re.compile(r"^[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+$")
_NUMBER: Final = re.compile(r"^\+?[\d\s().\-/]{6,22}$")
_SEVERAL: Final = re.compile(r"\s*(?: ::: |[\n\r;|])\s*")
_SEVERAL_MAILS: Final = re.compile(r"\s*(?: ::: |[\n\r;|,])\s*")
_YES: Final = frozenset({"1", "yes", "y", "true", "x", "ja", "oui", "si", "sì", "sí"})
_NO: Final = frozenset({"", "0", "no", "n", "false", "nein", "non", "-"})


def guess(
    columns: Sequence[str], sample: Sequence[Sequence[str]], custom: Sequence[CustomField] = ()
) -> tuple[str, ...]:
    """For each column what it is: by its header, else by the rows of the `sample`, else LEAVE_OUT."""
    own = {_word(word): f"{CUSTOM}{one.key}" for one in custom for word in (one.label, one.key)}
    targets = [_by_header(column, own) for column in columns]
    for position, target in enumerate(targets):
        if target is None:
            values = [cells[position] for cells in sample if position < len(cells) and cells[position]]
            targets[position] = _by_content(values)
    found = ["" if target is None else target for target in targets]
    if "name" in found and "given" in found and "family" in found:
        found = [LEAVE_OUT if target == "name" else target for target in found]
    if "given" in found and "family" not in found and "name" not in found:
        found = ["name" if target == "given" else target for target in found]
    if "family" in found and "given" not in found and "name" not in found:
        found = ["name" if target == "family" else target for target in found]
    return _once(found)


def _word(header: str) -> str:
    return _SPACES.sub(" ", header.replace("\ufeff", "")).strip(" :*").lower()


def _by_header(column: str, own: Mapping[str, str]) -> str | None:
    word = _word(column)
    if word in OWN_COLUMNS:
        return LEAVE_OUT
    return own.get(word) or _BY_HEADER.get(word) or _BY_HEADER.get(re.sub(r" ?\d+$", "", word))


def _by_content(values: Sequence[str]) -> str:
    if not values:
        return LEAVE_OUT
    for pattern, target in ((_EMAIL, "emails"), (_NUMBER, "numbers.work")):
        if sum(pattern.match(value) is not None for value in values) * 10 >= len(values) * 6:
            return target
    return LEAVE_OUT


def _once(targets: list[str]) -> tuple[str, ...]:
    """Fields of one value are taken from the first column that has them."""
    seen: set[str] = set()
    kept = []
    for target in targets:
        repeated = target in seen and not target.startswith("numbers.") and target not in {"emails", "notes"}
        kept.append(LEAVE_OUT if repeated else target)
        seen.add(target)
    return tuple(kept)


class Reading(NamedTuple):
    """How rows are read: the target of each column, the country of numbers without one, what all rows get."""

    mapping: tuple[str, ...]
    region: str | None = None
    source: str = ""
    purposes: tuple[str, ...] = ()


_NUMBER_KIND: Final[Mapping[str, NumberKind]] = {f"numbers.{kind}": kind for kind in NUMBER_KINDS}


def contact_of(cells: Sequence[str], reading: Reading) -> NewContact:
    """The contact that a row gives. Raises ContactRefused naming a field; `check` of the api judges the rest."""
    values: dict[str, str] = {}
    numbers: list[Number] = []
    custom: dict[str, str] = {}
    for target, cell in zip(reading.mapping, cells, strict=False):
        if not target or not cell:
            continue
        if target in _NUMBER_KIND:
            numbers += _numbers(cell, _NUMBER_KIND[target], reading.region)
        elif target.startswith(CUSTOM):
            custom[target[len(CUSTOM) :]] = cell
        else:
            values[target] = f"{values[target]}\n{cell}" if target in values else cell
    return NewContact(
        **_fields(values, reading.region), numbers=tuple(numbers), custom=custom, source=reading.source,
        purposes=reading.purposes,
    )  # fmt: skip


def _fields(values: Mapping[str, str], region: str | None) -> dict[str, Any]:
    """The fields of a contact but numbers and the customer's own."""
    made: dict[str, Any] = {name: value for name in _WHOLE if (value := values.get(name))}
    made["given"], made["family"] = _names(values)
    if emails := values.get("emails"):
        made["emails"] = tuple(one for one in _SEVERAL_MAILS.split(emails) if one)
    if not _PLACES.isdisjoint(values):
        made["addresses"] = _addresses(values)
    if birthday := values.get("birthday"):
        made["birthday"] = _birthday(birthday, region)
    if minor := values.get("minor"):
        made["minor"] = _yes(minor)
    if citizenship := values.get("citizenship"):
        made["citizenship"] = citizenship.upper()
    return made


_WHOLE: Final = ("company", "title", "department", "notes", "speed_dial")
_PLACES: Final = frozenset({"address", "street", "city", "region", "postcode", "country"})


def _numbers(cell: str, kind: NumberKind, region: str | None) -> list[Number]:
    if "," in cell:
        parts = [one.strip() for one in cell.split(",")]
        if all(parse_e164(one, region) for one in parts):
            return [Number(value=one, kind=kind) for one in parts]
    return [Number(value=one, kind=kind) for one in _SEVERAL.split(cell) if one]


def _names(values: Mapping[str, str]) -> tuple[str, str]:
    given, family, full = values.get("given", ""), values.get("family", ""), values.get("name", "")
    if given or family or not full:
        return given, family
    if "," in full:
        last, _, first = full.partition(",")
        return first.strip(), last.strip()
    first, _, last = full.rpartition(" ")
    return (first.strip(), last.strip()) if first else ("", last.strip())


def _addresses(values: Mapping[str, str]) -> tuple[Address, ...]:
    whole = Address(
        street=values.get("street", "") or values.get("address", ""),
        city=values.get("city", ""),
        region=values.get("region", ""),
        postcode=values.get("postcode", ""),
        country=values.get("country", ""),
    )
    return (whole,) if whole != Address() else ()


_DAY_FIRST: Final = re.compile(r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$")
_YEAR_FIRST: Final = re.compile(r"^(\d{4})[./-]?(\d{1,2})[./-]?(\d{1,2})(?:[T ].*)?$")
_WRONG_DATE: Final = ("this is no day of a year", "write it as 1999-12-31, or leave it empty")


def _birthday(text: str, region: str | None) -> date | None:
    if text.startswith("--"):  # a day without a year (RFC 6350 section 4.3.1): nothing to count from
        return None
    if match := _YEAR_FIRST.match(text):
        year, month, day = map(int, match.groups())
    elif match := _DAY_FIRST.match(text):
        day, month, year = map(int, match.groups())
        if (region == "US" or month > 12) and day <= 12:
            day, month = month, day
    else:
        raise ContactRefused(_WRONG_DATE[0], remedy=_WRONG_DATE[1], field="birthday")
    try:
        return date(year, month, day)
    except ValueError:
        raise ContactRefused(_WRONG_DATE[0], remedy=_WRONG_DATE[1], field="birthday") from None


def _yes(text: str) -> bool:
    word = text.strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ContactRefused("neither yes nor no", remedy="write yes or no", field="minor")


def why_of(error: ContactRefused, columns: Sequence[str], mapping: Sequence[str]) -> str:
    """What is wrong with a row, in the words of its file: column, reason, remedy."""
    field = error.field
    part = field.partition(".")[0]
    alike = {"addresses": ("address", "street"), "given": ("given", "name"), "family": ("family", "name")}.get(
        part, (field, part)
    )
    column = next(
        (
            name
            for name, target in zip(columns, mapping, strict=False)
            if target and any(target == one or target.startswith(f"{one}.") for one in alike)
        ),
        part,
    )
    said = str(error.args[0]) if error.args else "cannot be kept"
    return f"{column}: {said}" + (f" ({error.remedy})" if error.remedy else "")
