"""The outbox: a message is written in the transaction of what it tells, and handed to a server afterwards, once.

An attempt is one deadline of the obligations engine. An attempt that comes to nothing writes down why, and opens the
next one: a mail server may be away for days. The server's answer, the evidence and the done-mark commit together. A
process that is killed between the server's 250 and that commit sends the message again, with the same Message-ID: mail
servers and readers take it for the same message, but the protocol allows no more than that.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min

from parley.foundation.ids import new_id
from parley.mail.composing import MOST_RECIPIENTS, canonical_address, compose, message_id
from parley.mail.errors import MailRefused, NoSuchMessage
from parley.mail.models import Message, Recipient
from parley.mail.rules import GIVEN_UP_AFTER, pause_after
from parley.mail.signing import Signer, signer
from parley.mail.transport import Answer, Server, deliver
from parley.mail.types import Attachment, Content, MessageView, RecipientView, State
from parley.monitoring.api import Queue
from parley.obligations import api as obligations
from parley.sealing.api import blind_index
from parley.tenancy import api as tenancy

SEND = "mail.send"
_NO_SERVER = "no mail server is configured"
_LONGEST_WAIT_WITHOUT_SERVER = 10
_LEFT_ALONE = "not tried: the mail server kept the last message waiting in vain"
_LEFT_ALONE_SECONDS = 30.0


def send(
    *,
    key: str,
    to: Sequence[str],
    subject: str,
    text: str,
    html: str = "",
    attachments: Sequence[Attachment] = (),
    purpose: str,
    clause: str,
    then: str = "",
    headers: Mapping[str, str] | None = None,
) -> UUID:
    """Write a message into the outbox of the customer in scope, in the caller's transaction; its id.

    Idempotent by `key`. `then` is the kind of a deadline that is opened when the message is dispatched or given up,
    with the payload {"message": id, "key": key, "state": "sent" or "failed"}. `headers` are further ones of the message
    (List-Unsubscribe). Raises MailRefused.
    """
    known = Message.objects.filter(key=key).values_list("id", flat=True).first()
    if known is not None:
        return known
    addresses = list(dict.fromkeys(canonical_address(one) for one in to))
    if not addresses:
        raise MailRefused("there is nobody to write to", remedy="Set the addresses for notices first.")
    if len(addresses) > MOST_RECIPIENTS:
        raise MailRefused(f"a message goes to {MOST_RECIPIENTS} recipients at most", remedy="Write several.")
    now = datetime.now(UTC)
    identifier = message_id(sender=tenancy.current().id, key=key, domain=_domain())
    content = compose(
        sender=settings.PARLEY_MAIL_FROM, to=addresses, subject=subject, text=text, html=html, attachments=attachments,
        headers=headers, identifier=identifier, at=now,
    )  # fmt: skip
    with transaction.atomic():
        message, made = Message.objects.get_or_create(
            key=key,
            defaults={
                "id": new_id(at=now),
                "purpose": purpose,
                "clause": clause,
                "subject": subject,
                "text": text,
                "html": html,
                "attachments": [one.name for one in attachments],
                "content": content,
                "message_id": identifier,
                "then": then,
                "next_attempt": now,
                "created_at": now,
            },
        )
        if made:
            Recipient.objects.bulk_create(Recipient(message=message, address=address) for address in addresses)
            _open_attempt(message, due=now)
    return message.id


def send_again(message: UUID, *, at: datetime) -> None:
    """Try once more what was given up. Raises NoSuchMessage when there is nothing of that id to try."""
    with transaction.atomic():
        row = Message.objects.select_for_update().filter(id=message, state="failed", blanked_at__isnull=True).first()
        if row is None:
            raise NoSuchMessage("there is no such message that was given up", remedy="Look into the list of mail.")
        row.recipients.filter(state="failed").update(state="queued")
        row.state, row.next_attempt, row.created_at = "queued", at, at
        row.save(update_fields=["state", "next_attempt", "created_at"])
        _open_attempt(row, due=at)


def messages(
    *,
    purpose: str | None = None,
    state: State | None = None,
    ids: Iterable[UUID] | None = None,
    key: str | None = None,
    before: datetime | None = None,
    limit: int = 100,
) -> list[MessageView]:
    """The messages of the customer in scope, newest first; `before` is the `created_at` of the last one seen."""
    rows = Message.objects.order_by("-created_at").prefetch_related("recipients").defer("content", "text", "html")
    wanted = {
        "purpose": purpose,
        "state": state,
        "key": key,
        "created_at__lt": before,
        "id__in": None if ids is None else list(ids),
    }
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    return [_view(row) for row in rows[:limit]]


def message(message_id: UUID) -> MessageView:
    """One message. Raises NoSuchMessage."""
    found = messages(ids=[message_id])
    if not found:
        raise NoSuchMessage("there is no such message", remedy="Look into the list of mail.")
    return found[0]


def content(message_id: UUID) -> Content:
    """What a message says. Raises NoSuchMessage."""
    row = Message.objects.filter(id=message_id).defer("content").first()
    if row is None:
        raise NoSuchMessage("there is no such message", remedy="Look into the list of mail.")
    return Content(subject=row.subject, text=row.text, html=row.html, attachments=tuple(row.attachments))


def as_sent(message_id: UUID) -> bytes:
    """The bytes that the server took, of which `sha256` is the hash; unsigned while none did. Raises NoSuchMessage."""
    row = Message.objects.filter(id=message_id).only("content", "signature").first()
    if row is None:
        raise NoSuchMessage("there is no such message", remedy="Look into the list of mail.")
    return row.signature.encode("ascii") + bytes(row.content)


def forget(*, begins: str) -> int:
    """Delete the messages whose key begins so, with their recipients, in the caller's transaction; how many. What was
    not dispatched yet is not sent any more; the evidence of dispatch stays, which names nobody."""
    found = Message.objects.filter(key__startswith=begins)
    Recipient.objects.filter(message__in=found).delete()
    return found.delete()[0]


def handlers() -> Mapping[str, obligations.Handler]:
    """What the worker does for mail, with the settings of this process."""
    return {SEND: Courier.of_settings().attempt}


@dataclass(frozen=True, kw_only=True)
class Courier:
    """Hands messages to one server, signed by `signed_by` where signing is configured.

    A server that kept one message waiting in vain is left alone for a while: other work does not wait for it again and
    again.
    """

    server: Server
    sender: str
    signed_by: Callable[[], Signer] | None = None
    _silent: list[float] = field(default_factory=list)

    @classmethod
    def of_settings(cls) -> "Courier":
        """The courier that the operator configured."""
        return cls(
            server=Server(
                host=settings.PARLEY_MAIL_HOST,
                port=settings.PARLEY_MAIL_PORT,
                tls=settings.PARLEY_MAIL_TLS,
                user=settings.PARLEY_MAIL_USER,
                password=settings.PARLEY_MAIL_PASSWORD,
            ),
            sender=settings.PARLEY_MAIL_FROM,
            signed_by=configured_signer if settings.PARLEY_MAIL_DKIM_DOMAIN else None,
        )

    def attempt(self, work: obligations.Work) -> None:
        """One attempt at one message: the engine's handler for `mail.send`."""
        row = Message.objects.select_for_update().filter(id=UUID(work.payload["message"])).first()
        waiting = [] if row is None else list(row.recipients.filter(state="queued").order_by("id"))
        if row is None or not waiting:
            return
        row.attempts += 1
        signature, answers = self._hand_over(row, [one.address for one in waiting])
        now = max(datetime.now(UTC), work.due)
        gave_up = now - row.created_at >= GIVEN_UP_AFTER
        for recipient in waiting:
            answer = answers[recipient.address]
            recipient.attempts += 1
            recipient.answer = answer.words
            if answer.taken:
                recipient.state, recipient.sent_at = "sent", now
            elif answer.final or gave_up:
                recipient.state = "failed"
        Recipient.objects.bulk_update(waiting, ["state", "answer", "sent_at", "attempts"])
        _conclude(row, waiting, signature=signature, selector=self._selector(signature), now=now)

    def _hand_over(self, row: Message, addresses: Sequence[str]) -> tuple[bytes, Mapping[str, Answer]]:
        """The signature sent along, b"" for none, and the answer for each address."""
        if not self.server.host:
            return b"", dict.fromkeys(addresses, Answer(taken=False, final=False, words=_NO_SERVER))
        if self._silent and time.monotonic() - self._silent[-1] < _LEFT_ALONE_SECONDS:
            return b"", dict.fromkeys(addresses, Answer(taken=False, final=False, words=_LEFT_ALONE))
        unsigned = bytes(row.content)
        signed = self.signed_by().sign(unsigned) if self.signed_by else unsigned
        answers = deliver(self.server, sender=self.sender, recipients=addresses, content=signed)
        self._silent[:] = [time.monotonic()] if any(one.silent for one in answers.values()) else []
        return signed[: len(signed) - len(unsigned)], answers

    def _selector(self, signature: bytes) -> str:
        return self.signed_by().selector if signature and self.signed_by else ""


def configured_signer() -> Signer:
    """The signer of the operator's domain. Raises SigningUnavailable."""
    return signer(
        domain=settings.PARLEY_MAIL_DKIM_DOMAIN,
        selector=settings.PARLEY_MAIL_DKIM_SELECTOR,
        keys=settings.PARLEY_DATA_DIR / "keys",
    )


def _conclude(row: Message, tried: Sequence[Recipient], *, signature: bytes, selector: str, now: datetime) -> None:
    """Write down how the attempt went, and see to what comes next."""
    taken = [one for one in tried if one.state == "sent"]
    first = bool(taken) and row.state != "sent"
    row.answer = (taken or tried)[0].answer
    if taken:
        digest = hashlib.sha256(signature + bytes(row.content)).hexdigest()
        row.evidence_id = _prove(row, taken, selector=selector, digest=digest, now=now)
        if first:
            row.state, row.sent_at = "sent", now
            row.signature, row.dkim_selector, row.sha256 = signature.decode("ascii"), selector, digest
    row.next_attempt = None
    if any(one.state == "queued" for one in tried):
        configured = row.answer != _NO_SERVER
        pause = pause_after(row.attempts if configured else max(row.attempts, _LONGEST_WAIT_WITHOUT_SERVER))
        row.next_attempt = now + pause
        _open_attempt(row, due=row.next_attempt)
    elif row.state == "queued":
        row.state = "failed"
    row.save()
    if row.then and (first or row.state == "failed"):
        payload = {"message": str(row.id), "key": row.key, "state": row.state}
        key = f"{row.then}:{row.id}:{row.state}:{row.attempts}"
        obligations.enqueue(kind=row.then, key=key, due=now, payload=payload)


def _prove(row: Message, taken: Sequence[Recipient], *, selector: str, digest: str, now: datetime) -> UUID:
    """Evidence of dispatch: what, when, and the server's words; whom only under the customer's own index key."""
    customer = tenancy.current()
    index = tenancy.keyring().index_key(customer, "mail")
    return obligations.evidence(
        kind="mail.dispatched",
        clause=row.clause,
        details={
            "message": str(row.id),
            "message_id": row.message_id,
            "purpose": row.purpose,
            "answer": taken[0].answer,
            "sha256": digest,
            "dkim_selector": selector,
            "attempt": row.attempts,
            "recipients": [blind_index(index, field="mail", value=one.address).hex() for one in taken],
        },
        at=now,
    )


def _open_attempt(row: Message, *, due: datetime) -> None:
    obligations.enqueue(
        kind=SEND,
        key=f"{SEND}:{row.id}:{row.attempts}:{int(row.created_at.timestamp())}",
        due=due,
        payload={"message": str(row.id)},
    )


def _domain() -> str:
    """The domain of Message-IDs: the one that signs, else the sender's."""
    return settings.PARLEY_MAIL_DKIM_DOMAIN or settings.PARLEY_MAIL_FROM.rpartition("@")[2]


def _view(row: Message) -> MessageView:
    return MessageView(
        id=row.id,
        key=row.key,
        purpose=row.purpose,
        clause=row.clause,
        subject=row.subject,
        state=cast(State, row.state),
        created_at=row.created_at,
        sent_at=row.sent_at,
        next_attempt=row.next_attempt,
        answer=row.answer,
        message_id=row.message_id,
        dkim_selector=row.dkim_selector,
        sha256=row.sha256,
        evidence_id=row.evidence_id,
        recipients=tuple(
            RecipientView(
                address=one.address,
                state=cast(State, one.state),
                answer=one.answer,
                sent_at=one.sent_at,
                attempts=one.attempts,
            )
            for one in sorted(row.recipients.all(), key=lambda one: one.id)
        ),
    )


def backlog(*, now: datetime) -> Queue:
    """The messages of the customer in scope that no server took yet."""
    found = Message.objects.filter(state="queued").aggregate(waiting=Count("id"), oldest=Min("created_at"))
    age = (now - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    return Queue(waiting=found["waiting"], oldest=max(0.0, age))
