"""An e-mail becomes a request, or an entry on one. Whoever wrote it is not believed: what it says is sorted by people,
what it carries is dropped, and nothing of it decides anything.

Kinds are guessed from words in several languages, and only where the guess is plain; else the kind is "unclear".
"""

import email
import email.policy
import hashlib
import hmac
import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Final

from django.conf import settings
from django.db import transaction

from parley.mail import api as mail
from parley.rights.errors import RequestRefused
from parley.rights.models import Request
from parley.rights.receiving import receipt_of, receive
from parley.rights.rules import LONGEST_NAME, LONGEST_TEXT
from parley.rights.sealed import email_index
from parley.rights.story import tell
from parley.rights.types import ENDED, Kind, MailIntake
from parley.tenancy import api as tenancy

LARGEST: Final = 5_000_000
"""Bytes of a message that is read; larger ones are told to be too large by the daemon."""
_MOST_PARTS: Final = 100
_MOST_RECEIVED: Final = 30
_MOST_A_DAY: Final = 20
_TAG: Final = re.compile(r"\[?\b(R-[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4})\b\]?", re.IGNORECASE)
_ID_PREFIX: Final = "mail:"

_WORDS: Final[dict[Kind, tuple[str, ...]]] = {
    "access": (
        r"(access|copy|disclos\w+)( \w+){0,4} (my|all) (personal )?(data|information)", r"subject access request",
        r"what (personal )?(data|information)( \w+){0,3} (about|on) me", r"\bdsar\b", r"auskunft",
        r"\bart(icle|ikel|\.)? ?15\b",
        r"droit d['’]acc[eè]s", r"copie de mes donn[ée]es", r"accesso ai (miei )?dati", r"acceso a mis datos",
        r"derecho de acceso", r"inzage",
    ),
    "rectification": (
        r"(correct|rectify|update)( \w+){0,3} (my|data|information|name|address|number)", r"rectification",
        r"berichtig", r"rettifica", r"rectificaci[oó]n", r"corriger mes donn[ée]es", r"\bart(icle|ikel|\.)? ?16\b",
    ),
    "erasure": (
        r"(delete|erase|remove)( \w+){0,4} (my|all|data|information|recordings?)", r"right to be forgotten",
        r"l[öo]sch(en|ung)", r"effac(er|ement)", r"supprimer mes", r"cancell(are|azione)( \w+){0,3} dati",
        r"diritto all['’]oblio", r"suprimir|supresi[oó]n", r"verwijder", r"\bart(icle|ikel|\.)? ?17\b",
    ),
    "restriction": (
        r"restrict(ion)?( \w+){0,3} processing", r"einschr[äa]nkung", r"limitation du traitement",
        r"limitazione del trattamento", r"limitaci[oó]n del tratamiento", r"\bart(icle|ikel|\.)? ?18\b",
    ),
    "portability": (
        r"portab(ility|ilit[éàa]|ilidad)", r"(daten)?[üu]bertragbarkeit", r"\bart(icle|ikel|\.)? ?20\b",
    ),
    "objection": (
        r"\bobject( to|ion)", r"unsubscribe", r"stop (calling|writing|contacting|sending)", r"widersp(ruch|reche)",
        r"m['’]oppose|droit d['’]opposition", r"mi oppongo|opposizione", r"me opongo|oposici[oó]n",
        r"no more (marketing|advertising|calls)", r"\bart(icle|ikel|\.)? ?21\b",
    ),
    "automated-decision": (
        r"automated (decision|processing)", r"automatisierte entscheidung", r"d[ée]cision automatis[ée]e",
        r"decision[ei] automatizzat", r"\bart(icle|ikel|\.)? ?22\b",
    ),
    "minor": (
        r"\b(my|our) (child|son|daughter)\b", r"\bguardian\b", r"mein(e|es|em)? (kind|sohn|tochter)\b",
        r"mon (enfant|fils)|ma fille", r"mio figlio|mia figlia", r"mi hij[oa]",
    ),
}  # fmt: skip
_COMPILED: Final = {kind: [re.compile(word, re.IGNORECASE) for word in words] for kind, words in _WORDS.items()}
_MOST_PLAIN: Final = 3
"""More kinds than this in one message are no plain guess."""


def receive_mail(raw: bytes, at: datetime) -> MailIntake:
    """Take in an e-mail that was sent to the address for such requests of whoever is in scope.

    The same message twice is one request. Loops, automatic replies, our own letters and what has no sender are ignored.
    Never raises for what a message contains.
    """
    if len(raw) > LARGEST:
        return MailIntake(outcome="ignored", reason="larger than is read")
    try:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        reason = _why_not(message)
        sender, name = _sender(message)
        subject, (text, dropped) = _header(message, "Subject"), _text(message)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, IndexError, RecursionError):
        return MailIntake(outcome="ignored", reason="cannot be read")
    if reason or not sender:
        return MailIntake(outcome="ignored", reason=reason or "no sender that can be answered")
    words = _clean(f"{subject}\n\n{text}".strip())[: LONGEST_TEXT - 200]
    if dropped:
        words += f"\n\n[{dropped} attachments were not kept]"
    with transaction.atomic():
        existing = _existing(subject, sender)
        if existing is not None:
            return _entry(existing, words, at=at)
        since = at - timedelta(days=1)
        today = Request.objects.filter(email_index=email_index(sender), channel="email", received_at__gt=since)
        if today.count() >= _MOST_A_DAY:
            return MailIntake(outcome="ignored", reason="many requests from this sender today")
        try:
            receipt = receive(
                channel="email", kinds=guess(f"{subject}\n{text}"), email=sender, name=name[:LONGEST_NAME], text=words,
                external_id=_ID_PREFIX + _identity(message, raw), received_at=at, at=at,
            )  # fmt: skip
        except RequestRefused:
            return MailIntake(outcome="ignored", reason="no sender that can be answered")
    return MailIntake(outcome="request", receipt=receipt, request_id=receipt.id)


def guess(text: str) -> tuple[Kind, ...]:
    """What a text plainly asks for; "unclear" where it does not, or asks for very much at once."""
    text = text[:LONGEST_TEXT]
    found: list[Kind] = [kind for kind, words in _COMPILED.items() if any(word.search(text) for word in words)]
    plain = 0 < len(found) <= _MOST_PLAIN and found != ["minor"]
    return tuple(found) if plain else ("unclear",)


def _existing(subject: str, sender: str) -> Request | None:
    """The request whose tag the subject quotes, if the sender is the one who asked: a tag alone proves nothing."""
    for tag in dict.fromkeys(_TAG.findall(subject[:1000])):
        row = Request.objects.select_for_update().filter(tag=tag.upper(), email_index=email_index(sender)).first()
        if row is not None and row.state not in ENDED:
            return row
    return None


def _entry(row: Request, words: str, *, at: datetime) -> MailIntake:
    key = tenancy.keyring().index_key(tenancy.current(), "rights words")
    digest = hmac.digest(key, words.encode(), "sha256").hex()  # keyed: short words are soon tried out
    if row.events.filter(what="person-wrote", facts__words=digest).exists():
        return MailIntake(outcome="entry", request_id=row.id, receipt=receipt_of(row), reason="came before")
    if row.events.filter(what="person-wrote").count() >= 50:
        return MailIntake(outcome="ignored", reason="many messages on this request already")
    tell(row, "person-wrote", who="person", at=at, said=words, facts={"channel": "email", "words": digest})
    return MailIntake(outcome="entry", request_id=row.id, receipt=receipt_of(row))


def _why_not(message: EmailMessage) -> str:
    """Why a message is ignored; "" when it is not (RFC 3834, RFC 5230 section 4.6)."""
    automatic = _header(message, "Auto-Submitted").lower().split(";")[0].strip()
    if automatic not in ("", "no") or message.get("X-Autoreply") or message.get("X-Autorespond"):
        return "an automatic reply"
    if _header(message, "Precedence").lower() in ("bulk", "junk", "list") or message.get("List-Id"):
        return "from a list"
    if _header(message, "Return-Path").strip() == "<>" or message.get_content_type() == "multipart/report":
        return "a report of delivery"
    if len(message.get_all("Received", [])) > _MOST_RECEIVED:
        return "goes in circles"
    if parseaddr(_header(message, "From"))[1].lower() == settings.PARLEY_MAIL_FROM.lower():
        return "our own letter"
    return ""


def _sender(message: EmailMessage) -> tuple[str, str]:
    """Address and name of whoever wrote: of From alone, for an answer must not be sent wherever Reply-To says."""
    name, address = parseaddr(_header(message, "From"))
    local = address.partition("@")[0].lower()
    if local in ("mailer-daemon", "postmaster", "noreply", "no-reply", "do-not-reply", "donotreply"):
        return "", ""
    try:
        return mail.canonical_address(address).lower(), _clean(name).replace("\n", " ")
    except mail.MailRefused:
        return "", ""


def _text(message: EmailMessage) -> tuple[str, int]:
    """The readable text, and how many attachments were left."""
    plain, rich, dropped = "", "", 0
    for number, part in enumerate(message.walk()):
        if number >= _MOST_PARTS:
            break
        if part.is_multipart():
            continue
        attached = part.get_content_disposition() == "attachment" or part.get_filename()
        if attached or part.get_content_maintype() != "text":
            dropped += 1
        elif part.get_content_subtype() == "plain" and not plain:
            plain = _decoded(part)
        elif part.get_content_subtype() == "html" and not rich:
            rich = _decoded(part)
    return plain or _without_tags(rich), dropped


def _decoded(part: EmailMessage) -> str:
    raw = part.get_payload(decode=True)
    content = raw[: 4 * LONGEST_TEXT] if isinstance(raw, bytes) else b""
    try:
        return content.decode(part.get_content_charset("utf-8"), errors="replace")
    except LookupError:
        return content.decode("utf-8", errors="replace")


def _without_tags(rich: str) -> str:
    """Text of HTML; it is shown as text only, so this need not be a filter."""
    rich = re.sub(r"<(script|style)\b[^>]{0,1000}>.{0,100000}?</\1>", " ", rich, flags=re.IGNORECASE | re.DOTALL)
    return html.unescape(re.sub(r"<[^<>]{0,2000}>", " ", rich))


def _header(message: EmailMessage, name: str) -> str:
    return str(message.get(name, ""))[:2000]


def _clean(text: str) -> str:
    """Without control characters, and without those that turn the direction of text round."""
    return "".join(one for one in _lines(text) if one == "\n" or (one.isprintable() and one not in _TURNING))


def _lines(text: str) -> Iterator[str]:
    return iter(text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))


_TURNING: Final = frozenset(map(chr, (0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069)))


def _identity(message: EmailMessage, raw: bytes) -> str:
    """The message, once: by its Message-ID with its sender, or by its bytes."""
    named = _header(message, "Message-ID").strip()
    return hashlib.sha256(f"{named}\n{_header(message, 'From')}".encode() if named else raw).hexdigest()
