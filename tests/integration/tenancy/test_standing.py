"""How a customer stands: kept through JSON, changed under a lock, known to recorders."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st
from tests.support.installation import MakeCustomer, tenancy

from parley.agreement.api import GateRequest, Grant, Signed, Standing, evaluate, load, standing_from_json
from parley.recordings import strictjson
from parley.tenancy import trunks as trunk_module

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)

words = st.frozensets(st.sampled_from(["record-calls", "find-recordings", "us", "il", "us:scc"]))
instants = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC))
signed = st.builds(
    Signed,
    agreement=st.sampled_from(["imagicle-dpa", "ucx-terms"]),
    version=st.sampled_from(["1", "2.1"]),
    digest=st.text("0123456789abcdef", min_size=64, max_size=64),
    since=instants,
    overrides=st.dictionaries(st.sampled_from(["breach.within", "end.destroy"]), st.just("24 hours")),
)
grants = st.builds(
    Grant,
    id=st.uuids().map(str),
    person=st.uuids().map(str),
    purpose=st.just("support-access"),
    offering=st.just("call-recording"),
    starts=instants,
    ends=instants,
    consented=st.booleans(),
)
standings = st.builds(
    Standing,
    signed=st.lists(signed, max_size=3).map(tuple),
    zone=st.sampled_from(["UTC", "Europe/Rome"]),
    added_purposes=words,
    withdrawn_purposes=words,
    suspended_purposes=words,
    acceptable_use_suspended=st.booleans(),
    confirmed_transfers=words,
    contract_ended_at=st.one_of(st.none(), instants),
    recipients=st.dictionaries(st.sampled_from(["mailer", "host"]), instants),
    grants=st.lists(grants, max_size=2).map(tuple),
)


@given(standings)
def test_a_standing_keeps_through_json(standing: Standing) -> None:
    assert standing_from_json(json.loads(json.dumps(standing.to_json()))) == standing


@given(standings)
def test_a_standing_keeps_through_a_session_file(standing: Standing) -> None:
    assert strictjson.loads(Standing, strictjson.dumps(standing)) == standing


@given(
    standings,
    st.sampled_from(["record-calls", "find-recordings", "support-access", "sale"]),
    st.sampled_from(["eu", "us"]),
    st.sampled_from(["", "mailer"]),
    instants,
)
def test_the_gate_answers_the_same_from_the_kept_standing(
    standing: Standing, purpose: str, region: str, recipient: str, at: datetime
) -> None:
    held = load("imagicle-dpa")
    request = GateRequest(
        purpose=purpose,
        offering="call-recording",
        region=region,
        subscription_state="active",
        instructed_purposes=held.instructed_purposes,
        acceptable_use_suspended=False,
        sealed_to_customer=True,
        custody="local",
        at=at,
        recipient=recipient,
    )
    kept = standing_from_json(json.loads(json.dumps(standing.to_json())))
    answers = [evaluate(held, one.on(request, signed_purposes=held.instructed_purposes)) for one in (standing, kept)]
    assert answers[0] == answers[1]


def test_a_change_is_seen_by_whoever_reads_the_customer(customer: tenancy.Customer) -> None:
    tenancy.set_standing(customer.id, lambda before: replace(before, acceptable_use_suspended=True))
    assert tenancy.standing().acceptable_use_suspended
    assert tenancy.current().standing.acceptable_use_suspended
    assert tenancy.by_id(customer.id).standing.acceptable_use_suspended  # type: ignore[union-attr]


def test_an_unknown_customer_has_no_standing(cluster: object) -> None:
    with pytest.raises(tenancy.UnknownCustomer):
        tenancy.set_standing(uuid4(), lambda before: before)


CHANGER = """
import sys
import django
django.setup()
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from uuid import UUID
from parley.tenancy import api as tenancy
customer, name = UUID(sys.argv[1]), sys.argv[2]
for number in range(40):
    tenancy.set_standing(customer, lambda before: replace(before, recipients=MappingProxyType(
        {**before.recipients, f"{name}-{number}": datetime(2026, 1, 1, tzinfo=UTC)})))
"""


def test_changes_of_two_processes_at_once_all_hold(customer: tenancy.Customer) -> None:
    running = [subprocess.Popen([sys.executable, "-c", CHANGER, str(customer.id), name]) for name in ("a", "b")]
    assert [one.wait(60) for one in running] == [0, 0]
    written = {f"{name}-{number}" for name in ("a", "b") for number in range(40)}
    assert written <= tenancy.standing().recipients.keys()


def test_the_trunk_directory_carries_standing_and_texts(
    make_customer: MakeCustomer, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_customer(agreement=["imagicle-dpa", "ucx-terms"])
    tenancy.add_trunk(made, name="office", sources=["203.0.113.90"])
    tenancy.set_standing(
        made.id, lambda before: replace(before, recipients={"mailer": NOW}, contract_ended_at=NOW + timedelta(days=9))
    )
    read = tenancy.trunk_directory().find("203.0.113.90", 5060)
    assert read is not None
    assert {one.digest for one in read.customer.standing.signed} == set(read.texts)
    assert len(read.texts) == 2
    assert read.customer.standing.contract_ended_at == NOW + timedelta(days=9)

    def away() -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(trunk_module, "_read", away)
    assert tenancy.trunk_directory().find("203.0.113.90", 5060) == read
    assert b"imagicle" not in (data_dir / "keys" / "trunks.snapshot").read_bytes()
