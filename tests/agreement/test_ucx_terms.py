"""ucx-terms: what its file says, and how gate and duties decide, clause by clause."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.agreements import NOON, duties, local, refused_by
from tests.support.audits import asked_for
from tests.support.subprocessors import STAFF
from tests.support.subprocessors import entry as sub_processor

from parley.agreement.api import load
from parley.governance.subprocessors import api as subprocessors

ENDED = {"subscription_state": "ended", "contract_ended_at": NOON}


@pytest.fixture
def agreement():
    return load("ucx-terms")


def test_ux_1_parties_reseller_service_provider_and_end_customer(agreement):
    """control.signatures keep who signed; resellers wait for their offering."""
    roles = {role for party in agreement.parties for role in party.roles}
    assert roles >= {"reseller", "service-provider", "end-customer", "controller", "processor"}
    assert agreement.clauses["UX-1.parties"].waits_for == ("offering.partners",)


def test_ux_2_dedicated_waits_for_the_dedicated_cloud(agreement):
    """Nothing keeps it yet: this version has no dedicated instances."""
    assert agreement.clauses["UX-2.dedicated"].waits_for == ("offering.cloud",)


def test_ux_3_use_ends_with_the_subscription(agreement):
    """gate.subscription."""
    assert refused_by(agreement) == ""
    assert refused_by(agreement, **ENDED) == "UX-11.forgotten"
    assert refused_by(agreement, subscription_state="unpaid") == "UX-11.forgotten"


@pytest.mark.parametrize(
    ("region", "chosen", "clause"),
    [
        ("eu-frankfurt", "eu-frankfurt", ""),
        ("us", "us", ""),
        ("me-dubai", "me-dubai", ""),
        ("us", "eu-frankfurt", "UX-5.regions"),
        ("cn", "cn", "UX-5.regions"),
    ],
)
def test_ux_5_regions_data_stays_where_the_customer_chose(agreement, region, chosen, clause):
    """gate.region: the public customers' data too."""
    assert refused_by(agreement, region=region, chosen_region=chosen, confirmed_transfers=frozenset({"cn"})) == clause


def test_ux_5_sla_is_proved_every_month(agreement):
    """attestation.availability: 99.5 %."""
    assert duties(agreement, "attestation-due", key="availability")["attest-availability"].clause == "UX-5.sla"
    assert agreement.terms.availability[0].percent == 99.5


def test_ux_5_public_rto_4_hours_and_24(agreement):
    """attestation.resilience."""
    (term,) = (term for term in agreement.terms.availability if term.deployment == "public")
    assert (str(term.rto), str(term.rpo), term.clause) == ("4 hours", "24 hours", "UX-5.public-rto")
    assert local(duties(agreement, "attestation-due", key="resilience")["attest-resilience"]) == "2026-09-02 12:00"


def test_ux_5_dedicated_rto_none_and_5_minutes(agreement):
    """The term; nothing keeps it until there are dedicated instances."""
    (term,) = (term for term in agreement.terms.availability if term.deployment == "dedicated")
    assert (str(term.rto), str(term.rpo), term.clause) == ("0 hours", "5 minutes", "UX-5.dedicated-rto")


def test_ux_6_processing_what_users_start_is_instructed_and_nothing_else(agreement):
    """gate.purpose and attestation.confidentiality; of 180 days and 3 months the stricter hold."""
    assert refused_by(agreement, purpose="play-recordings") == ""
    assert refused_by(agreement, instructed_purposes=frozenset()) == "UX-6.processing"
    assert duties(agreement, "contract-signed")["attest-confidentiality"].clause == "UX-6.processing"
    assert {(also.term, also.says) for also in agreement.terms.also} == {("end.destroy", "180 days")}


@pytest.mark.parametrize(
    "category",
    ["user.name", "user.content.self_image", "user.authorization.password", "user.device.ip_address", "user.telemetry"],
)
def test_ux_6_inventory_the_table_is_the_list(agreement, category):
    """gate.categories."""
    assert refused_by(agreement, categories=frozenset({category})) == ""
    assert refused_by(agreement, categories=frozenset({category, "user.financial"})) == "UX-6.inventory"


def test_ux_7_term_collection_ends_at_that_instant(agreement):
    """gate.subscription."""
    assert refused_by(agreement, **ENDED, at=NOON + timedelta(seconds=1)) == "UX-11.forgotten"


def test_ux_10_aup_24_hours_after_the_request(agreement):
    """obligation.misuse and gate.suspension: collection stops, what is stored stays readable."""
    moment = duties(agreement, "misuse-found")["may-suspend"]
    assert (moment.clause, local(moment)) == ("UX-10.aup", "2026-03-03 12:00")
    assert refused_by(agreement, acceptable_use_suspended=True) == "UX-10.aup"
    assert refused_by(agreement, acceptable_use_suspended=True, purpose="play-recordings") == ""


def test_ux_11_forgotten_30_days_then_blocked_then_3_months(agreement):
    """gate.subscription and obligation.end-of-contract."""
    planned = duties(agreement, "contract-ends")
    assert [local(planned[word]) for word in ("renewal-closes", "access-ends", "export-closes", "destroy")] == [
        "2026-04-02 00:00", "2026-04-02 00:00", "2026-06-02 12:00", "2026-06-02 12:00",
    ]  # fmt: skip
    blocked = planned["access-ends"].due
    assert refused_by(agreement, purpose="play-recordings", **ENDED, at=blocked - timedelta(seconds=1)) == ""
    assert refused_by(agreement, purpose="play-recordings", **ENDED, at=blocked) == "UX-11.forgotten"
    assert refused_by(agreement, purpose="export-data", **ENDED, at=blocked) == ""


def test_ux_11_forgotten_the_link_lives_30_days_in_four_forms(agreement):
    """obligation.end-of-contract: counted from when the export was made."""
    assert agreement.terms.end.formats == ("csv", "pdf", "tiff", "mp3")
    assert local(duties(agreement, "export-made")["link-expires"]) == "2026-04-01 12:00"


def test_ux_x_infringing_is_suspended_and_told(agreement):
    """gate.instruction and obligation.infringing."""
    assert refused_by(agreement, suspended_purposes=frozenset({"record-calls"})) == "UX-X.infringing"
    assert duties(agreement, "instruction-suspended")["tell-customer"].clause == "UX-X.infringing"


def test_ux_x_compulsion_is_told_before(agreement):
    """obligation.compulsion."""
    told = duties(agreement, "compulsion-received", processing_at="2026-03-05T09:00:00+01:00")["tell-customer"]
    assert told.clause == "UX-X.compulsion"


def test_ux_x_notices_count_as_received_after_three_days(agreement):
    """obligation.subprocessor-windows."""
    assert str(agreement.terms.notices.assumed_after) == "3 days"


def test_ux_x_sealing_holds_here_too(agreement):
    """gate.sealing."""
    assert refused_by(agreement, sealed_to_customer=False) == "UX-X.sealing"


def test_ux_x_retention_is_the_customers(agreement):
    """The term; the controls wait for the person's side."""
    assert (agreement.terms.retention.controlled_by, agreement.terms.retention.authored) == ("customer", True)


def test_ux_x_sub_processors_have_windows_of_ours(agreement):
    """obligation.subprocessor-windows and gate.egress."""
    assert duties(agreement, "subprocessor-announced", key="speech")["earliest-start"].authored
    assert refused_by(agreement, recipient="speech") == "UX-X.sub-processors"


def test_ux_x_breach_24_hours_of_ours(agreement):
    """obligation.breach-notice."""
    notify = duties(agreement, "incident-known")["notify"]
    assert (local(notify), notify.authored) == ("2026-03-03 12:00", True)


def test_ux_x_audit_is_ours(agreement):
    """obligation.audit-notice."""
    assert duties(agreement, "audit-requested", cause="none")["earliest"].authored


def test_ux_x_staff_access_is_for_its_purpose_only(agreement):
    """gate.staff-access and obligation.access-review."""
    assert refused_by(agreement, purpose="support-access", person="7b1f") == "UX-X.staff-access"
    assert duties(agreement, "access-review-held")["next-review"].clause == "UX-X.staff-access"


def test_ux_x_marketing_nobody_markets_to_people_in_the_data(agreement):
    """gate.purpose."""
    instructed = frozenset({"provider-marketing"})
    assert refused_by(agreement, purpose="provider-marketing", instructed_purposes=instructed) == "UX-6.processing"


def test_ux_x_order_has_limits(agreement):
    """control.signatures."""
    assert {limit.term for limit in agreement.terms.limits} == {"suspension.after", "breach.within"}


def test_ux_x_audit_a_request_is_decided_by_terms_of_ours(agreement):
    """control.audit-requests: the text makes information available, and says nothing of audits."""
    assert asked_for(agreement, days=60).granted
    assert asked_for(agreement, days=5).rule == "notice"
    assert agreement.clauses["UX-X.audit"].authored


def test_ux_6_processing_the_whole_chain_is_visible(open_databases):
    """control.subprocessor-register: each link with name, address, contact and its own contract, in its place."""
    host = sub_processor(name="Host AG")
    subprocessors.engage(host, at=datetime.now(UTC), by=STAFF)
    below = sub_processor(name="Cables Ltd", parent=host.key)
    subprocessors.engage(below, at=datetime.now(UTC), by=STAFF)
    links = subprocessors.links()
    place = next(number for number, link in enumerate(links) if link.entry.key == below.key)
    assert links[place].depth == 1
    assert links[place - 1].entry.key == host.key
    assert links[place].entry.address and links[place].entry.contact and links[place].entry.flowdown.digest
    with pytest.raises(subprocessors.ChangeRefused, match="Cables"):
        subprocessors.end(host.key, at=datetime.now(UTC), by=STAFF)
