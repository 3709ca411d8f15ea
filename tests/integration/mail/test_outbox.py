"""A message is dispatched once, proved, and neither lost nor doubled, whatever server and process do."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from tests.support.smtp_sink import Sink

from parley.mail import api as mail
from parley.mail.models import Message
from parley.mail.outbox import Courier
from parley.mail.transport import Server
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

OFFICE, LEGAL = "office@customer.example", "legal@customer.example"

CRASHING = """
import os, signal, sys
from pathlib import Path
from uuid import UUID
from datetime import UTC, datetime
import django
django.setup()
from parley.mail import outbox
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy
concluded = outbox._conclude
def die(*arguments, **named):
    if sys.argv[2] == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    concluded(*arguments, **named)
outbox._conclude = die
customer = tenancy.by_id(UUID(sys.argv[1]))
now = datetime.fromisoformat(sys.argv[3])
obligations.run_due(customer, handlers=outbox.handlers(), now=now)
"""


def write(*, key: str = "k", to: tuple[str, ...] = (OFFICE,), **more: str) -> object:
    given = {"subject": "Notice", "text": "Text", "html": "<p>Text</p>", "purpose": "test", "clause": "T-1"}
    return mail.send(key=key, to=to, **given | more)  # type: ignore[arg-type]


def turn(customer: tenancy.Customer, courier: Courier, *, later: timedelta = timedelta()) -> obligations.Outcome:
    handlers = {mail.SEND: courier.attempt}
    return obligations.run_due(customer, handlers=handlers, now=datetime.now(UTC) + later)


def proofs() -> list[dict[str, object]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT details FROM ledger_detail")
        return [found for (row,) in cursor.fetchall() if "message_id" in (found := json.loads(row))]


def test_a_message_is_taken_once_signed_and_proved(customer: tenancy.Customer, server: Sink) -> None:
    first, again = write(), write(text="another text under the same key")
    assert first == again
    turn(customer, server.courier())
    turn(customer, server.courier(), later=timedelta(days=8))
    (taken,) = server.taken
    (sent,) = mail.messages()
    assert server.signed(taken)
    assert (taken.message_id, taken.text, taken.recipients) == (sent.message_id, "Text\n", (OFFICE,))
    assert (sent.state, sent.answer, sent.dkim_selector) == ("sent", "250 2.0.0 taken as 1", "test")
    assert sent.sha256 == hashlib.sha256(taken.content).hexdigest() == hashlib.sha256(mail.as_sent(sent.id)).hexdigest()
    (proof,) = proofs()
    assert (proof["message_id"], proof["sha256"], proof["answer"]) == (sent.message_id, sent.sha256, sent.answer)
    assert "customer.example" not in json.dumps(proof)


def test_what_was_altered_on_the_way_is_not_signed(customer: tenancy.Customer, server: Sink) -> None:
    write()
    turn(customer, server.courier())
    (taken,) = server.taken
    altered = type(taken)(taken.sender, taken.recipients, taken.content.replace(b"Notice", b"Nothing"))
    assert server.signed(taken) and not server.signed(altered)


def test_a_message_leaves_with_the_transaction_that_wrote_it_or_not_at_all(
    customer: tenancy.Customer, server: Sink
) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        write()
        raise ZeroDivisionError
    turn(customer, server.courier())
    assert mail.messages() == [] and server.taken == []


@pytest.mark.parametrize("mode", ["away", "busy"])
def test_an_hour_without_a_server_loses_and_doubles_nothing(
    customer: tenancy.Customer, server: Sink, mode: str
) -> None:
    server.mode = mode
    keys = [str(number) for number in range(3)]
    for key in keys:
        write(key=key)
    turn(customer, server.courier(), later=timedelta(hours=1))
    assert {one.state for one in mail.messages()} == {"queued"}
    assert all(one.recipients[0].attempts >= 8 for one in mail.messages())
    server.mode = "accept"
    turn(customer, server.courier(), later=timedelta(hours=1, minutes=20))
    assert len(server.taken) == len({one.message_id for one in server.taken}) == len(keys)
    assert {one.state for one in mail.messages()} == {"sent"}
    assert len(proofs()) == len(keys)


def test_a_recipient_who_is_refused_is_named_and_the_other_still_gets_it(
    customer: tenancy.Customer, server: Sink
) -> None:
    server.refused = {LEGAL}
    write(to=(OFFICE, LEGAL))
    turn(customer, server.courier())
    (sent,) = mail.messages()
    assert [one.state for one in sent.recipients] == ["sent", "failed"]
    assert sent.recipients[1].answer.startswith("550") and LEGAL not in sent.recipients[1].answer
    assert sent.state == "sent" and sent.next_attempt is None


def test_refused_by_all_is_failed_at_once_and_can_be_sent_again(customer: tenancy.Customer, server: Sink) -> None:
    server.mode = "refuse"
    write(then="test.then")
    turn(customer, server.courier())
    (failed,) = mail.messages(state="failed")
    server.mode = "accept"
    mail.send_again(failed.id, at=datetime.now(UTC))
    followed: list[object] = []
    handlers = {mail.SEND: server.courier().attempt, "test.then": lambda work: followed.append(work.payload)}
    obligations.run_due(customer, handlers=handlers, now=datetime.now(UTC) + timedelta(seconds=1))
    assert mail.message(failed.id).state == "sent" and len(server.taken) == 1
    assert followed == [{"message": str(failed.id), "key": "k", "state": state} for state in ("failed", "sent")]


def test_after_a_week_without_a_server_it_is_given_up_loudly(customer: tenancy.Customer, server: Sink) -> None:
    server.mode = "away"
    write()
    turn(customer, server.courier(), later=timedelta(hours=2))
    (waiting,) = mail.messages()
    assert waiting.state == "queued" and waiting.next_attempt is not None
    for days, state in ((6, "queued"), (8, "failed")):
        Message.objects.update(created_at=datetime.now(UTC) - timedelta(days=days))  # instead of hundreds of attempts
        turn(customer, server.courier(), later=timedelta(hours=2, minutes=16 * days))
        assert mail.message(waiting.id).state == state
    assert mail.message(waiting.id).next_attempt is None


def test_a_server_that_says_nothing_holds_up_one_message_and_not_the_next(customer: tenancy.Customer) -> None:
    for key in "abcd":
        write(key=key)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        server = Server(host="127.0.0.1", port=mute.getsockname()[1], tls="none", seconds=3.0)
        begun = time.monotonic()
        turn(customer, Courier(server=server, sender="parley@localhost"))
        assert time.monotonic() - begun < 9  # one patience of the four
    answers = sorted(one.answer for one in mail.messages())
    assert answers[0].endswith("(TimeoutError)") and all(one.startswith("not tried") for one in answers[1:])
    assert {one.state for one in mail.messages()} == {"queued"}


def test_without_a_configured_server_messages_wait_and_are_seen(customer: tenancy.Customer, server: Sink) -> None:
    write()
    courier = Courier(server=Server(host="", port=25, tls="none"), sender="parley@localhost")
    turn(customer, courier)
    (waiting,) = mail.messages()
    assert (waiting.state, waiting.answer) == ("queued", "no mail server is configured")
    turn(customer, server.courier(), later=timedelta(hours=1))
    assert mail.message(waiting.id).state == "sent"


def test_nobody_to_write_to_is_an_error(customer: tenancy.Customer) -> None:
    with pytest.raises(mail.MailRefused, match="nobody"):
        write(to=())
    with pytest.raises(mail.MailRefused, match="not an e-mail address"):
        write(to=("office@customer.example\nBcc: x@y.org",))


def test_killed_between_the_answer_and_the_commit_the_same_message_is_sent_again(
    customer: tenancy.Customer, server: Sink
) -> None:
    """The one thing that the protocol cannot exclude: the message arrives twice, but as the same message."""
    write()
    environment = {**os.environ, **server.environment(), "PYTHONPATH": os.pathsep.join(sys.path)}

    def process(what: str, *, later: timedelta = timedelta()) -> int:
        moment = (datetime.now(UTC) + later).isoformat()
        words = [sys.executable, "-c", CRASHING, str(customer.id), what, moment]
        return subprocess.run(words, env=environment, check=False, timeout=60).returncode

    assert process("crash") == -signal.SIGKILL
    (waiting,) = mail.messages()
    assert (waiting.state, waiting.recipients[0].attempts, proofs()) == ("queued", 0, [])
    assert process("live", later=timedelta(minutes=1)) == 0
    (sent,) = mail.messages()
    assert sent.state == "sent" and len(proofs()) == 1
    assert len(server.taken) == 2
    assert {one.message_id for one in server.taken} == {sent.message_id}
