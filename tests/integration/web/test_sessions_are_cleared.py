"""A session that a browser gets has its clearing arranged, in the customer's own database."""

from datetime import UTC, datetime, timedelta

from django.contrib.sessions.models import Session
from django.test import Client
from tests.support.installation import MakeCustomer

from parley.obligations.api import run_due
from parley.people import api as people
from parley.tenancy import api as tenancy


def test_a_visit_to_the_sign_in_page_leaves_no_session_for_ever(make_customer: MakeCustomer) -> None:
    customer = make_customer()
    client = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
    assert client.get(f"/c/{customer.handle}/sign-in").status_code == 200
    with tenancy.scope(customer):
        (session,) = Session.objects.all()
        before = run_due(customer, handlers=people.handlers(), now=datetime.now(UTC))
        assert before.done == 0
        assert before.next_due is not None
        assert session.expire_date < before.next_due <= session.expire_date + timedelta(days=1)
        session.expire_date = datetime.now(UTC) - timedelta(minutes=1)
        session.save()
        assert run_due(customer, handlers=people.handlers(), now=before.next_due).done == 1
        assert not Session.objects.exists()
