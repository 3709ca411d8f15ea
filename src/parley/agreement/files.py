"""Agreement files: found in the package, read from TOML, checked, and compiled for the gate.

The format is described in this package's README.md.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import ClassVar, Final, Literal

from parley.agreement.diagnosis import AgreementFileError, Sheet
from parley.agreement.mechanisms import AWAITED, MECHANISMS
from parley.agreement.rules import compile_gate
from parley.agreement.section import Section
from parley.agreement.types import (
    Agreement,
    Clause,
    Custody,
    EncryptionTerm,
    EndTerm,
    ForbiddenTerm,
    Party,
    PurposeTerm,
    RegionTerm,
    RetentionTerm,
    SupportDataTerm,
    SuspensionTerm,
    Terms,
)
from parley.agreement.vocabulary import AREAS, OFFERINGS, PURPOSES, ROLES, SUBJECTS
from parley.foundation.errors import ParleyError

FORMAT: Final = 1
_CUSTODIES: Final[tuple[Custody, ...]] = ("local", "customer-held", "pkcs11")
_END_CHOICES: Final[tuple[Literal["delete", "return"], ...]] = ("delete", "return")
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
    sheet = Sheet(file=file, text=text)
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
    agreement = _agreement(Section(raw, path=(), sheet=sheet))
    if sheet.diagnoses:
        raise AgreementFileError(sheet.diagnoses)
    return compile_gate(agreement)


def _agreement(page: Section) -> Agreement:
    written_format = page.count("format", unit="format number")
    if written_format != FORMAT:
        page.report("format", f"is {written_format}", remedy=f"this version of Parley reads format = {FORMAT}")
    agreement_id = page.text("id")
    version = page.text("version")
    title = page.text("title")
    source = page.text("source")
    takes_effect = page.one_of("takes_effect", _TAKES_EFFECT)
    parties = tuple(_party(section) for section in page.tables("party"))
    clauses = _clauses(page)
    terms = _terms(page.table("terms"), clauses)
    page.finish()
    return Agreement(
        id=agreement_id,
        version=version,
        title=title,
        source=source,
        takes_effect=takes_effect,
        parties=parties,
        clauses=MappingProxyType(clauses),
        terms=terms,
    )


def _party(section: Section) -> Party:
    party = Party(name=section.text("name"), roles=section.words("roles", known=sorted(ROLES)))
    section.finish()
    return party


def _clauses(page: Section) -> dict[str, Clause]:
    clauses: dict[str, Clause] = {}
    for section in page.tables("clause"):
        clause = _clause(section)
        if clause.id in clauses:
            section.report("id", f'"{clause.id}" stands twice', remedy="merge the two clauses, or give one its own id")
        clauses[clause.id] = clause
    return clauses


def _clause(section: Section) -> Clause:
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
    if not clause.enforced_by and not clause.waits_for:
        section.report(
            "enforced_by",
            "nothing keeps this clause",
            remedy="name what enforces it (enforced_by), or say honestly what it waits for (waits_for)",
        )
    if not clause.authored and clause.source.lower().startswith("ours"):
        section.report("source", "says that the clause is ours", remedy="write authored = true as well")
    section.finish()
    return clause


def _terms(section: Section, clauses: Mapping[str, Clause]) -> Terms:
    terms = Terms(
        purposes=tuple(_purpose(item, clauses) for item in section.tables("purpose")),
        forbidden=tuple(_forbidden(item, clauses) for item in section.tables("forbidden", required=False)),
        encryption=_encryption(section.table("encryption"), clauses),
        retention=_retention(section.table("retention"), clauses),
        end=_end(section.table("end_of_contract"), clauses),
        regions=_regions(section.table("regions"), clauses),
        suspension=_suspension(section.table("suspension"), clauses),
        instructions_clause=_clause_named(section.table("instructions"), clauses, alone=True),
        support_data=_support_data(section.optional_table("support_data"), clauses),
    )
    _check_purposes(section, terms)
    section.finish()
    return terms


def _check_purposes(section: Section, terms: Terms) -> None:
    keys: set[str] = set()
    forbidden = {purpose for term in terms.forbidden for purpose in term.purposes}
    for index, term in enumerate(terms.purposes):
        path = (*section.path, "purpose", index)
        if term.key in keys:
            section.sheet.report((*path, "key"), f'"{term.key}" stands twice', remedy="give each purpose its own key")
        keys.add(term.key)
        for purpose in sorted(forbidden & set(term.covers)):
            section.sheet.report(
                (*path, "covers"),
                f'"{purpose}" is also forbidden by this file',
                remedy="remove it here, or from [[terms.forbidden]]",
            )


def _clause_named(section: Section, clauses: Mapping[str, Clause], *, alone: bool = False) -> str:
    named = section.text("clause")
    if named and named not in clauses:
        section.report(
            "clause", f'there is no clause "{named}" in this file', remedy="add the clause, or correct the id"
        )
    if alone:
        section.finish()
    return named


def _purpose(section: Section, clauses: Mapping[str, Clause]) -> PurposeTerm:
    term = PurposeTerm(
        key=section.text("key"),
        statement=section.text("statement"),
        covers=section.words("covers", known=PURPOSES),
        offerings=section.words("offerings", known=("*", *OFFERINGS)),
        instructed_by_signing=section.flag("instructed_by_signing"),
        clause=_clause_named(section, clauses),
        authored=section.flag("authored", default=False),
    )
    section.finish()
    return term


def _forbidden(section: Section, clauses: Mapping[str, Clause]) -> ForbiddenTerm:
    term = ForbiddenTerm(
        purposes=section.words("purposes", known=PURPOSES),
        clause=_clause_named(section, clauses),
        authored=section.flag("authored", default=False),
    )
    section.finish()
    return term


def _encryption(section: Section, clauses: Mapping[str, Clause]) -> EncryptionTerm:
    custody = section.words("custody", known=_CUSTODIES)
    term = EncryptionTerm(
        required=section.flag("required"),
        custody=tuple(word for word in _CUSTODIES if word in custody),
        clause=_clause_named(section, clauses),
        authored=section.flag("authored", default=False),
    )
    section.finish()
    return term


def _retention(section: Section, clauses: Mapping[str, Clause]) -> RetentionTerm:
    term = RetentionTerm(
        controlled_by=section.one_of("controlled_by", ("customer", "provider")),
        delete_any_time=section.flag("delete_any_time"),
        clause=_clause_named(section, clauses),
        authored=section.flag("authored", default=False),
    )
    section.finish()
    return term


def _end(section: Section, clauses: Mapping[str, Clause]) -> EndTerm:
    choices = section.words("choices", known=_END_CHOICES)
    term = EndTerm(
        choices=tuple(word for word in _END_CHOICES if word in choices),
        access_days=section.count("access_days", unit="days"),
        export_days=section.count("export_days", unit="days"),
        destroy_days=section.count("destroy_days", unit="days"),
        certificate=section.one_of("certificate", ("always", "on-request", "unstated")),
        clause=_clause_named(section, clauses),
        authored=section.flag("authored", default=False),
    )
    if not term.access_days <= term.export_days <= term.destroy_days:
        section.report(
            "destroy_days",
            f"the days run backwards: {term.access_days}, {term.export_days}, {term.destroy_days}",
            remedy="all three count from the end of the contract: access_days <= export_days <= destroy_days",
        )
    section.finish()
    return term


def _regions(section: Section, clauses: Mapping[str, Clause]) -> RegionTerm:
    term = RegionTerm(
        chosen_by=section.one_of("chosen_by", ("customer", "provider")),
        areas=section.words("areas", known=AREAS),
        elsewhere=section.one_of("elsewhere", ("never", "confirmed-measure")),
        clause=_clause_named(section, clauses),
        authored=section.flag("authored", default=False),
    )
    section.finish()
    return term


def _suspension(section: Section, clauses: Mapping[str, Clause]) -> SuspensionTerm:
    term = SuspensionTerm(
        clause=_clause_named(section, clauses),
        authored=section.flag("authored", default=False),
    )
    section.finish()
    return term


def _support_data(section: Section | None, clauses: Mapping[str, Clause]) -> SupportDataTerm | None:
    if section is None:
        return None
    term = SupportDataTerm(
        keep_years=section.count("keep_years", unit="years", most=30),
        clause=_clause_named(section, clauses),
        authored=section.flag("authored", default=False),
    )
    section.finish()
    return term
