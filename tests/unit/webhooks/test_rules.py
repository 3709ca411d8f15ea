"""When a delivery is tried again, and what is signed."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from parley.webhooks.rules import GIVEN_UP_AFTER, LONGEST_PAUSE, LONGEST_PROBE, after_attempt, signatures, written

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def after(status: int | None, **given: object):
    """The decision after an attempt: the first one, of an endpoint that was well, unless `given` says otherwise."""
    usual = {"retry_after": None, "attempts": 1, "queued_at": NOW, "failures": 0, "failing_since": None, "now": NOW}
    return after_attempt(status=status, **{**usual, "luck": 0.5, **given})


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((status, "delivered") for status in (200, 204)),
        *((status, "again") for status in (302, 400, 500, None)),
        (410, "gone"),
    ],
)
def test_what_an_answer_means(status, verdict):
    assert after(status).verdict == verdict


def test_pauses_grow_to_hours_and_the_endpoint_is_probed_each_quarter_of_an_hour():
    pauses = [after(500, attempts=n, failures=n - 1).pause for n in range(1, 15)]
    assert pauses[:4] == [timedelta(seconds=s) for s in (5, 15, 45, 135)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
    assert after(500, attempts=14, failures=13).leave_alone == LONGEST_PROBE
    spread = {after(500, luck=luck).pause for luck in (0.0, 0.5, 1.0)}
    assert spread == {timedelta(seconds=4), timedelta(seconds=5), timedelta(seconds=6)}


def test_given_up_after_days_and_the_endpoint_disabled():
    long_ago = NOW - GIVEN_UP_AFTER
    assert after(500, queued_at=long_ago + timedelta(seconds=1)).verdict == "again"
    assert after(500, queued_at=long_ago).verdict == "given-up"
    assert after(500, failing_since=long_ago, failures=30).verdict == "failing"
    assert after(200, failing_since=long_ago, failures=30).back


def test_a_receiver_that_is_busy_is_obeyed_within_reason():
    assert after(429, retry_after=90).pause == timedelta(seconds=90)
    assert after(503, retry_after=10**6).pause == timedelta(hours=1)
    assert after(500, retry_after=90).pause == timedelta(seconds=5)


def test_both_secrets_of_a_rotation_verify_by_the_reference_library():
    body, at = b'{"type":"recording.finished"}', int(datetime.now(UTC).timestamp())
    old, new = b"o" * 32, b"n" * 32
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": signatures([new, old], message_id="msg_1", timestamp=at, body=body),
    }
    for secret in (old, new):
        assert written(secret) == f"whsec_{base64.b64encode(secret).decode()}"
        assert Webhook(written(secret)).verify(body, headers) == {"type": "recording.finished"}
    with pytest.raises(WebhookVerificationError):
        Webhook(written(b"x" * 32)).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(written(new)).verify(body, {**headers, "webhook-id": "msg_2"})
