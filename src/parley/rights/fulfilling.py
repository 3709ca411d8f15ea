"""Doing what was asked: one transaction for what was chosen in all stores, and nothing that is half done.

Each kind has its function; `done` says what came of it. Whatever goes wrong undoes all of the call, and the request
stays open with the reason. Who fulfils again finds what is done, done.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from parley.exports import api as exports
from parley.inventory.api import Erased, ExportOptions, Held, Subject, stores
from parley.mail import api as mail
from parley.retention import api as retention
from parley.rights import finding, letters, notices, recipients
from parley.rights.binding import own
from parley.rights.deeds import end_words, require_word
from parley.rights.errors import MoveRefused, NotVerified, RequestRefused, StaysOpen
from parley.rights.models import Finding, Request
from parley.rights.objecting import note_objection
from parley.rights.rules import GROUNDS, LONGEST_TEXT, move
from parley.rights.story import locked, tell
from parley.tenancy import api as tenancy

_FORMATS: Final = ("csv", "json", "mp3", "vcon", "age")
_FORMATS_FOR_MACHINES: Final = ("csv", "json", "mp3", "vcon")
_SETTLES: Final = timedelta(minutes=20)
"""After this, an erasure no longer withdraws a package that was made before it."""
STATEMENT: Final = (
    "No decision about you that has legal or similar effect is made by machine alone. A person has looked at it again."
)


def fulfil(request_id: UUID, *, by: UUID, at: datetime) -> None:
    """Do what was asked, kind by kind. Raises NotVerified, NotAuthorised, MoveRefused, GateRefused, and StaysOpen,
    after the request kept the reason."""
    with finding.staying_open(request_id, at=at), transaction.atomic():
        row = locked(request_id)
        move(row.state, "fulfil")
        require_word(row)
        if row.identity != "verified":
            raise NotVerified("it is not known yet who asks", remedy="Verify the identity first.")
        waiting = [kind for kind in row.kinds if kind not in row.done]
        if any(kind in _KINDS for kind in waiting):
            _look_again(row, by=by, at=at)
        # What is handed out is handed out before it is erased.
        for kind in _known(waiting):
            _KINDS[kind](row, by, at)
        row.blocked = ""
        row.save()


def rectify(
    request_id: UUID, *, store: str, record: UUID, changes: Mapping[str, str], by: UUID, at: datetime
) -> tuple[str, ...]:
    """Correct fields of a found record (GDPR Art. 16); names of those that changed, and recipients are told (Art. 19).

    Raises CannotRectify, MoveRefused, NotAuthorised, RequestRefused when the record was not found for this request.
    """
    with transaction.atomic():
        row = locked(request_id)
        move(row.state, "rectify")
        require_word(row)
        found = Finding.objects.filter(request=row, store=store, record_id=record, left_out="").first()
        if found is None or "rectification" not in row.kinds:
            raise RequestRefused("this record was not found for this request", field="record", remedy="Look again.")
        retention.require_usable(store, Held(store=store, kind=found.kind, id=record, at=found.at))
        changed = stores()[store].rectify(record, changes)
        if changed:
            found.outcome = "rectified"
            found.save(update_fields=["outcome"])
            _done(row, "rectification", _corrected(row))
            facts: dict[str, str | int | bool] = {"store": store, "record": str(record), "fields": ",".join(changed)}
            tell(row, "rectified", who=str(by), at=at, facts=facts)
            recipients.tell_all(row, "rectification", [Held(store=store, kind=found.kind, id=record, at=at)], at=at)
            row.save()
    return changed


def decide(
    request_id: UUID, *, kind: str, granted: bool, ground: str = "", words: str = "", by: UUID, at: datetime
) -> None:
    """Decide an objection, on whose records use rested meanwhile, or whether this is the guardian; or refuse one kind
    of several, by a ground that fits it. Raises RequestRefused, MoveRefused, NotAuthorised."""
    fits = GROUNDS.get(ground)
    if not granted and (fits is None or kind not in fits.kinds):
        raise RequestRefused("this ground does not fit what was asked", field="ground", remedy="Choose another.")
    if len(words) > LONGEST_TEXT:
        raise RequestRefused("the words are too long", field="words", remedy="Shorten them.")
    with finding.staying_open(request_id, at=at), transaction.atomic():
        row = locked(request_id)
        move(row.state, "decide")
        require_word(row)
        if kind not in row.kinds or kind in row.done:
            raise MoveRefused(f"{kind} does not wait for a decision", remedy="See what does.")
        if granted and kind not in ("objection", "minor"):
            raise MoveRefused(f"{kind} is done, not decided", remedy="Do what was asked, or refuse it with a ground.")
        if kind == "objection":
            _decide_objection(row, granted=granted, words=words, by=by, at=at)
        said = "Granted." if granted else f"Refused: {end_words(ground)}"
        _done(row, kind, said)
        facts: dict[str, str | int | bool] = {"kind": kind, "granted": granted, "ground": "" if granted else ground}
        tell(row, "decided", who=str(by), at=at, said=words.strip(), facts=facts)
        row.save()


def review(request_id: UUID, *, outcome: str, by: UUID, at: datetime) -> None:
    """A human looked at the decision again (GDPR Art. 22(3)), with this outcome in words."""
    if len(outcome.strip()) < 3 or len(outcome) > LONGEST_TEXT:
        raise RequestRefused("the outcome is missing", field="outcome", remedy="Say what the person found.")
    with transaction.atomic():
        row = locked(request_id)
        move(row.state, "review")
        require_word(row)
        if "automated-decision" not in row.kinds:
            raise MoveRefused("no decision was asked to be looked at", remedy="See what was asked.")
        _done(row, "automated-decision", STATEMENT)
        tell(row, "reviewed", who=str(by), at=at, said=outcome.strip())
        row.save()


def lift(request_id: UUID, *, why: str, by: UUID, at: datetime) -> None:
    """Lift a restriction; the person is told before, in the same transaction (GDPR Art. 18(3))."""
    with transaction.atomic():
        row = locked(request_id)
        move(row.state, "lift")
        _lift(row, why=why, by=by, at=at)
        row.save()


def transmit(request_id: UUID, *, to: str, by: UUID, at: datetime) -> None:
    """Send the link of the package to another controller, at the address that the person named (GDPR Art. 20(2)), by
    signed e-mail. Raises MoveRefused, RequestRefused, NotAuthorised."""
    try:
        address = mail.canonical_address(to)
    except mail.MailRefused as refused:
        raise RequestRefused(str(refused.args[0]), field="to", remedy=refused.remedy) from refused
    with transaction.atomic():
        row = locked(request_id)
        move(row.state, "transmit")
        require_word(row)
        if "portability" not in row.kinds or row.export_id is None or exports.get(row.export_id).state != "ready":
            raise MoveRefused(
                "there is no package to hand over", remedy="Fulfil the request, and wait for the package."
            )
        letter = letters.transmitted(tag=row.tag, link=_url(row.export_id), controller=tenancy.current().name)
        number = row.events.filter(what="transmitted").count()
        notices.write_to(row, "transmitted", to=(address,), letter=letter, number=number)
        tell(row, "transmitted", who=str(by), at=at, said=address, facts={"export": str(row.export_id)})
        row.save()


def _look_again(row: Request, *, by: UUID, at: datetime) -> None:
    """What came since the last look is found too; where the customer alone can say who is sought, it has looked."""
    try:
        finding.seek(row, by=str(by), at=at)
    except NotVerified:
        if row.looked_at is None:
            raise


def _package(row: Request, by: UUID, at: datetime, kind: str) -> None:
    records = [*finding.chosen(row), *_itself(row)]
    if row.export_id is None:
        portable = "access" not in row.kinds
        subject = _subject(row)
        row.export_id = exports.start(
            title=row.tag, reason="subject", subject=subject, records=records,
            options=ExportOptions(
                subject=subject, redact_others=True, formats=_FORMATS_FOR_MACHINES if portable else _FORMATS
            ),
            by=by, clause=row.clause, at=at, key=f"rights:{row.id}:package",
        )  # fmt: skip
    _done(row, kind, f"A package of {len(records)} records.")
    facts: dict[str, str | int | bool] = {"records": len(records), "export": str(row.export_id)}
    tell(row, "packaged", who=str(by), at=at, facts=facts)


def _access(row: Request, by: UUID, at: datetime) -> None:
    _package(row, by, at, "access")


def _portability(row: Request, by: UUID, at: datetime) -> None:
    _package(row, by, at, "portability")


def _erasure(row: Request, by: UUID, at: datetime) -> None:
    """Everything that was found and chosen goes; what law or hold keeps is told. Fails closed.

    Waits (and stays undone) until a package that was asked for as well is made and settled.
    """
    if not _package_settled(row, at=at):
        return
    records = [held for held in finding.chosen(row) if not _own_package(row, held)]
    if own():
        erased, kept = _erase_directly(records), []
    else:
        disposal = retention.dispose(records, cause="request", reference=row.tag, at=at, by=by, clause=row.clause)
        erased, kept = disposal.erased, list(disposal.kept)
    if records and not erased.records:
        reasons = "; ".join(dict.fromkeys(one.verdict.reason for one in kept)) or "nothing was erased"
        raise StaysOpen(
            f"{len(records)} records were found and none was erased: {reasons}",
            remedy="Lift what keeps them, or refuse with the law that does.",
        )
    staying = {(one.record.store, one.record.id): one.verdict for one in kept}
    for one in Finding.objects.filter(request=row, left_out=""):
        verdict = staying.get((one.store, one.record_id))
        if verdict is not None:
            one.outcome, one.law = "kept", f"{verdict.clause_or_law}: {verdict.reason}"
            one.save(update_fields=["outcome", "law"])
    gone = [held for held in records if (held.store, held.id) not in staying]
    _mark(row, gone, "erased")
    _check_absent(row, staying, keep=[held for held in finding.chosen(row) if _own_package(row, held)])
    _done(row, "erasure", _erased_words(len(gone), [verdict.reason for verdict in staying.values()]))
    facts: dict[str, str | int | bool] = {"records": len(gone), "objects": erased.objects, "kept": len(staying)}
    tell(row, "erased", who=str(by), at=at, facts=facts)
    recipients.tell_all(row, "erasure", gone, at=at)


def _restriction(row: Request, by: UUID, at: datetime) -> None:
    count = _restrict(row, ground="GDPR Art. 18(1)", by=by, at=at)
    _done(row, "restriction", f"{count} records are stored, and not used.")
    recipients.write_to_subprocessors(row, "restriction", finding.chosen(row), at=at)


def _objection(row: Request, by: UUID, at: datetime) -> None:
    """Until it is decided whether other grounds override, use rests (GDPR Art. 18(1)(d))."""
    if not retention.restrictions(row.tag):
        _restrict(row, ground="GDPR Art. 18(1)(d)", by=by, at=at)


_KINDS: Final[Mapping[str, Callable[[Request, UUID, datetime], None]]] = {
    "access": _access,
    "portability": _portability,
    "restriction": _restriction,
    "objection": _objection,
    "erasure": _erasure,
}
"""What `fulfil` does, in this order. The other kinds are done by deeds of their own."""


def _known(kinds: Sequence[str]) -> list[str]:
    return [kind for kind in _KINDS if kind in kinds]


def _restrict(row: Request, *, ground: str, by: UUID, at: datetime) -> int:
    records = [held for held in finding.chosen(row) if not _own_package(row, held)]
    if own():
        raise StaysOpen("the provider's own data is restricted by hand", remedy="Close the account, then note it.")
    retention.restrict(records, reference=row.tag, ground=ground, at=at, by=by, clause=row.clause)
    _mark(row, records, "restricted")
    tell(row, "restricted", who=str(by), at=at, facts={"records": len(records), "ground": ground})
    recipients.tell_programs(row, "restriction", records, at=at)
    return len(records)


def _decide_objection(row: Request, *, granted: bool, words: str, by: UUID, at: datetime) -> None:
    """Granted: nobody contacts the person for anything, and use rests for good. Not: use goes on, once it was told."""
    if granted:
        person = notices.opened(row)
        if person:
            note_objection(person, purpose="*", at=at)
        if row.looked_at is not None and not retention.restrictions(row.tag):
            _restrict(row, ground="GDPR Art. 21(1)", by=by, at=at)
    elif retention.restrictions(row.tag):
        _lift(row, why=words or "The objection was refused.", by=by, at=at)


def _lift(row: Request, *, why: str, by: UUID, at: datetime) -> None:
    if not why.strip() or len(why) > LONGEST_TEXT:
        raise RequestRefused("it is not said why", field="why", remedy="Write down why; the person is told.")
    if not retention.restrictions(row.tag):
        raise MoveRefused("nothing is restricted for this request", remedy="See what is.")
    letter = letters.lifting(tag=row.tag, why=why.strip(), follow=notices.follow(row))
    number = row.events.filter(what="lifted").count()
    how = notices.tell_person(row, "lifted", letter, at=at, number=number)
    rested = [Held(store=one.store, kind=one.kind, id=one.record, at=one.at) for one in retention.restrictions(row.tag)]
    lifted = retention.unrestrict(reference=row.tag, at=at, by=by, clause=row.clause)
    Finding.objects.filter(request=row, outcome="restricted").update(outcome="")
    tell(row, "lifted", who=str(by), at=at, said=why.strip(), facts={"records": lifted, "how": how})
    still = {name: retention.restricted(name, [held.id for held in rested]) for name in {one.store for one in rested}}
    recipients.tell_programs(row, "lifting", [one for one in rested if one.id not in still[one.store]], at=at)


def _erase_directly(records: Sequence[Held]) -> Erased:
    """In the provider's own scope no agreement sets rules: the stores erase, and are looked into again."""
    retention.require_answered()
    total = Erased()
    for name in dict.fromkeys(held.store for held in records):
        ids = [held.id for held in records if held.store == name]
        total += stores()[name].erase(ids)
        if stores()[name].present(ids):
            raise StaysOpen(f"the store {name} did not erase what it held", remedy="Nothing was changed: try again.")
    return total


def _check_absent(row: Request, staying: Mapping[tuple[str, UUID], object], *, keep: Sequence[Held]) -> None:
    """Look into the stores once more: whatever is found and has no reason to stay undoes the erasure."""
    subject = _subject(row)
    if subject is None:
        return
    known = {*staying, *((held.store, held.id) for held in keep)}
    left_out = Finding.objects.filter(request=row).exclude(left_out="").values_list("store", "record_id")
    known |= set(left_out)
    left = Counter(
        held.store for store in stores() for held in store.find(subject) if (held.store, held.id) not in known
    )
    if left:
        where = ", ".join(f"{count} in {name}" for name, count in sorted(left.items()))
        raise StaysOpen(
            f"after the erasure there was still something: {where}", remedy="Nothing was changed: try again."
        )


def _subject(row: Request) -> Subject | None:
    """Who is sought; None where only the customer can say."""
    try:
        return finding.subject_of(row)
    except NotVerified:
        return None


def _itself(row: Request) -> list[Held]:
    """The request is among what is held of the person."""
    return [Held(store=finding.OWN_STORE, kind="request", id=row.id, at=row.received_at)]


def _own_package(row: Request, held: Held) -> bool:
    """Whether this is the package that was made for this very request: it lives as long as its link."""
    return row.export_id is not None and held.id == row.export_id


def _package_settled(row: Request, *, at: datetime) -> bool:
    """Whether no package of this request could lose what an erasure takes now."""
    if row.export_id is None:
        return True
    made = exports.get(row.export_id)
    return made.state not in ("queued", "running") and (made.made_at is None or made.made_at + _SETTLES <= at)


def _mark(row: Request, records: Sequence[Held], outcome: str) -> None:
    for name in {held.store for held in records}:
        ids = [held.id for held in records if held.store == name]
        Finding.objects.filter(request=row, store=name, record_id__in=ids).update(outcome=outcome)


def _corrected(row: Request) -> str:
    count = Finding.objects.filter(request=row, outcome="rectified").count()
    return f"{count} records were corrected."


def _erased_words(gone: int, reasons: Sequence[str]) -> str:
    if not reasons:
        return f"{gone} records were erased. Nothing is left; backups lose them when they expire."
    kept = "; ".join(f"{count} stay, because {reason}" for reason, count in Counter(reasons).items())
    return f"{gone} records were erased. {kept}. These are used for nothing else."


def _done(row: Request, kind: str, words: str) -> None:
    row.done = {**row.done, kind: words}


def _url(export_id: UUID) -> str:
    from django.conf import settings

    return f"{settings.PARLEY_PUBLIC_URL}{exports.link(export_id)}"
