"""Words of contacts on pages, and what a form of a contact says."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from parley.contacts import api as contacts
from parley.web.filled import Filled

NUMBER_KINDS: Final[Mapping[str, Any]] = {
    "work": _("work"),
    "mobile": _("mobile"),
    "home": _("home"),
    "fax": _("fax"),
    "extension": _("extension"),
    "other": _("other"),
}
CHANNELS: Final[Mapping[contacts.Channel, Any]] = {
    "email": _("by e-mail"),
    "phone": _("by telephone"),
    "sms": _("by text message"),
    "post": _("by letter"),
}
ALL_CHANNELS: Final[Mapping[contacts.Channel, Any]] = {"*": _("by every way"), **CHANNELS}
PURPOSES: Final[Mapping[str, Any]] = {
    "marketing": _("marketing"),
    "newsletter": _("newsletter"),
    "survey": _("surveys"),
    "invitations": _("invitations to events"),
}
"""Purposes that pages offer; another one is shown as it is written."""
GROUNDS: Final[Mapping[str, Any]] = {
    "objection": _("told to your people"),
    "request": _("a request of the person"),
    "preferences": _("the person's own page"),
    "unsubscribed": _("unsubscribed by a letter's link"),
    "bounced": _("letters came back"),
}
"""How an objection came; another word is shown as it is written."""
DIRECTORY_KINDS: Final[Mapping[str, Any]] = {
    "personal": _("yours alone"),
    "department": _("of a group"),
    "public": _("for everybody"),
}
STATES: Final[Mapping[str, tuple[Any, str]]] = {
    "uploaded": (_("waits for your choice"), "due"),
    "queued": (_("running"), "due"),
    "done": (_("imported"), "kept"),
    "failed": (_("could not be read"), "late"),
    "withdrawn": (_("not imported"), "idle"),
    "undoing": (_("being undone"), "due"),
    "undone": (_("undone"), "idle"),
}
TARGETS: Final[Mapping[str, Any]] = {
    "": _("leave out"),
    "name": _("whole name"),
    "given": _("given name"),
    "family": _("family name"),
    "company": _("company"),
    "department": _("department"),
    "title": _("job title"),
    "numbers.work": _("number, work"),
    "numbers.mobile": _("number, mobile"),
    "numbers.home": _("number, home"),
    "numbers.fax": _("number, fax"),
    "numbers.extension": _("extension"),
    "numbers.other": _("number, other"),
    "emails": _("e-mail"),
    "address": _("address in one"),
    "street": _("street"),
    "postcode": _("postcode"),
    "city": _("city"),
    "region": _("region"),
    "country": _("country"),
    "birthday": _("birthday"),
    "notes": _("notes"),
    "speed_dial": _("speed dial"),
    "citizenship": _("citizenship"),
    "minor": _("is a minor"),
}
WHYS: Final[Mapping[str, Any]] = {
    "number": _("the same number"),
    "email": _("the same e-mail address"),
    "name": _("the same name and company"),
}
FIELDS: Final[Mapping[str, Any]] = {
    "given": _("Given name"),
    "family": _("Family name"),
    "company": _("Company"),
    "title": _("Job title"),
    "department": _("Department"),
    "birthday": _("Birthday"),
    "notes": _("Notes"),
    "speed_dial": _("Speed dial"),
    "citizenship": _("Citizenship"),
    "source": _("Source"),
}
"""Fields that a merge chooses one of; numbers and addresses are joined."""
NUMBER_ROWS: Final = 6


def purpose_words(purpose: str) -> str:
    """A purpose of consent in words."""
    return str(PURPOSES.get(purpose, purpose))


def target_words(custom: tuple[contacts.CustomField, ...]) -> dict[str, str]:
    """What a column can be, in words."""
    return {key: str(word) for key, word in TARGETS.items()} | {f"custom.{one.key}": one.label for one in custom}


def directory_name(one: contacts.Directory) -> str:
    """The name of a directory; a personal one has none of its own."""
    return one.name or _now("My contacts")


def form_of(contact: contacts.NewContact) -> dict[str, str]:
    """The values of the form that shows a contact."""
    values = {name: getattr(contact, name) or "" for name in FIELDS if name not in {"birthday"}}
    values["birthday"] = contact.birthday.isoformat() if contact.birthday else ""
    for place, number in enumerate(contact.numbers, 1):
        values[f"number{place}"], values[f"kind{place}"] = number.value, number.kind
    values["emails"] = "\n".join(contact.emails)
    if contact.addresses:
        home = contact.addresses[0]
        for part in ("street", "postcode", "city", "region", "country"):
            values[part] = getattr(home, part)
    for key, value in contact.custom.items():
        values[f"custom.{key}"] = value
    values["purposes"] = ", ".join(contact.purposes)
    values["keep_until"] = contact.keep_until.date().isoformat() if contact.keep_until else ""
    values["minor"] = "on" if contact.minor else ""
    return values


def contact_in(
    filled: Filled, *, custom: tuple[contacts.CustomField, ...], before: contacts.NewContact | None = None
) -> contacts.NewContact:
    """The contact that a form describes; what is wrong stands in `filled.wrong`. What the form does not show stays as
    it was `before`."""
    values, text = filled.values, filled.text
    places = [name[6:] for name in values if name.startswith("number") and name[6:].isdecimal()]
    numbers = tuple(
        contacts.Number(value=value, kind=kind if kind in contacts.NUMBER_KINDS else "work")
        for place in sorted(places, key=int)[: NUMBER_ROWS * 4]
        if (value := values[f"number{place}"].strip()) and (kind := values.get(f"kind{place}", "work"))
    )
    home = contacts.Address(
        **{part: text(part, needed=False, most=1000) for part in ("street", "city", "region", "postcode", "country")}
    )
    own = {one.key: value for one in custom if (value := text(f"custom.{one.key}", needed=False))}
    known = {one.key for one in custom}
    kept = {key: value for key, value in before.custom.items() if key not in known} if before else {}
    return contacts.NewContact(
        given=text("given", needed=False, most=1000), family=text("family", needed=False, most=1000),
        company=text("company", needed=False, most=1000), title=text("title", needed=False, most=1000),
        department=text("department", needed=False, most=1000), numbers=numbers,
        emails=tuple(one.strip() for one in text("emails", needed=False).splitlines() if one.strip()),
        addresses=((home,) if home != contacts.Address() else ()) + (before.addresses[1:] if before else ()),
        birthday=_day(filled, "birthday"), notes=text("notes", needed=False, most=20_000),
        speed_dial=text("speed_dial", needed=False, most=64), custom={**kept, **own},
        purposes=tuple(one.strip() for one in text("purposes", needed=False).split(",") if one.strip()),
        source=text("source", needed=False, most=1000), shared_with=before.shared_with if before else (),
        keep_until=_until(filled, before), minor=bool(values.get("minor")),
        citizenship=text("citizenship", needed=False, most=2).upper(),
    )  # fmt: skip


def _day(filled: Filled, name: str) -> date | None:
    given = filled.values.get(name, "").strip()
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        filled.wrong[name] = _now("A day is written 2026-11-22.")
        return None


def _until(filled: Filled, before: contacts.NewContact | None) -> datetime | None:
    """The end of keeping: the start of that day, or the instant that was there when the day is the same."""
    day = _day(filled, "keep_until")
    if day is None:
        return None
    if before and before.keep_until and before.keep_until.date() == day:
        return before.keep_until
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def told(filled: Filled, error: contacts.ContactRefused) -> None:
    """Put what a contact was refused for beside its field."""
    names = {"addresses": "street", "numbers": "number1"}
    said = f"{error.args[0]}. {error.remedy}".strip()
    filled.wrong[names.get(error.field, error.field or "family")] = said[:1].upper() + said[1:]
