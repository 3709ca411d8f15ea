"""Every clause of the five documents is in its file, is kept by something that exists, and has a test."""

import re
from importlib.util import find_spec

import pytest
from tests.support.clause_table import (
    FOUNDATION,
    README,
    every_test,
    named_after,
    promised,
    shown_to_keep,
    table,
    written,
)

from parley.agreement.api import AWAITED, CATEGORIES, MECHANISMS, PURPOSES, available, load

EVERY = [(agreement, clause) for agreement, clauses in promised().items() for clause in clauses]
ID_OF = {clause: agreement for agreement, clause in EVERY}


def test_there_are_five_agreements_with_all_their_clauses():
    assert tuple(sorted(promised())) == available()
    assert len(EVERY) == 86


@pytest.mark.parametrize(("agreement", "clause"), EVERY)
def test_a_clause_is_in_its_file_kept_or_waiting_and_tested(agreement, clause):
    held = load(agreement).clauses[clause]
    assert held.enforced_by or held.waits_for
    assert named_after(clause), f"no test is named after {clause}"
    shown = shown_to_keep(clause)
    assert shown <= set(held.enforced_by) | set(held.waits_for), "a test names what the file does not"
    assert set(held.enforced_by) <= shown | FOUNDATION.keys(), "a mechanism that no test of this clause names"


@pytest.mark.parametrize("agreement", promised())
def test_a_file_carries_the_clauses_in_order_and_its_own_marked_after_them(agreement):
    carried = list(load(agreement).clauses)
    theirs = [clause for clause in carried if "-X." not in clause]
    ours = carried[len(theirs) :]
    assert theirs == list(promised()[agreement])
    assert all(load(agreement).clauses[clause].authored for clause in ours)
    assert all(named_after(clause) for clause in ours), [clause for clause in ours if not named_after(clause)]


@pytest.mark.parametrize("agreement", promised())
def test_every_statement_is_one_sentence_or_more_in_our_own_words(agreement):
    for clause in load(agreement).clauses.values():
        assert clause.statement.endswith("."), clause.id
        assert len(clause.statement) < 400, clause.id


def test_what_waits_is_listed_with_what_it_waits_for():
    waiting = {
        clause: load(agreement).clauses[clause].waits_for
        for agreement, clause in EVERY
        if load(agreement).clauses[clause].waits_for
    }
    print()
    for key, meaning in AWAITED.items():
        clauses = [clause for clause, waits in waiting.items() if key in waits]
        print(f"{key:24}{', '.join(clauses) or '-'}\n{'':24}{meaning}")
    wholly = [clause for clause in waiting if not load(ID_OF[clause]).clauses[clause].enforced_by]
    print(f"{len(waiting)} of {len(EVERY)} clauses wait in part, wholly: {', '.join(wholly)}")
    assert all(key.startswith("offering.") for waits in waiting.values() for key in waits)
    assert set(wholly) == {"IG-1.tracers", "UX-2.dedicated", "UX-5.dedicated-rto"}


@pytest.mark.parametrize("mechanism", MECHANISMS.values(), ids=lambda mechanism: mechanism.name)
def test_a_mechanism_exists_where_it_says_and_keeps_some_clause(mechanism):
    assert find_spec(mechanism.where) is not None
    keeping = [
        clause.id
        for agreement in available()
        for clause in load(agreement).clauses.values()
        if mechanism.name in clause.enforced_by
    ]
    assert keeping or mechanism.kind == "offering"


@pytest.mark.parametrize("mechanism", FOUNDATION)
def test_what_is_shown_once_for_all_is_shown(mechanism):
    assert FOUNDATION[mechanism] in every_test()
    assert mechanism in MECHANISMS


@pytest.mark.parametrize("key", AWAITED)
def test_what_is_awaited_is_awaited_by_a_clause(key):
    assert any(key in clause.waits_for for agreement in available() for clause in load(agreement).clauses.values())


def test_an_attestation_keeps_the_clause_that_its_term_names():
    for agreement in available():
        held = load(agreement)
        for term in held.terms.attestations:
            assert f"attestation.{term.key}" in held.clauses[term.clause].enforced_by, (agreement, term.key)
        for clause in held.clauses.values():
            for name in clause.enforced_by:
                if name.startswith("attestation."):
                    keys = {term.key for term in held.terms.attestations if term.clause == clause.id}
                    elsewhere = {term.key for term in held.terms.attestations}
                    assert name.removeprefix("attestation.") in keys | elsewhere, (agreement, clause.id, name)


def test_the_readme_has_every_word_and_the_table_of_clauses():
    text = README.read_text()
    assert all(f"| `{key}` |" in text for key in (*PURPOSES, *CATEGORIES))
    assert _promises(written()) == _promises(table()), "run python -m tests.support.clause_table"
    assert all((README.parents[3] / "tests" / path).exists() for path in re.findall(r"`(\S+\.py)`", written()))


def _promises(text: str) -> list[str]:
    """The rows without their last column: a test that moves does not make the table wrong."""
    return [line.rpartition(" | ")[0] for line in text.splitlines() if line.startswith("| ")]
