"""What other packages may use of mail.

`send` writes a message in the caller's transaction; the worker hands it to the provider's mail server (`handlers`).
A server's 250 proves dispatch, never receipt.
"""

from parley.mail.composing import canonical_address
from parley.mail.errors import MailError, MailRefused, NoSuchMessage, SigningUnavailable
from parley.mail.holding import STORE, blank, blank_keyed
from parley.mail.outbox import (
    SEND,
    as_sent,
    backlog,
    configured_signer,
    content,
    forget,
    handlers,
    message,
    messages,
    send,
    send_again,
)
from parley.mail.signing import Signer
from parley.mail.types import Attachment, Content, MessageView, RecipientView, State

__all__ = [
    "SEND",
    "STORE",
    "Attachment",
    "Content",
    "MailError",
    "MailRefused",
    "MessageView",
    "NoSuchMessage",
    "RecipientView",
    "Signer",
    "SigningUnavailable",
    "State",
    "as_sent",
    "backlog",
    "blank",
    "blank_keyed",
    "canonical_address",
    "configured_signer",
    "content",
    "forget",
    "handlers",
    "message",
    "messages",
    "send",
    "send_again",
]
