"""The deeds of the rights desk, read from their forms; and what was found, in words with links."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import QueryDict
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from parley.exports import api as exports
from parley.foundation.errors import ParleyError
from parley.inventory.api import Subject, stores
from parley.obligations import api as obligations
from parley.rights import api as rights
from parley.web import rights_words as words
from parley.web.filled import Filled

_LONGEST: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A deed as it was sent: for which request, with which fields, by whom, when. `many` has fields of several."""

    request_id: UUID
    filled: Filled
    many: QueryDict
    by: UUID
    at: datetime

    def text(self, name: str, *, needed: bool = True) -> str:
        return self.filled.text(name, needed=needed, most=_LONGEST)

    @property
    def wrong(self) -> bool:
        return bool(self.filled.wrong)


def _sort(asked: Asked) -> str:
    kinds = asked.many.getlist("kinds")
    rights.sort(asked.request_id, kinds=kinds, by=asked.by, at=asked.at)
    return ""


def _ask_identity(asked: Asked) -> str:
    what, why = asked.text("what"), asked.text("why")
    if not asked.wrong:
        rights.ask_identity(asked.request_id, what=what, why=why, by=asked.by, at=asked.at)
    return ""


def _verify(asked: Asked) -> str:
    means = asked.filled.choice("means", words.GIVEN_BY_STAFF)
    seen = asked.text("seen", needed=means == "document-seen")
    covers: list[rights.CodeTo] = [to for to in ("email", "number") if to in asked.many.getlist("covers")]
    if not asked.wrong:
        rights.verify(
            asked.request_id, means=means, seen=seen, covers=covers, by=asked.by, at=asked.at  # type: ignore[arg-type]
        )  # fmt: skip
    return ""


def _read_out(asked: Asked) -> str:
    return rights.code_to_read_out(asked.request_id, by=asked.by, at=asked.at)


def _authorise(asked: Asked) -> str:
    rights.authorise(asked.request_id, by=asked.by, at=asked.at)
    return ""


def _look(asked: Asked) -> str:
    numbers = _several(asked.text("numbers", needed=False))
    emails = tuple(one.lower() for one in _several(asked.text("emails", needed=False)))
    also = Subject(numbers=numbers, emails=emails) if numbers or emails else None
    rights.look(asked.request_id, by=asked.by, at=asked.at, also=also)
    return ""


def _choose(asked: Asked) -> str:
    store = asked.filled.choice("store", store_names())
    records = _uuids(asked.many.getlist("record"))
    why = asked.filled.values.get("why", "")
    if why not in {"", *words.CHOOSABLE}:
        asked.filled.wrong["why"] = _("Choose one.")
    if not records:
        asked.filled.wrong["record"] = _("Tick the records first.")
    if not asked.wrong:
        rights.choose(asked.request_id, store=store, records=records, why=why, by=asked.by, at=asked.at)
    return ""


def _rectify(asked: Asked) -> str:
    store, record = asked.filled.choice("store", store_names()), _uuids([asked.filled.values.get("record", "")])
    field, value = asked.text("field"), asked.text("value", needed=False)
    if not record:
        asked.filled.wrong["record"] = _("Choose one.")
    if not asked.wrong:
        rights.rectify(
            asked.request_id, store=store, record=record[0], changes={field: value}, by=asked.by, at=asked.at
        )
    return ""


def _fulfil(asked: Asked) -> str:
    rights.fulfil(asked.request_id, by=asked.by, at=asked.at)
    return ""


def _decide(asked: Asked) -> str:
    kind = asked.filled.choice("kind", words.KINDS)
    granted = asked.filled.choice("granted", ("yes", "no")) == "yes"
    ground, said_ = asked.filled.values.get("ground", ""), asked.text("words", needed=not granted)
    if not granted and not ground:
        asked.filled.wrong["ground"] = _("Choose one.")
    if not asked.wrong:
        rights.decide(
            asked.request_id, kind=kind, granted=granted, ground="" if granted else ground, words=said_, by=asked.by,
            at=asked.at,
        )  # fmt: skip
    return ""


def _review(asked: Asked) -> str:
    outcome = asked.text("outcome")
    if not asked.wrong:
        rights.review(asked.request_id, outcome=outcome, by=asked.by, at=asked.at)
    return ""


def _lift(asked: Asked) -> str:
    why = asked.text("why")
    if not asked.wrong:
        rights.lift(asked.request_id, why=why, by=asked.by, at=asked.at)
    return ""


def _transmit(asked: Asked) -> str:
    to = asked.text("to")
    if not asked.wrong:
        rights.transmit(asked.request_id, to=to, by=asked.by, at=asked.at)
    return ""


def _extend(asked: Asked) -> str:
    reasons = asked.text("reasons")
    if not asked.wrong:
        rights.extend(asked.request_id, reasons=reasons, by=asked.by, at=asked.at)
    return ""


def _refuse(asked: Asked) -> str:
    ground, reasons = asked.filled.values.get("ground", ""), asked.text("reasons")
    if not ground:
        asked.filled.wrong["ground"] = _("Choose one.")
    if not asked.wrong:
        rights.refuse(asked.request_id, ground=ground, reasons=reasons, by=asked.by, at=asked.at)
    return ""


def _answer(asked: Asked) -> str:
    text = asked.text("text")
    if not asked.wrong:
        rights.answer(asked.request_id, text=text, by=asked.by, at=asked.at)
    return ""


def _withdraw(asked: Asked) -> str:
    rights.withdraw(asked.request_id, by=str(asked.by), at=asked.at)
    return ""


def _note(asked: Asked) -> str:
    text = asked.text("text")
    if not asked.wrong:
        rights.note(asked.request_id, text=text, by=asked.by, at=asked.at)
    return ""


DEEDS: Final[Mapping[str, Callable[[Asked], str]]] = {
    "sort": _sort, "ask-identity": _ask_identity, "verify": _verify, "read-out": _read_out, "authorise": _authorise,
    "look": _look, "choose": _choose, "rectify": _rectify, "fulfil": _fulfil, "decide": _decide, "review": _review,
    "lift": _lift, "transmit": _transmit, "extend": _extend, "refuse": _refuse, "answer": _answer,
    "withdraw": _withdraw, "note": _note,
}  # fmt: skip
"""By the word that a form sends. What a deed returns is shown once: a code to read out."""


def fulfil_words(view: rights.RequestView) -> str:
    """What the button says: the deed, with its numbers."""
    count = sum(one.count - one.left_out for one in view.found)
    places = sum(one.count > one.left_out for one in view.found)
    left = [kind for kind in view.line.kinds if kind not in view.done]
    if not count and {"access", "portability", "erasure", "restriction"} & set(left):
        return _("Nothing is held: note that")
    where = ngettext("%(n)d store", "%(n)d stores", places) % {"n": places}
    said = []
    if "erasure" in left:
        said.append(ngettext("Erase %(n)d record in %(where)s", "Erase %(n)d records in %(where)s", count))
    if "restriction" in left:
        said.append(ngettext("Restrict %(n)d record in %(where)s", "Restrict %(n)d records in %(where)s", count))
    if {"access", "portability"} & set(left):
        said.append(ngettext("Package %(n)d record from %(where)s", "Package %(n)d records from %(where)s", count))
    spoken = [one % {"n": count, "where": where} for one in said]
    return _(" and ").join([*spoken[:1], *(one[:1].lower() + one[1:] for one in spoken[1:])])


def running(view: rights.RequestView) -> Any:
    """How far the making of the package is: None when nothing runs."""
    found = package(view)
    if found is None or found.state not in {"queued", "running"}:
        return None
    return {"export": found, "progress": obligations.progress(found.progress_key)}


def package(view: rights.RequestView) -> exports.ExportView | None:
    """The package of a request for access or portability, if one was asked for."""
    return exports.get(view.export_id) if view.export_id is not None else None


def store_line(view: rights.RequestView, found: rights.FoundStore) -> dict[str, Any]:
    """One store: how many, of which kinds, what is left out, what came of them, with the link to its records."""
    kinds = _kinds_of(found.store)
    return {
        "found": found,
        "name": store_name(found.store),
        "kinds": ", ".join(
            f"{kinds.get(kind, kind)}: {count}" if len(found.kinds) > 1 else kinds.get(kind, kind)
            for kind, count in found.kinds.items()
        ),
        "outcomes": ", ".join(f"{count} {words.OUTCOMES.get(what, what)}" for what, count in found.outcomes.items()),
        "url": reverse("right-found", args=[view.id, found.store]) if found.count else "",
    }


def record_line(found: rights.FoundRecord) -> dict[str, Any]:
    """One record: its kind in words, where it can be seen, why it is left out, what came of it."""
    return {
        "found": found,
        "kind": _kinds_of(found.store).get(found.kind, found.kind),
        "url": _record_url(found),
        "left_out": words.LEFT_OUT.get(found.left_out, found.left_out),
        "outcome": words.OUTCOMES.get(found.outcome, found.outcome),
    }


_PAGES: Final = {
    "recordings": ("recording",), "contacts": ("contact",), "exports": ("export",), "rights": ("right-request",),
}  # fmt: skip


def _record_url(found: rights.FoundRecord) -> str:
    if found.outcome == "erased":
        return ""
    for name in _PAGES.get(found.store, ()):
        try:
            return reverse(name, args=[found.id])
        except NoReverseMatch:
            continue
    return ""


def store_names() -> tuple[str, ...]:
    """The stores of this installation."""
    return tuple(stores().by_name)


def store_name(store: str) -> str:
    """A store in words."""
    return store.replace("-", " ").replace("_", " ").capitalize()


def facts_words(facts: Mapping[str, str | int | bool]) -> str:
    """The facts of a step that people read: counts and means; ids stay in the log."""
    said = []
    for name, value in facts.items():
        if name == "means":
            said.append(str(words.MEANS.get(str(value), value)))
        elif name == "why":
            said.append(str(words.LEFT_OUT.get(str(value), _("taken in again"))))
        elif name == "law":
            said.append(str(value))
        elif name in {"kinds", "kind"}:
            said.append(words.kinds_words(str(value).split(",")))
        elif name.startswith("in "):
            said.append(f"{store_name(name[3:])}: {value}")
        elif isinstance(value, int) and not isinstance(value, bool) and name != "revision":
            said.append(f"{value} {name.replace('-', ' ')}")
    return ", ".join(said)


def said(error: ParleyError) -> str:
    """An error as a sentence with its remedy."""
    first = str(error.args[0])
    return f"{first[:1].upper()}{first[1:]}. {error.remedy}".strip()


def _kinds_of(store: str) -> Mapping[str, str]:
    known = stores().by_name.get(store)
    return known.kinds if known is not None else {}


def _several(text: str) -> tuple[str, ...]:
    """Values in lines or between commas."""
    return tuple(one.strip() for one in text.replace(",", "\n").splitlines() if one.strip())


def _uuids(values: list[str]) -> list[UUID]:
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found
