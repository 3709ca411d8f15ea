"""States of a request: the table, each move of it, and what is not in it."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from parley.rights.errors import MoveRefused
from parley.rights.intake import guess
from parley.rights.rules import GROUNDS, MOVES, column, grounds, kept_until, move, paused_for, possible
from parley.rights.types import COLUMNS, ENDED, KINDS, Deed, Kind, State

STATES: tuple[State, ...] = get_args(State)
AT = datetime(2026, 5, 6, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("step", sorted(MOVES))
@pytest.mark.parametrize("state", STATES)
def test_every_move_of_the_table_and_none_besides(state: State, step: str) -> None:
    to = MOVES[step].get(state)
    if to is not None:
        assert move(state, step) == to
        return
    with pytest.raises(MoveRefused) as refused:
        move(state, step)
    assert state in str(refused.value)
    assert refused.value.remedy.startswith("Possible now: ")


def test_every_state_is_reached_and_left_but_the_last_ones() -> None:
    to = {end for moves in MOVES.values() for end in moves.values()} | {"received"}
    left = {start for moves in MOVES.values() for start, end in moves.items() if start != end}
    assert to == set(STATES)
    assert left == set(STATES) - ENDED


def test_nothing_is_handed_out_before_identity_and_word() -> None:
    """Fulfil and answer are possible in one state only, which is reached through verify, and authorise or begin."""
    for deed in ("fulfil", "answer", "rectify", "transmit"):
        assert set(MOVES[deed]) == {"in-work"}
    into = {step for step, moves in MOVES.items() if "in-work" in moves.values() and set(moves) != {"in-work"}}
    assert {step for step in into if any(s != e for s, e in MOVES[step].items())} == {"authorise", "begin"}
    assert set(MOVES["begin"]) == {"verified"}
    assert set(MOVES["authorise"]) == {"waiting-for-controller"}


def test_the_deeds_of_each_state_are_named() -> None:
    assert set().union(*(possible(state) for state in STATES)) <= set(get_args(Deed))
    assert possible("refused") == possible("withdrawn") == ()


def test_grounds_are_of_known_kinds_and_name_their_law() -> None:
    for ground in GROUNDS.values():
        assert ground.law.startswith("GDPR Art. ")
        assert ground.kinds <= set(KINDS)
        assert ground.words.endswith(".")
    keys = {ground.key for ground in grounds(["erasure"])}
    assert {"unfounded", "excessive", "not-identified", "legal-obligation", "legal-claims"} <= keys
    assert "compelling-grounds" not in keys
    # Two kinds at once are refused whole only by what fits both.
    assert {one.key for one in grounds(["erasure", "access"])} == {"unfounded", "excessive", "not-identified"}


@pytest.mark.parametrize(
    ("due", "state", "expected"),
    [
        (AT - timedelta(seconds=1), "in-work", "overdue"),
        (AT, "identity-pending", "overdue"),
        (AT + timedelta(days=1), "in-work", "this-week"),
        (AT + timedelta(days=10), "in-work", "this-month"),
        (AT + timedelta(days=40), "in-work", "later"),
        (AT + timedelta(days=40), "identity-pending", "waiting-for-identity"),
        (AT + timedelta(days=40), "waiting-for-controller", "waiting-for-controller"),
        (AT - timedelta(days=40), "answered", "done"),
    ],
)
def test_columns_of_the_desk(due: datetime, state: State, expected: str) -> None:
    assert column(state=state, due=due, at=AT, zone="Europe/Rome") == expected
    assert expected in COLUMNS


def test_pauses_add_up_and_a_running_one_counts_until_now() -> None:
    day = timedelta(days=1)
    assert paused_for([(AT - 9 * day, AT - 7 * day), (AT - day, None)], at=AT) == 3 * day


def test_who_asked_for_erasure_is_kept_less_long() -> None:
    long, short = (kept_until(kinds=[kind], state="answered", ended_at=AT) for kind in ("access", "erasure"))
    assert short < long
    assert kept_until(kinds=["access"], state="withdrawn", ended_at=AT) < short


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Please send me a copy of all my data", {"access"}),
        ("Subject access request under Article 15", {"access"}),
        ("Ich bitte um Löschung meiner Daten", {"erasure"}),
        ("Auskunft nach Artikel 15 DSGVO", {"access"}),
        ("Je demande l'effacement de mes données", {"erasure"}),
        ("Chiedo la cancellazione dei miei dati", {"erasure"}),
        ("Me opongo a sus llamadas", {"objection"}),
        ("Stop calling me!", {"objection"}),
        ("delete my recordings of my daughter", {"erasure", "minor"}),
        ("Where is my invoice of part 17?", {"unclear"}),
        ("Hello", {"unclear"}),
        ("", {"unclear"}),
        ("access my data, correct my name, delete my data, restrict processing, portability", {"unclear"}),
    ],
)
def test_kinds_are_guessed_only_where_it_is_plain(text: str, kinds: set[Kind]) -> None:
    assert set(guess(text)) == kinds
