"""Handing one message to the provider's mail server (SMTP, RFC 5321), and what it answered for whom."""

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from parley.mail.rules import answer_words

_SECONDS: Final = 20.0
"""For connecting and for each answer."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where mail goes, and how. `host` "" means that no server is configured."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: str = field(default="", repr=False)
    seconds: float = _SECONDS


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server said for one recipient: taken, refused for good, or neither (then it is asked again).

    `silent`: it said nothing until our patience ended.
    """

    taken: bool
    final: bool
    words: str
    silent: bool = False


def deliver(server: Server, *, sender: str, recipients: Sequence[str], content: bytes) -> Mapping[str, Answer]:
    """Hand `content` over for `recipients`; an answer for each of them. Never raises for what a server does.

    A 250 after the last byte is proof that the server took it: of dispatch, not of receipt.
    """
    try:
        with _connection(server) as smtp:
            return _session(smtp, sender=sender, recipients=recipients, content=content)
    except smtplib.SMTPResponseException as error:
        words = answer_words(error.smtp_code, _octets(error.smtp_error))
        return dict.fromkeys(recipients, Answer(taken=False, final=False, words=words))
    except (OSError, smtplib.SMTPException) as error:
        # smtplib turns a timeout while reading into a disconnection.
        silent = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
        words = f"no answer from the mail server ({'TimeoutError' if silent else type(error).__name__})"
        return dict.fromkeys(recipients, Answer(taken=False, final=False, words=words, silent=silent))


def _connection(server: Server) -> smtplib.SMTP:
    """A session that is greeted, protected and, where the server wants it, authenticated."""
    context = ssl.create_default_context()
    smtp: smtplib.SMTP
    if server.tls == "implicit":
        smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=server.seconds, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=server.seconds)
    try:
        if server.tls == "starttls":
            smtp.starttls(context=context)
        smtp.ehlo_or_helo_if_needed()
        if server.user:
            smtp.login(server.user, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _session(smtp: smtplib.SMTP, *, sender: str, recipients: Sequence[str], content: bytes) -> dict[str, Answer]:
    code, text = smtp.mail(sender, [f"size={len(content)}"] if smtp.has_extn("size") else [])
    if code >= 300:
        return dict.fromkeys(recipients, _refusal(code, text))
    answers: dict[str, Answer] = {}
    for recipient in recipients:
        code, text = smtp.rcpt(recipient)
        if code not in {250, 251}:
            answers[recipient] = _refusal(code, text)
    waiting = [recipient for recipient in recipients if recipient not in answers]
    if waiting:
        try:
            code, text = smtp.data(content)
        except smtplib.SMTPDataError as error:
            code, text = error.smtp_code, _octets(error.smtp_error)
        taken = Answer(taken=True, final=True, words=answer_words(code, text))
        answers |= dict.fromkeys(waiting, taken if code == 250 else _refusal(code, text))
    with suppress(smtplib.SMTPException, OSError):  # it is taken: a lost goodbye changes nothing
        smtp.rset()
    return answers


def _refusal(code: int, text: bytes) -> Answer:
    """5xx is for good (RFC 5321 section 4.2.1); all else is asked again."""
    return Answer(taken=False, final=500 <= code < 600, words=answer_words(code, text))


def _octets(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text
