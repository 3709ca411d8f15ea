"""Clauses that incidents keep: each agreement's own clock, notices by mail, the register, letters to persons."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.breaches import CRITERIA, declare, furnish, office, turns

from parley.agreement.api import load
from parley.governance.incidents import api as incidents
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy


def told(make_customer, server, agreement):
    """A customer with recordings that an incident touched and that was told, and the incident."""
    customer = make_customer(agreement=agreement)
    furnish(customer, recordings=2)
    criteria = incidents.Criteria(
        offering=CRITERIA.offering, since=CRITERIA.since, until=CRITERIA.until, customers=(customer.handle,)
    )
    incident = declare(criteria=criteria)
    turns([customer], server=server)
    return customer, incident


def check(make_customer, server, *, agreement, clause, hours, promised):
    customer, incident = told(make_customer, server, agreement)
    letter = server.to(office(customer))[-1]
    assert load(agreement).terms.breach.promised is promised
    assert clause in letter.text
    assert server.signed(letter)
    with tenancy.scope(customer):
        affair = incidents.affair(incident)
        notify = obligations.duty(f"incident-known:{incident}:notify")
        assert (notify.clause, notify.state) == (clause, "met")
        assert notify.due - affair.known_at == timedelta(hours=hours)
        assert affair.records == 2
    line = next(one for one in incidents.register() if one.id == incident)
    assert line.told == 1
    return customer, incident, letter


def test_im_3f_breach_48_hours_with_the_content_of_the_article(make_customer, server):
    """control.incident-notices, control.breach-register, control.mail and obligation.breach-notice."""
    _, _, letter = check(
        make_customer, server, agreement="imagicle-dpa", clause="IM-3f.breach", hours=48, promised=True
    )
    assert "2 records" in " ".join(letter.text.split())


def test_im_3f_dpia_help_reaches_the_persons_when_the_customer_says_so(make_customer, server):
    """control.breach-register: letters of Art. 34 leave on the customer's word alone."""
    customer, incident = told(make_customer, server, "imagicle-dpa")
    with tenancy.scope(customer):
        assert not incidents.letters(incident)
        with pytest.raises(incidents.IncidentRefused):
            incidents.order_letters(incident, by=customer.id, at=datetime.now(UTC))


def test_kv_6_breach_48_hours_by_e_mail(make_customer, server):
    """control.incident-notices, control.breach-register, control.mail and obligation.breach-notice."""
    check(make_customer, server, agreement="kavkom-dpa", clause="KV-6.breach", hours=48, promised=True)


def test_ix_10_incident_without_undue_delay_within_our_24_hours(make_customer, server):
    """control.incident-notices, control.breach-register, control.mail and obligation.breach-notice."""
    check(make_customer, server, agreement="ixcloud-dpa", clause="IX-10.incident", hours=24, promised=False)
