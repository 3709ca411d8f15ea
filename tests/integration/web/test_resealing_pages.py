"""The page of keys where the provider keeps them: what is left under former keys, a run begun, followed and stopped by
whoever oversees; and what a lost key means for what was sealed anew."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.test import Client
from tests.integration.web.test_obligation_pages import PASSWORD, signed_in
from tests.support.spooled import Spooler, call

from parley.governance.access import api as access
from parley.obligations.api import run_due
from parley.people import api as people
from parley.recordings import api as recordings
from parley.recordings.resealing import api as resealing
from parley.tenancy import api as tenancy


def now() -> datetime:
    return datetime.now(UTC)


def words(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def test_a_run_is_begun_followed_and_stopped_from_the_page_of_keys(make_customer: Any, tmp_path: Path) -> None:
    customer = make_customer()
    home = f"/c/{customer.handle}/"
    with tenancy.scope(customer):
        for role, number in (("administrator", "+390584111111"), ("user", "+390584222222")):
            people.create_user(email=f"{role}@keys.example", name=role, password=PASSWORD, role=role, numbers=[number])
        spooler = Spooler(tmp_path / "spool", customer)
        for n in range(2):
            closed = spooler.close(at=now() - timedelta(hours=1 + n), parts=[call(0.1)])
            recordings.finalize(closed, store=recordings.installed_store(), now=now())
        boss, keys = signed_in(home, "administrator@keys.example"), f"{home}access/keys/"
        assert "There are no former keys" in words(boss, keys)
        first = customer.recipients
        access.rotate_keys(by=uuid4(), party="customer", at=now())
        shown = words(boss, keys)
        assert "<span data-left>2</span> of <span data-total>2</span>" in shown
        assert "Seal 2 recordings anew" in shown
        access.declare(what="loss", concerned=first, by=uuid4(), party="customer", at=now())
        assert "2 recordings can be opened by nobody any more." in words(boss, f"{keys}lost/")

        assert boss.post(keys, {"deed": "reseal"}).status_code == 302
        assert "0 of 2 recordings" in words(boss, f"{keys}resealing/")
        assert boss.post(keys, {"deed": "reseal-stop"}).status_code == 302
        assert "It was stopped" in words(boss, keys)
        assert boss.post(keys, {"deed": "reseal"}).status_code == 302
        assert run_due(customer, handlers=resealing.long_handlers(), now=now()).failed == 0
        shown = words(boss, keys)
        assert "<span data-left>0</span> of <span data-total>2</span>" in shown
        assert "2 recordings were sealed anew." in shown
        assert boss.post(keys, {"deed": "reseal"}).status_code == 409, "nothing is left"
        assert "2 recordings hang on one key." in words(boss, f"{keys}lost/")
        somebody = signed_in(home, "user@keys.example")
        assert somebody.post(keys, {"deed": "reseal"}).status_code == 403
        assert somebody.get(f"{keys}resealing/").status_code == 403
