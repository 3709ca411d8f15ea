"""How fast one address may read a log: fast enough to audit it, not as fast as it likes."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from tests.support.logs import integrate_all, record_many

from parley.tenancy import api as tenancy
from parley.web.log import views

AUDITOR, OTHER = "198.51.100.21", "198.51.100.22"


@pytest.fixture(scope="module")
def log(make_customer) -> Iterator[str]:  # type: ignore[no-untyped-def]
    """The prefix of a log of some 600 entries."""
    customer: tenancy.Customer = make_customer(handle="readlog")
    record_many(customer, 600)
    integrate_all(customer)
    yield f"/log/{customer.log_id}/"
    views._COUNTER.forget()


def test_an_auditor_reads_all_and_whoever_hammers_waits(log: str) -> None:
    client = Client(HTTP_HOST="127.0.0.1", REMOTE_ADDR=AUDITOR)
    views._COUNTER.forget()
    resources = ("checkpoint", "tile/0/000", "tile/0/001", "tile/entries/000", "tile/entries/001")
    for resource in resources:
        answer = client.get(log + resource)
        assert answer.status_code == 200, resource
        assert ("immutable" in answer["Cache-Control"]) == (resource != "checkpoint")
    missing = [client.get(f"/log/nobody/tile/0/{n % 1000:03d}") for n in range(views.MOST_A_MINUTE - len(resources))]
    assert {one.status_code for one in missing} == {404}  # guesses count as well

    refused = client.get(log + "tile/0/000")
    assert refused.status_code == 429
    assert refused["Cache-Control"] == "no-store"
    assert refused["Access-Control-Allow-Origin"] == "*"
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert re.search(rb"go on after \d+ seconds", refused.content)
    assert Client(HTTP_HOST="127.0.0.1", REMOTE_ADDR=OTHER).get(log + "tile/0/000").status_code == 200
    assert client.get("/subprocessors/").status_code == 200  # another count: pages stay open to an auditor


def test_ten_million_entries_are_audited_within_two_hours() -> None:
    tiles = sum(-(-10_000_000 // 256**level) for level in range(1, 4))
    bundles = -(-10_000_000 // 256)
    assert (tiles + bundles) / views.MOST_A_MINUTE <= 120
