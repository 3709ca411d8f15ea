"""Clauses that the register, the flow-down and the windows of a change keep."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.installation import tenancy
from tests.support.left_evidence import kinds_of
from tests.support.subprocessors import OFFICER, STAFF, entry

from parley.governance.contract import api as contract
from parley.governance.subprocessors import api as subprocessors

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def now() -> datetime:
    return datetime.now(UTC)


def announced(turn, *customers, **more):
    """A change that was announced and told; its id and the entry."""
    new = entry(**more)
    change = subprocessors.announce(new, planned_start=now() + DAY, at=now(), by=STAFF)
    turn(*customers)
    return change, new


def engaged(**more):
    """An entry that the register holds from now on."""
    new = entry(**more)
    with tenancy.scope(tenancy.provider()):
        subprocessors.engage(new, at=now(), by=STAFF)
    return new


def allowed(key, at):
    return contract.ask("record-calls", at=at, recipient=key).allowed


def test_im_3d_register_names_role_country_and_policy_before_a_change(under, turn):
    """control.subprocessor-register: a version holds the planned one before anything may go to it."""
    with under("imagicle-dpa") as customer:
        _, new = announced(turn, customer)
        shown = next(one for one in subprocessors.entries() if one.key == new.key)
        assert (shown.status, shown.role, shown.country) == ("planned", new.role, "DE")
        assert shown.privacy_url.startswith("https://")
        assert subprocessors.latest() is not None
        assert not allowed(new.key, now() + DAY)


def test_im_3d_notice_is_sent_received_and_open_by_its_days(under, turn, server):
    """control.mail, obligation.subprocessor-windows and gate.egress: 30 days from receipt, 14 to object."""
    with under("imagicle-dpa") as customer:
        change, new = announced(turn, customer)
        assert server.to(f"office@{customer.handle}.example")
        seen = subprocessors.acknowledge(change, by=OFFICER, at=now())
        assert seen.opens_at - seen.received_at >= 29 * DAY  # a change of clocks may take an hour
        assert not allowed(new.key, seen.opens_at - SECOND)
        assert allowed(new.key, seen.opens_at)
        assert any(kind.startswith("subprocessor.") for kind in kinds_of("IM-3d.notice"))


@pytest.mark.parametrize("missing", [None, "half"])
def test_im_3d_flowdown_without_the_same_duties_nobody_is_engaged(cluster, missing):
    """control.flowdown: every duty of Art. 28 names its clause in the sub-processor's own contract."""
    from dataclasses import replace

    new = entry()
    lacking = replace(
        new, flowdown=None if missing is None else replace(new.flowdown, clauses={"instructions": "section 1"})
    )
    with tenancy.scope(tenancy.provider()), pytest.raises(subprocessors.FlowDownMissing):
        subprocessors.engage(lacking, at=now(), by=STAFF)


def test_im_6_no_sale_the_register_is_complete_before_anybody_receives(under):
    """control.subprocessor-register and gate.egress."""
    with under("imagicle-dpa"):
        assert not allowed("broker", now())
        assert subprocessors.entry("broker") is None


def test_kv_3_hosting_the_register_says_in_which_country(under):
    """control.subprocessor-register."""
    host = engaged(country="FR", role="hosting in Paris")
    with under("kavkom-dpa"):
        assert subprocessors.entry(host.key).country == "FR"


def test_kv_3_notice_one_month_and_a_veto(under, turn):
    """control.flowdown, obligation.subprocessor-windows and gate.egress."""
    with under("kavkom-dpa") as customer:
        change, new = announced(turn, customer)
        assert new.flowdown.digest and set(new.flowdown.clauses) == set(subprocessors.FLOWDOWN_DUTIES)
        seen = subprocessors.acknowledge(change, by=OFFICER, at=now())
        assert 28 * DAY <= seen.opens_at - seen.received_at <= 32 * DAY
        subprocessors.object_to(change, by=OFFICER, grounds="We do not want it.", at=now())
        assert subprocessors.change(change, at=seen.opens_at).state == "vetoed"
        assert not allowed(new.key, seen.opens_at + 400 * DAY)


def test_kv_3_sms_the_carrier_is_in_the_register(under):
    """control.subprocessor-register."""
    carrier = engaged(role="carrier of SMS", purposes=("run-campaigns",), offerings=("campaigns",))
    with under("kavkom-dpa"):
        assert subprocessors.entry(carrier.key).purposes == ("run-campaigns",)


def test_ix_6_notice_affiliates_on_request_and_an_objection_blocks(under, turn):
    """control.subprocessor-register, control.flowdown and gate.egress: being listed opens nothing."""
    affiliate = engaged(affiliate=True)
    with under("ixcloud-dpa") as customer:
        assert not allowed(affiliate.key, now())
        subprocessors.request_affiliate(affiliate.key, by=OFFICER, at=now())
        assert allowed(affiliate.key, now() + SECOND)
        change, new = announced(turn, customer)
        seen = subprocessors.change(change, at=now())
        subprocessors.object_to(change, by=OFFICER, grounds="It is not in the EEA.", at=now())
        assert subprocessors.change(change, at=now()).state == "blocked"
        assert seen.opens_at is None or not allowed(new.key, seen.opens_at + DAY)


def test_ux_6_processing_sub_processors_are_those_of_the_register(under):
    """control.subprocessor-register."""
    host = engaged()
    with under("ucx-terms"):
        subprocessors.authorise_listed()
        assert host.key in subprocessors.authorisations()
