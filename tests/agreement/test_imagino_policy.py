"""imagino-policy: what its file says, and how gate and duties decide, clause by clause."""

from datetime import timedelta

import pytest
from tests.support.agreements import NOON, ask, duties, local, refused_by

from parley.agreement.api import Grant, load

CONTACTS = {"purpose": "keep-contacts", "offering": "contacts"}


@pytest.fixture
def agreement():
    return load("imagino-policy")


def test_ig_1_people_each_kind_has_its_own_data(agreement):
    """gate.categories: visitors, users and contacts; employees are the personnel department's."""
    by_offering = {term.offering: set(term.subjects) for term in agreement.terms.data}
    assert by_offering["website"] == {"visitor", "prospect", "job_applicant"}
    assert by_offering["contacts"] == {"customer", "prospect"}
    visitor = {"purpose": "keep-contacts", "offering": "website"}
    assert refused_by(agreement, **visitor, categories=frozenset({"user.content", "user.contact.email"})) == ""
    assert refused_by(agreement, **visitor, categories=frozenset({"user.financial"})) == "IG-1.people"


def test_ig_1_marketing_never_to_the_users_contacts(agreement):
    """gate.forbidden: to its own contacts the provider writes as a controller, with a way out in every message."""
    term = agreement.terms.marketing
    assert (term.allowed, term.unsubscribe_in_each, term.clause) == ("as-controller", True, "IG-1.marketing")
    instructed = frozenset({"provider-marketing"})
    assert refused_by(agreement, purpose="provider-marketing", instructed_purposes=instructed) == "IG-2.role"


def test_ig_1_tracers_wait_for_the_web_site(agreement):
    """Nothing keeps it yet: there is no web site with visitors, and so no tracer."""
    assert agreement.clauses["IG-1.tracers"].waits_for == ("offering.website",)


def test_ig_1_transport_is_proved_every_half_year(agreement):
    """attestation.transport."""
    planned = duties(agreement, "attestation-due", key="transport")["attest-transport"]
    assert (planned.clause, local(planned)) == ("IG-1.transport", "2026-09-02 12:00")


def test_ig_1_minors_are_kept_out(agreement):
    """gate.minors."""
    decision = ask(agreement, **CONTACTS, minors=True)
    assert (decision.allowed, decision.clause) == (False, "IG-1.minors")
    assert agreement.terms.minimum_age == 16


def test_ig_1_disclosure_to_providers_goes_through_their_gate(agreement):
    """gate.egress."""
    assert refused_by(agreement, **CONTACTS, recipient="broker") == "IG-X.sub-processors"


def test_ig_2_role_the_user_decides_what_is_done_with_contacts(agreement):
    """gate.purpose, gate.forbidden and attestation.guidance."""
    assert refused_by(agreement, **CONTACTS) == ""
    assert refused_by(agreement, **CONTACTS, instructed_purposes=frozenset()) == "IG-2.role"
    assert refused_by(agreement, purpose="sale", instructed_purposes=frozenset({"sale"})) == "IG-2.role"
    assert duties(agreement, "contract-signed")["attest-guidance"].clause == "IG-2.role"


@pytest.mark.parametrize(
    ("citizens", "region", "clause"),
    [("RU", "eu", "IG-2.residency"), ("CN", "eu", "IG-2.residency"), ("FR", "eu", ""), ("RU", "ru", "")],
)
def test_ig_2_residency_is_told_at_the_gate(agreement, citizens, region, clause):
    """gate.residency."""
    asked = {"citizens": frozenset({citizens}), "region": region, "confirmed_transfers": frozenset({"ru"})}
    assert refused_by(agreement, **CONTACTS, **asked) == clause


def test_ig_2_residency_a_recipient_in_the_united_states_is_certified(agreement):
    """gate.residency: the measure has a name."""
    (term,) = (term for term in agreement.terms.residency if term.country == "US")
    assert (term.measure, term.applies_to) == ("dpf", "recipients")
    assert refused_by(agreement, **CONTACTS, region="us") == "IG-2.hosting"
    assert refused_by(agreement, **CONTACTS, region="us", confirmed_transfers=frozenset({"us"})) == ""


def test_ig_2_breach_of_law_an_instruction_is_suspended_and_the_user_told(agreement):
    """gate.instruction and obligation.infringing."""
    assert refused_by(agreement, **CONTACTS, suspended_purposes=frozenset({"keep-contacts"})) == "IG-2.breach-of-law"
    assert duties(agreement, "instruction-suspended")["tell-customer"].clause == "IG-2.breach-of-law"


def test_ig_2_hosting_nobody_looks_without_an_express_instruction(agreement):
    """gate.region and gate.staff-access: the consent to one maintenance is that instruction."""
    looking = {"purpose": "support-access", "offering": "contacts", "person": "7b1f"}
    grant = Grant(
        id="1", person="7b1f", purpose="support-access", offering="contacts", starts=NOON,
        ends=NOON + timedelta(hours=1), consented=True,
    )  # fmt: skip
    assert refused_by(agreement, **looking) == "IG-2.role"
    assert refused_by(agreement, **looking, grants=(grant,)) == ""
    assert refused_by(agreement, **looking, grants=(grant,), at=NOON + timedelta(hours=1)) != ""
    assert refused_by(agreement, **CONTACTS, region="me") == "IG-2.hosting"


def test_ig_3_campaigns_may_be_suspended_at_once(agreement):
    """gate.suspension."""
    sending = {"purpose": "run-campaigns", "offering": "campaigns"}
    assert refused_by(agreement, **sending) == ""
    assert refused_by(agreement, **sending, acceptable_use_suspended=True) == "IG-3.campaigns"
    assert local(duties(agreement, "misuse-found")["may-suspend"]) == "2026-03-02 12:00"


def test_ig_4_google_only_when_asked_for_only_what_is_needed_and_no_minors(agreement):
    """gate.purpose, gate.categories and gate.minors."""
    sharing = {"purpose": "share-audiences", "offering": "audiences"}
    assert refused_by(agreement, **sharing) == "IG-2.role"
    asked = {**sharing, "instructed_purposes": frozenset({"share-audiences"})}
    assert refused_by(agreement, **asked, categories=frozenset({"user.unique_id"})) == ""
    assert refused_by(agreement, **asked, categories=frozenset({"user.demographic"})) == "IG-4.google"
    assert refused_by(agreement, **asked, minors=True) == "IG-1.minors"


def test_ig_5_employees_the_personnel_department_proves_it(agreement):
    """attestation.staff-data."""
    (term,) = (term for term in agreement.terms.attestations if term.key == "staff-data")
    assert (term.responsible, term.clause) == ("personnel", "IG-5.employees")


def test_ig_6_versions_a_policy_holds_from_its_publication(agreement):
    """control.policy-versions: the file says how it takes effect; an Art. 28 contract never does so."""
    assert (agreement.kind, agreement.takes_effect) == ("policy", "when-published")
    assert load("imagicle-dpa").takes_effect == "by-agreement"


def test_ig_x_compulsion_is_told_before(agreement):
    """obligation.compulsion."""
    told = duties(agreement, "compulsion-received", processing_at="2026-03-05T09:00:00+01:00")["tell-customer"]
    assert told.clause == "IG-X.compulsion"


def test_ig_x_notices_count_as_received_after_three_days(agreement):
    """obligation.subprocessor-windows."""
    assert (str(agreement.terms.notices.assumed_after), agreement.terms.notices.authored) == ("3 days", True)


def test_ig_x_sealing_holds_here_too(agreement):
    """gate.sealing."""
    assert refused_by(agreement, **CONTACTS, sealed_to_customer=False) == "IG-X.sealing"


def test_ig_x_retention_is_the_users(agreement):
    """The term; the controls wait for the person's side."""
    assert (agreement.terms.retention.controlled_by, agreement.terms.retention.authored) == ("customer", True)


def test_ig_x_end_30_days_of_ours(agreement):
    """obligation.end-of-contract and gate.subscription."""
    destroy = duties(agreement, "contract-ends")["destroy"]
    assert (local(destroy), destroy.authored) == ("2026-04-01 12:00", True)
    ended = {"subscription_state": "ended", "contract_ended_at": NOON}
    assert refused_by(agreement, **CONTACTS, **ended) == "IG-X.end"


def test_ig_x_sub_processors_have_windows_of_ours(agreement):
    """obligation.subprocessor-windows and gate.egress."""
    planned = duties(agreement, "subprocessor-announced", key="mail")
    assert planned["earliest-start"].authored
    assert refused_by(agreement, **CONTACTS, recipient="mail") == "IG-X.sub-processors"


def test_ig_x_breach_24_hours_of_ours(agreement):
    """obligation.breach-notice."""
    notify = duties(agreement, "incident-known")["notify"]
    assert (local(notify), notify.authored) == ("2026-03-03 12:00", True)


def test_ig_x_audit_is_ours(agreement):
    """obligation.audit-notice."""
    assert duties(agreement, "audit-requested", cause="none")["earliest"].authored


def test_ig_x_contacts_categories_are_ours(agreement):
    """gate.categories."""
    assert refused_by(agreement, **CONTACTS, categories=frozenset({"user.demographic"})) == ""
    assert refused_by(agreement, **CONTACTS, categories=frozenset({"user.financial"})) == "IG-X.contacts"
