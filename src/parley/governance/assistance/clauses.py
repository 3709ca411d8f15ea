"""Which clause of the customer's agreement carries a deed, where agreements name it differently."""

from parley.agreement.api import Agreement


def clause_named(agreement: Agreement, *words: str, otherwise: str) -> str:
    """The first clause whose id ends in one of `words` ("dpia" of "IM-3f.dpia"), else `otherwise`."""
    return next(
        (clause for word in words for clause in agreement.clauses if clause.rpartition(".")[2] == word), otherwise
    )


def of_assessments(agreement: Agreement) -> str:
    """IM-3f.dpia, KV-2.dpia, IX-9.dpia; else the clause about instructions."""
    return clause_named(agreement, "dpia", otherwise=agreement.terms.instructions.clause)


def of_disclosures(agreement: Agreement) -> str:
    """IG-1.disclosure; else the clause about what a law compels."""
    return clause_named(agreement, "disclosure", otherwise=agreement.terms.instructions.compulsion_clause)


def of_complaints(agreement: Agreement) -> str:
    """The clause about the rights of persons, which complaints belong to."""
    return agreement.terms.rights.clause


def of_findings(agreement: Agreement) -> str:
    """IG-2.breach-of-law; else the clause about misuse."""
    return clause_named(agreement, "breach-of-law", otherwise=agreement.terms.suspension.clause)
