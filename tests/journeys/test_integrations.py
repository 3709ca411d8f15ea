"""Webhooks and API tokens in the browser: made, shown once, used, sent again, ended."""

import json
import os
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Account, Servers, sign_in
from tests.support.hook_receiver import receiving

from parley.project import alarms
from parley.tenancy import api as tenancy
from parley.webhooks import api as webhooks

SHOTS = os.environ.get("SHOTS", "")


def shot(page: Page, name: str) -> None:
    """Pictures for people to look at, where they are asked for."""
    for width in (1280, 390) if SHOTS else ():
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})


def deliver(account: Account) -> int:
    courier = webhooks.Courier(tell=alarms.tell_of_endpoint)
    return courier.turn(account.customer, stop=lambda: False)


@pytest.fixture
def receiver(settings):
    with receiving() as server:
        settings.PARLEY_CALLBACK_ALLOW = (server.place,)
        yield server


def test_an_endpoint_from_its_secret_to_its_end(page: Page, local: Account, receiver, django_db_blocker) -> None:
    sign_in(page, local)
    page.goto(local.address("integrations/webhooks/"))
    shot(page, "webhooks-empty")
    page.get_by_role("link", name="Add an endpoint").click()
    page.get_by_label("Name").fill("CRM")
    page.get_by_label("Address").fill("https://10.0.0.1/hooks")
    page.get_by_role("button", name="Add this endpoint").click()
    expect(page.get_by_text("Only public addresses are called")).to_be_visible()
    shot(page, "webhook-new")
    page.get_by_label("Address").fill("https://hooks.example/parley")
    page.get_by_role("button", name="Add this endpoint").click()
    secret = page.locator("#secret").inner_text()
    assert secret.startswith("whsec_")
    shot(page, "webhook-secret")
    # The web server of the journeys calls public places only: the operator's own receiver is set here.
    with django_db_blocker.unblock(), tenancy.scope(local.customer):
        one = webhooks.endpoints()[0]
        webhooks.change_endpoint(
            one.id, name=one.name, url=receiver.url, kinds=one.kinds, by=local.customer.id, clause="x",
            at=datetime.now(UTC),
        )  # fmt: skip
    receiver.secrets.append(secret)
    page.goto(local.address(f"integrations/webhooks/{one.id}/"))
    assert secret not in page.content()
    receiver.mode = "503"
    page.get_by_role("button", name="Send a test").click()
    with django_db_blocker.unblock():
        assert deliver(local) == 1
    page.reload()
    expect(page.get_by_text("Nothing came through since")).to_be_visible()
    receiver.mode = "200"
    page.get_by_role("button", name="Send a test").click()
    with django_db_blocker.unblock():
        assert deliver(local) >= 1
    page.reload()
    page.get_by_text("1 attempt").first.click()
    shot(page, "webhook")
    assert receiver.taken[-1].verified == 1
    page.get_by_role("button", name="Send again").first.click()
    with django_db_blocker.unblock():
        assert deliver(local) >= 1
    assert len({told.id for told in receiver.taken}) < len(receiver.taken)
    page.get_by_role("button", name="Make a new secret").click()
    assert page.locator("#secret").inner_text() != secret
    page.goto(local.address("integrations/webhooks/"))
    shot(page, "webhooks")
    page.get_by_role("link", name="CRM").click()
    page.get_by_role("button", name="Disable this endpoint").click()
    expect(page.get_by_text("Somebody disabled it here.")).to_be_visible()
    page.get_by_role("button", name="Remove this endpoint").click()
    expect(page.get_by_text("No program is told of anything.")).to_be_visible()


def test_a_token_is_shown_once_used_and_revoked(page: Page, local: Account, servers: Servers) -> None:
    sign_in(page, local)
    page.goto(local.address("integrations/tokens/"))
    shot(page, "tokens-empty")
    page.get_by_role("link", name="Make a token").click()
    page.get_by_label("Name of the program").fill("Reports")
    page.get_by_role("button", name="Make this token").click()
    expect(page.get_by_text("Choose at least one.")).to_be_visible()
    page.get_by_label("Find recordings and read what is known of them").check()
    shot(page, "token-new")
    page.get_by_role("button", name="Make this token").click()
    token = page.locator("#token").inner_text()
    shot(page, "token-made")
    asked = urllib.request.Request(f"{servers.base}{local.address('api/v1/recordings')}")
    asked.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(asked) as answer:
        assert json.load(answer)["items"][0]["id"] == str(local.recording)
    page.get_by_role("link", name="I have kept it").click()
    assert token not in page.content()
    shot(page, "tokens")
    page.get_by_role("row", name="Reports").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("No program has a token.")).to_be_visible()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked)
    assert refused.value.code == 401
