"""What mail tells others: messages, to whom they went, what the server answered."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

State = Literal["queued", "sent", "failed"]
"""`sent`: the server took it for one recipient at least. `failed`: it refused it for each, or never answered."""


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that goes with a message: `media_type` as "application/pdf"."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class RecipientView:
    """One recipient: `answer` is the server's own text, or why there is none yet."""

    address: str
    state: State
    answer: str
    sent_at: datetime | None
    attempts: int


@dataclass(frozen=True, kw_only=True)
class MessageView:
    """One message of the outbox. `next_attempt` is when it is tried again, None when it is not.

    `message_id` is that of the Message-ID header; `sha256` is of the bytes that the server took; `evidence_id` names
    the ledger entry `mail.dispatched`.
    """

    id: UUID
    key: str
    purpose: str
    clause: str
    subject: str
    state: State
    created_at: datetime
    sent_at: datetime | None
    next_attempt: datetime | None
    answer: str
    message_id: str
    dkim_selector: str
    sha256: str
    evidence_id: UUID | None
    recipients: tuple[RecipientView, ...]


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a message says, for a page to show."""

    subject: str
    text: str
    html: str
    attachments: tuple[str, ...]
