"""The tables below [terms] of an agreement file, each read into its value; `types.py` says what the fields mean."""

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeVar

from parley.agreement.compose_rules import PARTS
from parley.agreement.section import Section
from parley.agreement.terms_check import check_terms
from parley.agreement.types import (
    AlsoTerm,
    AttestationTerm,
    AuditTerm,
    AvailabilityTerm,
    BreachTerm,
    Clause,
    Custody,
    DataTerm,
    EncryptionTerm,
    EndTerm,
    ForbiddenTerm,
    InstructionsTerm,
    LimitTerm,
    MarketingTerm,
    MinorsTerm,
    NoticesTerm,
    PurposeTerm,
    RegionTerm,
    ResidencyTerm,
    RetentionTerm,
    RightsTerm,
    StaffTerm,
    SubprocessorTerm,
    SupportDataTerm,
    SuspensionTerm,
    Terms,
)
from parley.agreement.vocabulary import (
    AREAS,
    CATEGORIES,
    DATA_SUBJECTS,
    EXPORT_FORMATS,
    MEASURES,
    OFFERINGS,
    PURPOSES,
    RESPONSIBLE,
)

_CUSTODIES: Final[tuple[Custody, ...]] = ("local", "customer-held", "pkcs11")
_END_CHOICES: Final[tuple[Literal["delete", "return"], ...]] = ("delete", "return")
_EXCEPTIONS: Final[tuple[Literal["authority", "incident"], ...]] = ("authority", "incident")

_WHOLLY_OURS: Final = "-X."
"""Clauses that no source text has are named XX-X.word."""

_Term = TypeVar("_Term")
Clauses = Mapping[str, Clause]


def read_terms(page: Section, clauses: Clauses) -> Terms:
    """All terms. Mistakes become diagnoses of the sheet."""
    section = page.table("terms")

    def one(key: str, read: Callable[[Section, Clauses], _Term]) -> _Term:
        return _finished(section.table(key), read, clauses)

    def perhaps(key: str, read: Callable[[Section, Clauses], _Term]) -> _Term | None:
        table = section.optional_table(key)
        return None if table is None else _finished(table, read, clauses)

    def each(key: str, read: Callable[[Section, Clauses], _Term], *, required: bool = False) -> tuple[_Term, ...]:
        return tuple(_finished(item, read, clauses) for item in section.tables(key, required=required))

    terms = Terms(
        purposes=each("purpose", _purpose, required=True),
        forbidden=each("forbidden", _forbidden),
        encryption=one("encryption", _encryption),
        retention=one("retention", _retention),
        end=one("end_of_contract", _end),
        regions=one("regions", _regions),
        suspension=one("suspension", _suspension),
        instructions=one("instructions", _instructions),
        notices=one("notices", _notices),
        subprocessors=one("subprocessors", _subprocessors),
        breach=one("breach", _breach),
        audit=one("audit", _audit),
        rights=one("rights", _rights),
        staff=one("staff", _staff),
        marketing=one("marketing", _marketing),
        support_data=perhaps("support_data", _support_data),
        availability=each("availability", _availability),
        attestations=each("attestation", _attestation),
        residency=each("residency", _residency),
        data=each("data", _data),
        limits=each("limit", _limit),
        minors=perhaps("minors", _minors),
        also=each("also", _also),
    )
    check_terms(section, terms)
    section.finish()
    return terms


def _finished(section: Section, read: Callable[[Section, Clauses], _Term], clauses: Clauses) -> _Term:
    term = read(section, clauses)
    clause: str = getattr(term, "clause", "")
    if _WHOLLY_OURS in clause and getattr(term, "authored", True) is False:
        section.report(
            "clause",
            f"{clause} is a clause of ours, so this term is ours too",
            remedy="write authored = true, or name the clause of the text that says it",
        )
    section.finish()
    return term


def _clause(section: Section, clauses: Clauses, key: str = "clause") -> str:
    named = section.text(key)
    if named and named not in clauses:
        section.report(key, f'there is no clause "{named}" in this file', remedy="add the clause, or correct the id")
    return named


def _ours(section: Section) -> bool:
    return section.flag("authored", default=False)


def _fields_of_ours(section: Section, term: type) -> tuple[str, ...]:
    """`ours = ["notice"]`: single fields that the text does not say, in a term that it does."""
    fields = tuple(name for name in term.__slots__ if name not in ("clause", "authored", "ours"))  # type: ignore[attr-defined]
    return section.words("ours", known=fields, required=False)


def _purpose(section: Section, clauses: Clauses) -> PurposeTerm:
    return PurposeTerm(
        key=section.text("key"),
        statement=section.text("statement"),
        covers=section.words("covers", known=PURPOSES),
        offerings=section.words("offerings", known=("*", *OFFERINGS)),
        instructed_by_signing=section.flag("instructed_by_signing"),
        clause=_clause(section, clauses),
        authored=_ours(section),
    )


def _forbidden(section: Section, clauses: Clauses) -> ForbiddenTerm:
    return ForbiddenTerm(
        purposes=section.words("purposes", known=PURPOSES), clause=_clause(section, clauses), authored=_ours(section)
    )


def _encryption(section: Section, clauses: Clauses) -> EncryptionTerm:
    custody = section.words("custody", known=_CUSTODIES)
    return EncryptionTerm(
        required=section.flag("required"),
        custody=tuple(word for word in _CUSTODIES if word in custody),
        clause=_clause(section, clauses),
        authored=_ours(section),
    )


def _retention(section: Section, clauses: Clauses) -> RetentionTerm:
    return RetentionTerm(
        controlled_by=section.one_of("controlled_by", ("customer", "provider")),
        delete_any_time=section.flag("delete_any_time"),
        clause=_clause(section, clauses),
        authored=_ours(section),
    )


def _end(section: Section, clauses: Clauses) -> EndTerm:
    choices = section.words("choices", known=_END_CHOICES)
    return EndTerm(
        choices=tuple(word for word in _END_CHOICES if word in choices),
        renew=section.span("renew"),
        access=section.span("access"),
        export=section.span("export"),
        destroy=section.span("destroy"),
        link_life=section.span("link_life"),
        formats=section.words("formats", known=EXPORT_FORMATS, required=False),
        certificate=section.one_of("certificate", ("always", "on-request", "unstated")),
        clause=_clause(section, clauses),
        authored=_ours(section),
        ours=_fields_of_ours(section, EndTerm),
    )


def _regions(section: Section, clauses: Clauses) -> RegionTerm:
    return RegionTerm(
        chosen_by=section.one_of("chosen_by", ("customer", "provider")),
        areas=section.words("areas", known=AREAS),
        elsewhere=section.one_of("elsewhere", ("never", "confirmed-measure")),
        clause=_clause(section, clauses),
        authored=_ours(section),
    )


def _suspension(section: Section, clauses: Clauses) -> SuspensionTerm:
    return SuspensionTerm(
        after=section.optional_span("after"), clause=_clause(section, clauses), authored=_ours(section)
    )


def _instructions(section: Section, clauses: Clauses) -> InstructionsTerm:
    return InstructionsTerm(
        clause=_clause(section, clauses),
        infringing_clause=_clause(section, clauses, "infringing_clause"),
        compulsion_clause=_clause(section, clauses, "compulsion_clause"),
    )


def _notices(section: Section, clauses: Clauses) -> NoticesTerm:
    return NoticesTerm(
        assumed_after=section.span("assumed_after"), clause=_clause(section, clauses), authored=_ours(section)
    )


def _subprocessors(section: Section, clauses: Clauses) -> SubprocessorTerm:
    return SubprocessorTerm(
        authorisation=section.one_of("authorisation", ("general", "on-request")),
        notice=section.span("notice"),
        objection=section.span("objection"),
        counted_from=section.one_of("counted_from", ("receipt", "update")),
        effect=section.one_of("effect", ("veto", "blocks", "resolution")),
        resolution=section.optional_span("resolution"),
        public_register=section.flag("public_register", default=True),
        clause=_clause(section, clauses),
        authored=_ours(section),
        ours=_fields_of_ours(section, SubprocessorTerm),
    )


def _breach(section: Section, clauses: Clauses) -> BreachTerm:
    return BreachTerm(
        within=section.span("within"),
        promised=section.flag("promised"),
        clause=_clause(section, clauses),
        authored=_ours(section),
    )


def _audit(section: Section, clauses: Clauses) -> AuditTerm:
    exceptions = section.words("exceptions", known=_EXCEPTIONS)
    return AuditTerm(
        notice=section.span("notice"),
        cost=section.one_of("cost", ("customer", "provider", "unstated")),
        cause_required=section.flag("cause_required"),
        business_hours=section.flag("business_hours"),
        at_most=section.optional_count("at_most", unit="audits", most=100),
        period=section.optional_span("period"),
        exceptions=tuple(word for word in _EXCEPTIONS if word in exceptions),
        clause=_clause(section, clauses),
        authored=_ours(section),
        ours=_fields_of_ours(section, AuditTerm),
    )


def _rights(section: Section, clauses: Clauses) -> RightsTerm:
    return RightsTerm(
        forward=section.one_of("forward", ("on-receipt", "promptly", "no")),
        answers=section.one_of("answers", ("controller", "provider-when-authorised", "provider")),
        answer=section.span("answer"),
        extension=section.span("extension"),
        clause=_clause(section, clauses),
        authored=_ours(section),
        ours=_fields_of_ours(section, RightsTerm),
    )


def _staff(section: Section, clauses: Clauses) -> StaffTerm:
    return StaffTerm(
        consent=section.flag("consent"),
        longest=section.span("longest"),
        clause=_clause(section, clauses),
        authored=_ours(section),
        ours=_fields_of_ours(section, StaffTerm),
    )


def _marketing(section: Section, clauses: Clauses) -> MarketingTerm:
    return MarketingTerm(
        allowed=section.one_of("allowed", ("never", "as-controller", "with-consent")),
        unsubscribe_in_each=section.flag("unsubscribe_in_each"),
        clause=_clause(section, clauses),
        authored=_ours(section),
        ours=_fields_of_ours(section, MarketingTerm),
    )


def _support_data(section: Section, clauses: Clauses) -> SupportDataTerm:
    return SupportDataTerm(keep=section.span("keep"), clause=_clause(section, clauses), authored=_ours(section))


def _availability(section: Section, clauses: Clauses) -> AvailabilityTerm:
    return AvailabilityTerm(
        deployment=section.one_of("deployment", ("public", "dedicated", "any")),
        percent=section.percent("percent"),
        rto=section.optional_span("rto"),
        rpo=section.optional_span("rpo"),
        clause=_clause(section, clauses),
        authored=_ours(section),
    )


def _attestation(section: Section, clauses: Clauses) -> AttestationTerm:
    return AttestationTerm(
        key=section.text("key"),
        statement=section.text("statement"),
        every=section.span("every"),
        responsible=section.one_of("responsible", tuple(RESPONSIBLE)),
        clause=_clause(section, clauses),
        authored=_ours(section),
    )


def _residency(section: Section, clauses: Clauses) -> ResidencyTerm:
    return ResidencyTerm(
        country=section.text("country"),
        hosted_in=section.one_of("hosted_in", tuple(AREAS)),
        measure=section.optional_word("measure", known=MEASURES),
        applies_to=section.one_of("applies_to", ("citizens", "recipients"), default="citizens"),
        clause=_clause(section, clauses),
        authored=_ours(section),
    )


def _data(section: Section, clauses: Clauses) -> DataTerm:
    return DataTerm(
        offering=section.one_of("offering", ("*", *OFFERINGS)),
        subjects=section.words("subjects", known=DATA_SUBJECTS),
        categories=section.words("categories", known=CATEGORIES),
        clause=_clause(section, clauses),
        authored=_ours(section),
    )


def _also(section: Section, clauses: Clauses) -> AlsoTerm:
    return AlsoTerm(
        term=section.one_of("term", tuple(part.path for part in PARTS)),
        says=section.text("says"),
        clause=_clause(section, clauses),
    )


def _limit(section: Section, clauses: Clauses) -> LimitTerm:
    return LimitTerm(
        term=section.text("term"),
        least=section.span("least"),
        most=section.span("most"),
        clause=_clause(section, clauses),
    )


def _minors(section: Section, clauses: Clauses) -> MinorsTerm:
    return MinorsTerm(
        minimum_age=section.count("minimum_age", unit="years", most=21),
        clause=_clause(section, clauses),
        authored=_ours(section),
    )
