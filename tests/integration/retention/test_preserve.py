"""`parley customer preserve`: a hold that binds the provider itself, from the provider's own machine."""

import re
from uuid import UUID

from tests.integration.retention.conftest import NOW, House, left
from typer.testing import CliRunner

from parley.people.api import create_user
from parley.project.cli import app
from parley.retention import api as retention
from parley.tenancy import api as tenancy

RUN = CliRunner()
OPERATOR = "olga.preserve@provider.example"


def test_an_order_to_the_provider_outlives_the_contract_until_it_is_released(house: House) -> None:
    with tenancy.scope(tenancy.provider()):
        create_user(email=OPERATOR, name="Olga", password="a sentence that nobody guesses 9", role="operator")
    call, handle = house.call(days=3), house.customer.handle
    order = ["--ground", "Order 12/26", "--review", "2099-12-31", "--by", OPERATOR]
    placed = RUN.invoke(app, ["customer", "preserve", handle, *order])
    assert placed.exit_code == 0, (placed.output, placed.exception)
    found = re.search(r"hold ([0-9a-f-]{36}) keeps recordings/\*", placed.output)
    assert found is not None
    (hold,) = retention.holds()
    assert (hold.id, hold.binds, hold.ground) == (UUID(found[1]), "provider", "Order 12/26")
    assert retention.dispose([call], cause="end", reference="end", at=NOW, by="end").erased.records == 0
    assert left() == {call.id}
    lifted = ["customer", "release", handle, found[1], "--reason", "revoked", "--by", OPERATOR]
    assert RUN.invoke(app, lifted).exit_code == 0
    assert retention.dispose([call], cause="end", reference="end", at=NOW, by="end").erased.records == 1


def test_nobody_but_an_operator_places_one(house: House) -> None:
    wrong = RUN.invoke(
        app,
        ["customer", "preserve", house.customer.handle, "--ground", "x", "--review", "2099-12-31", "--by", "who@x.org"],
    )
    assert wrong.exit_code != 0
    assert not retention.holds()
