"""The gate's later questions: whose data, of which kind, to whom, seen by whom, under which keys. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from parley.agreement.clock import after
from parley.agreement.types import Agreement, Decision, GateRequest, Grant, PurposeRow, ResidencyTerm, Terms
from parley.agreement.vocabulary import AREAS, CATEGORIES, SPECIAL_CATEGORIES, area_of, is_special

_EVERY: Final = "*"


def refuse(agreement: Agreement, clause: str, reason: str, *, remedy: str | None) -> Decision:
    """A refusal that names the clause which decides it, and what would help."""
    facts = MappingProxyType({"agreement": agreement.id, "version": agreement.version})
    return Decision(allowed=False, clause=clause, reason=reason, remedy=remedy, facts=facts)


def categories_of(terms: Terms) -> Mapping[str, frozenset[str]] | None:
    """The categories that each offering may process, "*" for every other one; None where the agreement lists none."""
    if not terms.data:
        return None
    everywhere = frozenset(word for term in terms.data if term.offering == _EVERY for word in term.categories)
    listed: dict[str, frozenset[str]] = {_EVERY: everywhere}
    for term in terms.data:
        listed[term.offering] = listed.get(term.offering, everywhere) | frozenset(term.categories)
    return MappingProxyType({offering: _with_those_below(words) for offering, words in listed.items()})


def _with_those_below(words: frozenset[str]) -> frozenset[str]:
    """`words` and the known categories below them, so that most questions are one comparison of sets."""
    return words | frozenset(known for known in CATEGORIES if not is_special(known) and _listed(known, words))


def residency(agreement: Agreement, request: GateRequest) -> Decision | None:
    """Citizens of some countries are hosted there; recipients in some countries carry a certificate."""
    for term in agreement.terms.residency:
        area = area_of(request.region)
        if term.applies_to == "citizens":
            concerned = term.country in request.citizens and area != term.hosted_in
            measure = f"{term.country.lower()}:{term.measure}"
        else:
            concerned, measure = area == term.hosted_in, term.hosted_in
        if concerned and not (term.measure and measure in request.confirmed_transfers):
            return _not_there(agreement, term, request.region)
    return None


def _not_there(agreement: Agreement, term: ResidencyTerm, region: str) -> Decision:
    if term.applies_to == "recipients":
        reason = f"a recipient in {AREAS[term.hosted_in]} must carry the measure {term.measure}"
        remedy = f"confirm the measure {term.measure} of the recipient"
    else:
        reason = f'data of citizens of {term.country} would be hosted in "{region}"'
        remedy = f"host it in {AREAS[term.hosted_in]}" + (f", or confirm {term.measure}" if term.measure else "")
    return refuse(agreement, term.clause, reason, remedy=remedy)


def egress(agreement: Agreement, request: GateRequest) -> Decision | None:
    """Data goes to a sub-processor only from the instant at which the customer's windows have let it."""
    if not request.recipient:
        return None
    opens = request.recipients.get(request.recipient)
    if opens is not None and opens <= request.at:
        return None
    if opens is None:
        return refuse(
            agreement,
            agreement.terms.subprocessors.clause,
            f'"{request.recipient}" is closed for this customer: it was not announced, or there is an objection',
            remedy="announce it and let the customer's window pass; an objection must be resolved first",
        )
    return refuse(
        agreement,
        agreement.terms.subprocessors.clause,
        f'"{request.recipient}" was announced, and the customer\'s window is still open',
        remedy=f"wait until {opens.isoformat()}, unless the customer objects before",
    )


def person(agreement: Agreement, row: PurposeRow, request: GateRequest) -> Decision | None:
    """Staff look only under a running grant for this person, purpose and offering."""
    if not row.needs_grant and not request.person:
        return None
    staff = agreement.terms.staff
    running = [grant for grant in request.grants if _runs(agreement, grant, request)]
    if not running:
        return refuse(
            agreement,
            staff.clause,
            "nobody of the provider's staff looks without a grant that runs now, for this purpose and offering",
            remedy=f"ask for access with its purpose; it lasts for {staff.longest} at most",
        )
    if staff.consent and not any(grant.consented for grant in running):
        return refuse(
            agreement,
            staff.clause,
            "the customer has not consented to this access",
            remedy="the customer consents on its page Staff access, or by an express instruction",
        )
    return None


def consented(agreement: Agreement, row: PurposeRow, request: GateRequest) -> bool:
    """Whether the customer's consent to this one access stands in for a general instruction: it is a written,
    dated instruction, for this person, purpose and offering, as long as the grant runs."""
    return row.needs_grant and any(grant.consented and _runs(agreement, grant, request) for grant in request.grants)


def _runs(agreement: Agreement, grant: Grant, request: GateRequest) -> bool:
    return (
        grant.person == request.person
        and grant.purpose == request.purpose
        and grant.offering in (request.offering, _EVERY)
        and grant.starts <= request.at < grant.ends
        and request.at < after(grant.starts, agreement.terms.staff.longest, zone=request.zone)
    )


def minors_and_categories(agreement: Agreement, row: PurposeRow, request: GateRequest) -> Decision | None:
    """Data of minors is kept out where agreed; categories are those that the agreement lists, special ones sealed."""
    minors = agreement.terms.minors
    if request.minors and minors is not None:
        return refuse(
            agreement,
            minors.clause,
            f"data of persons under {minors.minimum_age} is kept out",
            remedy="leave these persons out; their guardian may ask for what is held already",
        )
    if not request.categories:
        return None
    known = None if row.categories is None else row.categories.get(request.offering, row.categories[_EVERY])
    plain = known is not None and request.categories <= known
    if plain and (request.sealed_to_customer or request.categories.isdisjoint(SPECIAL_CATEGORIES)):
        return None
    for category in sorted(request.categories):
        if is_special(category):
            if not request.sealed_to_customer:
                return refuse(
                    agreement,
                    _data_clause(agreement, request.offering),
                    f'"{category}" is a special category, and it would not be sealed to the customer\'s keys',
                    remedy="process it through an offering that seals it on receipt",
                )
        elif known is not None and not _listed(category, known):
            return refuse(
                agreement,
                _data_clause(agreement, request.offering),
                f'the agreement does not list "{category}" for the offering "{request.offering}"',
                remedy="leave it out, or sign a version that lists it",
            )
    return None


def _listed(category: str, known: frozenset[str]) -> bool:
    while category:
        if category in known:
            return True
        category = category.rpartition(".")[0]
    return False


def _data_clause(agreement: Agreement, offering: str) -> str:
    terms = agreement.terms
    if not terms.data:
        return terms.encryption.clause
    fitting = (term for wanted in (offering, _EVERY) for term in terms.data if term.offering == wanted)
    return next(fitting, terms.data[0]).clause


def keys(agreement: Agreement, row: PurposeRow, request: GateRequest) -> Decision | None:
    """The custody of the keys fits; nobody reads what the customer alone can open; content is sealed."""
    encryption = agreement.terms.encryption
    if request.custody not in encryption.custody:
        return refuse(
            agreement,
            encryption.clause,
            f'keys in the custody "{request.custody}" do not fit this agreement',
            remedy="choose one of: " + ", ".join(encryption.custody),
        )
    if row.needs_key and request.custody == "customer-held":
        return refuse(
            agreement,
            encryption.clause,
            "the customer alone holds the key; no machine of the provider can read content",
            remedy="fetch the sealed original and open it with the customer's own identity",
        )
    if encryption.required and row.stores_content and not request.sealed_to_customer:
        return refuse(
            agreement,
            encryption.clause,
            "what would be stored is not sealed to the customer's own keys",
            remedy="give the customer a key of its own first",
        )
    return None
