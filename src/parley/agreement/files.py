"""Agreement files: found in the package, read from TOML, checked, and compiled for the gate.

The format is described in this package's README.md.
"""

import hashlib
import re
import tomllib
from dataclasses import replace
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import ClassVar, Final, Literal

from parley.agreement.diagnosis import AgreementFileError, Sheet
from parley.agreement.mechanisms import AWAITED, MECHANISMS
from parley.agreement.rules import compile_gate
from parley.agreement.section import Section
from parley.agreement.terms import read_terms
from parley.agreement.types import Agreement, Clause, Party
from parley.agreement.vocabulary import ROLES, SUBJECTS
from parley.foundation.errors import ParleyError

FORMAT: Final = 1
_KINDS: Final[tuple[Literal["dpa", "policy", "terms"], ...]] = ("dpa", "policy", "terms")
_TAKES_EFFECT: Final[tuple[Literal["by-agreement", "when-published"], ...]] = ("by-agreement", "when-published")
_CLAUSE_ID: Final = re.compile(r"^[A-Z]{2}-[A-Z0-9]+[a-z]?\.[a-z][a-z0-9-]*$")
_DECODE_PLACE: Final = re.compile(r"\(at line (\d+), column (\d+)\)")


class UnknownAgreement(ParleyError):
    """No agreement file has this id."""

    error_id: ClassVar[str] = "agreement.unknown"


def available() -> tuple[str, ...]:
    """The ids of the agreements that come with Parley, sorted."""
    names = (item.name for item in resources.files("parley.agreement").joinpath("agreements").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def load(agreement_id: str) -> Agreement:
    """The packaged agreement with this id, checked; the same object for each call.

    Raises UnknownAgreement when there is none, AgreementFileError when its file has mistakes.
    """
    if agreement_id not in available():
        raise UnknownAgreement(
            f'there is no agreement "{agreement_id}"', remedy="choose one of: " + ", ".join(available())
        )
    name = f"{agreement_id}.toml"
    text = resources.files("parley.agreement").joinpath("agreements", name).read_text(encoding="utf-8")
    agreement = parse(text, file=name)
    if agreement.id != agreement_id:
        sheet = Sheet(file=name, text=text)
        sheet.report(("id",), f'is "{agreement.id}" in a file named {name}', remedy=f'write id = "{agreement_id}"')
        raise AgreementFileError(sheet.diagnoses)
    return agreement


def parse(text: str, *, file: str) -> Agreement:
    """The agreement written in `text`; `file` is the name that messages show.

    Raises AgreementFileError with every mistake that was found.
    """
    return _read(text, Sheet(file=file, text=text), signed=False)


def read_signed(text: str, *, file: str) -> Agreement:
    """The agreement of a text that was signed under this or an earlier version of Parley.

    A signature never changes, and what keeps a clause does: that is told by the packaged agreement of the same id where
    it has the clause, else by the text as far as its words are still known. Raises AgreementFileError.
    """
    agreement = _read(text, Sheet(file=file, text=text), signed=True)
    if agreement.id not in available():
        return agreement
    today = load(agreement.id).clauses
    clauses = {
        name: replace(clause, enforced_by=today[name].enforced_by, waits_for=today[name].waits_for)
        if name in today
        else clause
        for name, clause in agreement.clauses.items()
    }
    return replace(agreement, clauses=MappingProxyType(clauses))


def _read(text: str, sheet: Sheet, *, signed: bool) -> Agreement:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as mistake:
        place = _DECODE_PLACE.search(str(mistake))
        problem = _DECODE_PLACE.sub("", str(mistake)).strip()
        sheet.report(
            (),
            f"this is not TOML: {problem}",
            remedy='look for a missing quote, bracket or "=" on this line or the one before',
            line=int(place.group(1)) if place else len(sheet.lines),
        )
        raise AgreementFileError(sheet.diagnoses) from mistake
    if signed:
        _leave_out_unknown_means(raw)
    agreement = _agreement(Section(raw, path=(), sheet=sheet), signed=signed)
    if sheet.diagnoses:
        raise AgreementFileError(sheet.diagnoses)
    return compile_gate(replace(agreement, digest=hashlib.sha256(text.encode()).hexdigest()))


def _leave_out_unknown_means(raw: dict[str, object]) -> None:
    """Drops the words of `enforced_by` and `waits_for` that this version does not know."""
    clauses = raw.get("clause")
    for clause in clauses if isinstance(clauses, list) else ():
        for field, known in (("enforced_by", MECHANISMS), ("waits_for", AWAITED)):
            if isinstance(clause.get(field), list):
                clause[field] = [word for word in clause[field] if word in known]


def _agreement(page: Section, *, signed: bool) -> Agreement:
    written_format = page.count("format", unit="format number")
    if written_format != FORMAT:
        page.report("format", f"is {written_format}", remedy=f"this version of Parley reads format = {FORMAT}")
    agreement_id = page.text("id")
    version = page.text("version")
    title = page.text("title")
    source = page.text("source")
    kind = page.one_of("kind", _KINDS)
    takes_effect = page.one_of("takes_effect", _TAKES_EFFECT)
    if kind == "dpa" and takes_effect != "by-agreement":
        page.report(
            "takes_effect",
            "a data processing agreement (GDPR Art. 28) changes only by agreement",
            remedy='write takes_effect = "by-agreement", or kind = "policy" when it is one',
        )
    parties = tuple(_party(section) for section in page.tables("party"))
    clauses = _clauses(page, signed=signed)
    terms = read_terms(page, clauses)
    page.finish()
    return Agreement(
        id=agreement_id,
        version=version,
        title=title,
        source=source,
        kind=kind,
        takes_effect=takes_effect,
        parties=parties,
        clauses=MappingProxyType(clauses),
        terms=terms,
    )


def _party(section: Section) -> Party:
    party = Party(name=section.text("name"), roles=section.words("roles", known=sorted(ROLES)))
    section.finish()
    return party


def _clauses(page: Section, *, signed: bool) -> dict[str, Clause]:
    clauses: dict[str, Clause] = {}
    for section in page.tables("clause"):
        clause = _clause(section, signed=signed)
        if clause.id in clauses:
            section.report("id", f'"{clause.id}" stands twice', remedy="merge the two clauses, or give one its own id")
        clauses[clause.id] = clause
    return clauses


def _clause(section: Section, *, signed: bool) -> Clause:
    clause = Clause(
        id=section.text("id"),
        subject=section.one_of("subject", tuple(SUBJECTS)),
        statement=section.text("statement"),
        source=section.text("source"),
        enforced_by=section.words("enforced_by", known=MECHANISMS, required=False),
        waits_for=section.words("waits_for", known=AWAITED, required=False),
        authored=section.flag("authored", default=False),
    )
    if clause.id and not _CLAUSE_ID.match(clause.id):
        section.report(
            "id", f'"{clause.id}" is not a clause id', remedy='write two letters, section, word: "IM-3f.breach"'
        )
    if not signed and not clause.enforced_by and not clause.waits_for:
        section.report(
            "enforced_by",
            "nothing keeps this clause",
            remedy="name what enforces it (enforced_by), or say honestly what it waits for (waits_for)",
        )
    if not clause.authored and clause.source.lower().startswith("ours"):
        section.report("source", "says that the clause is ours", remedy="write authored = true as well")
    section.finish()
    return clause
