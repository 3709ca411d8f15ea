"""Who is it? With the least data: a code to the address that the request names, or the controller's word.

A code has six digits, lives 15 minutes, bears three tries, and there are five a day. Whether an address is the right
one, whether a code was wrong, old or worn out: the answers are the same. For numbers there is no offering that sends
messages yet: staff calls back and reads the code out, which is in evidence.
"""

import hmac
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.rights import clock, letters, notices
from parley.rights.binding import bound, own
from parley.rights.errors import CodeRefused, MoveRefused, NoSuchRequest, RequestRefused
from parley.rights.models import Code, Request
from parley.rights.rules import CODE_LIVES, CODE_TRIES, CODES_A_DAY, LONGEST_TEXT, move
from parley.rights.sealed import email_index, number_index
from parley.rights.story import MACHINE, PERSON, locked, tell
from parley.rights.tokens import code_digest, digest, new_code
from parley.rights.types import ENDED, MEANS, CodeSent, CodeTo, Means

_WRONG: Final = "the code is not right, or it is too old, or was tried too often"
_DIGITS: Final = 6
WAITS: Final = "rights.identity-waits"
PATIENCE: Final = timedelta(days=30)
"""How long the clock stands still before people are told that nothing came: ours."""
_MEANS_OF: Final[dict[CodeTo, Means]] = {"email": "code-to-email", "number": "code-to-number"}


def of_token(token: str) -> Request:
    """The locked row that the token belongs to. Raises NoSuchRequest."""
    row = Request.objects.select_for_update().filter(follow=digest(token)).first()
    if row is None:
        raise NoSuchRequest("there is no such request", remedy="Check the address of the page.")
    return row


def send_code(token: str, *, to: CodeTo, at: datetime, address: str = "") -> CodeSent:
    """Have a code sent to the address or number of the request; `address` is that again where only the customer can
    read it.

    The answer is the same whether or not the address is right. Raises NoSuchRequest, CodeRefused (too many, or over).
    """
    with transaction.atomic():
        row = of_token(token)
        if row.state in ENDED:
            raise CodeRefused("this request is over", remedy="Send a new request.")
        _check_number_of_codes(row, at=at)
        if to == "number":
            _remember(row, to, "", at=at)
            tell(row, "call-wanted", who=PERSON, at=at)
            return CodeSent(by="call-back", expires_at=at + CODE_LIVES)
        code = new_code()
        made = _remember(row, to, code, at=at)
        known = notices.opened(row).get("email", "")
        if not known and address and row.email_index is not None:
            known = address.strip() if hmac.compare_digest(email_index(address), bytes(row.email_index)) else ""
        tell(row, "code-asked", who=PERSON, at=at, facts={"to": to})
        if known:
            letter = letters.code(tag=row.tag, code=code, minutes=int(CODE_LIVES.total_seconds() // 60))
            notices.write_to(row, "code", to=(known,), letter=letter, number=made)
    return CodeSent(by="mail", expires_at=at + CODE_LIVES)


def code_to_read_out(request_id: UUID, *, by: UUID, at: datetime) -> str:
    """A fresh code that staff reads out to the number of the request, once; leaves evidence of who did.

    Raises NoSuchRequest, CodeRefused, and MoveRefused when the request names no number.
    """
    with transaction.atomic():
        row = locked(request_id)
        if row.number_index is None or row.state in ENDED:
            raise MoveRefused("there is no number to call", remedy="Verify the identity otherwise.")
        _check_number_of_codes(row, at=at)
        code = new_code()
        _remember(row, "number", code, at=at, read_out_by=str(by))
        tell(row, "code-read-out", who=str(by), at=at)
    return code


def confirm_code(token: str, code: str, *, at: datetime) -> UUID:
    """The person typed the code: its address is its own; the id of the request. Raises NoSuchRequest, CodeRefused."""
    with transaction.atomic():
        row = of_token(token)
        right = _tried(row, code.strip().replace(" ", ""), at=at)
        if right is not None:
            right.used_at = at
            right.save(update_fields=["used_at"])
            to: CodeTo = "email" if right.to == "email" else "number"
            _verified(row, means=_MEANS_OF[to], covers=(to,), seen="", by=PERSON, at=at)
    if right is None:  # outside: the try counts
        raise CodeRefused(_WRONG, remedy="Ask for a new code.")
    return row.id


def ask_identity(request_id: UUID, *, what: str, why: str, by: UUID, at: datetime) -> None:
    """Ask the person to prove who it is: `what` is wanted, `why` there is doubt (GDPR Art. 12(6)). The clock pauses
    meanwhile. Raises MoveRefused, RequestRefused without a reason."""
    if not what.strip() or not why.strip() or len(what) + len(why) > LONGEST_TEXT:
        raise RequestRefused(
            "what is asked for, and why there is doubt, is written down", field="why",
            remedy="Without reasonable doubt nothing may be asked, and the clock does not pause.",
        )  # fmt: skip
    with transaction.atomic():
        row = locked(request_id)
        row.state = move(row.state, "ask-identity")
        row.identity, row.covers, row.verified_at = "pending", [], None
        clock.pause(row, ground="GDPR Art. 12(6)", at=at)
        number = row.pauses.count()
        letter = letters.identity_asked(tag=row.tag, what=what, why=why, follow=notices.follow(row))
        how = notices.tell_person(row, "identity", letter, at=at, number=number)
        facts: dict[str, str | int | bool] = {"how": how, "ground": "GDPR Art. 12(6)"}
        tell(row, "identity-asked", who=str(by), at=at, said=f"{what.strip()}\n{why.strip()}", facts=facts)
        row.save()
        obligations.enqueue(
            kind=WAITS, key=f"{WAITS}:{row.id}:{number}", due=at + PATIENCE,
            payload={"request": str(row.id), "since": at.isoformat()},
        )  # fmt: skip


def still_waits(work: obligations.Work) -> None:
    """The clock has stood still for long: the story says so, for people to ask again, or refuse (Art. 12(2))."""
    row = locked(UUID(work.payload["request"]))
    since = datetime.fromisoformat(work.payload["since"])
    if row.pauses.filter(began_at=since, ended_at__isnull=True).exists():
        tell(row, "identity-did-not-come", who=MACHINE, at=max(work.due, work.now))


def verify(
    request_id: UUID,
    *,
    means: Means,
    seen: str = "",
    covers: Collection[CodeTo] = ("email", "number"),
    by: UUID,
    at: datetime,
) -> None:
    """The person is who it says: by which `means`, what was `seen` in words (never the number of a document), and which
    of its addresses are its own. Raises MoveRefused, RequestRefused."""
    if means not in MEANS or means in ("code-to-email", "code-to-number"):
        raise RequestRefused("this is not a means that people verify by", field="means")
    if len(seen) > 500:
        raise RequestRefused("what was seen is told in a few words", field="seen", remedy="Keep no document's content.")
    with transaction.atomic():
        row = locked(request_id)
        _verified(row, means=means, covers=covers, seen=seen, by=str(by), at=at)


def _verified(row: Request, *, means: Means, covers: Collection[CodeTo], seen: str, by: str, at: datetime) -> None:
    first = row.identity != "verified"
    if first:
        row.state = move(row.state, "verify")
        row.means, row.verified_at, row.verified_by, row.identity = means, at, by, "verified"
        clock.resume(row, at=at)
    row.covers = sorted({*row.covers, *covers})
    facts: dict[str, str | int | bool] = {"means": means, "covers": ",".join(row.covers)}
    tell(row, "identity-verified", who=by, at=at, said=seen.strip(), facts=facts)
    if first:
        _go_on(row, at=at)
    row.save()


def _go_on(row: Request, *, at: datetime) -> None:
    """Wait for the controller's word, or begin where the agreement gives it."""
    if row.answers == "controller" and not row.authorised_by:
        row.state = move(row.state, "wait")
        tell(row, "waits-for-controller", who=MACHINE, at=at)
        addresses = () if own() else contract.notice_addresses()
        if addresses:
            letter = letters.waits(tag=row.tag, console=notices.console_url(row))
            notices.write_to(row, "waits", to=addresses, letter=letter, number=row.revision)
        return
    row.state = move(row.state, "begin")
    if not row.authorised_by:
        row.authorised_by, row.authorised_at = "agreement", at
        facts: dict[str, str | int | bool] = {"answers": row.answers}
        tell(row, "authorised-by-agreement", who=MACHINE, at=at, clause=bound(kinds=row.kinds).clause, facts=facts)


def _check_number_of_codes(row: Request, *, at: datetime) -> None:
    if Code.objects.filter(request=row, made_at__gt=at - timedelta(days=1)).count() >= CODES_A_DAY:
        raise CodeRefused("too many codes were asked for", remedy="Ask again tomorrow, or write to us.")


def _remember(row: Request, to: CodeTo, code: str, *, at: datetime, read_out_by: str = "") -> int:
    """Keep the keyed hash of a code; those before it for the same address are worth nothing. How many there are."""
    Code.objects.filter(request=row, to=to, expires_at__gt=at).update(expires_at=at)
    code_id = new_id(at=at)
    Code.objects.create(
        id=code_id, request=row, to=to, digest=code_digest(code_id, code) if code else b"", made_at=at,
        expires_at=at + CODE_LIVES if code else at, read_out_by=read_out_by,
    )  # fmt: skip
    return Code.objects.filter(request=row).count()


def _tried(row: Request, code: str, *, at: datetime) -> Code | None:
    """The live code that this is; each live one counts the try, right or wrong."""
    right = None
    live = Code.objects.filter(request=row, used_at__isnull=True, expires_at__gt=at, tries__lt=CODE_TRIES)
    for one in live.order_by("made_at"):
        one.tries += 1
        one.save(update_fields=["tries"])
        same = hmac.compare_digest(code_digest(one.id, code), bytes(one.digest))
        if same and len(code) == _DIGITS and row.state not in ENDED:
            right = one
    return right


def number_matches(row: Request, number: str) -> bool:
    """Whether this is the number of the request, compared by its index."""
    return row.number_index is not None and hmac.compare_digest(number_index(number), bytes(row.number_index))
