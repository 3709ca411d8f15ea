"""A sixth agreement, invented and written by following the format's description alone, works like the five."""

from pathlib import Path

import pytest
from tests.support.agreements import ask, duties, local, refused_by
from typer.testing import CliRunner

from parley.agreement.api import OrderFormError, compose, load, override, parse
from parley.project.cli import app

FILE = Path(__file__).parents[1] / "vectors/agreements/harbour-radio.toml"


@pytest.fixture
def agreement():
    return parse(FILE.read_text(), file=FILE.name)


def test_the_command_prints_its_clauses_and_what_keeps_them():
    done = CliRunner().invoke(app, ["agreement", "check", str(FILE)], env={"COLUMNS": "160"})
    assert done.exit_code == 0, done.output
    assert "HR-4.helpers" in done.output
    assert "gate.egress" in done.output
    assert "9 clauses, no mistakes" in done.output


def test_its_gate_decides_by_its_own_clauses(agreement):
    kept = {"region": "ch", "custody": "customer-held"}
    assert refused_by(agreement, **kept) == ""
    assert refused_by(agreement, **kept, purpose="play-recordings") == "HR-1.purpose"
    assert refused_by(agreement, **kept, purpose="sale") == "HR-1.purpose"
    assert refused_by(agreement, custody="customer-held") == "HR-2.where"
    assert refused_by(agreement, custody="customer-held", confirmed_transfers=frozenset({"eu"})) == ""
    assert refused_by(agreement, region="ch") == "HR-3.sealed"
    assert refused_by(agreement, **kept, categories=frozenset({"user.financial"})) == "HR-1.purpose"
    assert refused_by(agreement, **kept, recipient="tug") == "HR-4.helpers"
    assert ask(agreement, **kept).facts["agreement"] == "harbour-radio"


def test_its_duties_have_its_own_dates(agreement):
    assert local(duties(agreement, "incident-known")["notify"]) == "2026-03-02 18:00"
    announced = duties(agreement, "subprocessor-announced", key="tug")
    assert [local(announced[word]) for word in ("objection-closes", "earliest-start")] == [
        "2026-05-03 00:00",
        "2026-06-02 12:00",
    ]
    ending = duties(agreement, "contract-ends")
    assert local(ending["export-closes"]) == "2026-03-10 00:00"
    assert local(ending["destroy"]) == local(ending["certificate"]) == "2026-03-23 12:00"


def test_it_composes_with_terms_and_an_order_sets_it_anew_within_limits(agreement):
    together = compose([agreement, load("ucx-terms")]).agreement
    assert str(together.terms.end.destroy) == "21 days"
    assert str(override(agreement, {"breach.within": "2 hours"}).terms.breach.within) == "2 hours"
    with pytest.raises(OrderFormError, match="6 hours"):
        override(agreement, {"breach.within": "2 days"})


@pytest.mark.parametrize("name", ["imagicle-dpa", "ixcloud-dpa", "kavkom-dpa", "imagino-policy", "ucx-terms"])
def test_the_command_prints_the_clauses_of_each_of_the_five(name):
    folder = Path(load.__wrapped__.__code__.co_filename).parent / "agreements"
    done = CliRunner().invoke(app, ["agreement", "check", str(folder / f"{name}.toml")], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    for clause in load(name).clauses:
        assert clause in done.output
