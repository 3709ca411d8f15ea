"""Statements of progress and the certificate: what is gone, what remains, until when; entered into the provider's log.

Both are canonical JSON, of which the log's entry holds the hash; whoever has the entry's bundle can check them offline.
Counts, instants, clauses and hashes only: neither names a person.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid5

from django.db import connection

from parley.backups import api as backups
from parley.foundation.ids import new_id
from parley.ledger import api as ledger
from parley.lifecycle import letters
from parley.lifecycle.desk import (
    customer_of,
    departure_in,
    destruction_at,
    done,
    expect,
    facts,
    finish,
    rows,
    save,
)
from parley.lifecycle.errors import StillThere
from parley.lifecycle.leftovers import count
from parley.lifecycle.models import Certificate, Departure, Isolated, Return, Statement, Step
from parley.lifecycle.rules import PAGE_KEPT
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

STATEMENT: Final = "parley-statement-of-progress/1"
CERTIFICATE: Final = "parley-certificate-of-deletion/1"
_WHY_LOG: Final = "entries of the provider's log about this departure: what was done and when, without personal data"
_WHY_ROW: Final = "handle, name and dates in the register of customers, so that the handle is never given again"
_WHY_ADDRESSES: Final = "the addresses that this is sent to, the letters about the end, and the public link"
_WHY_BREACHES: Final = "that the customer was considered in breaches, without personal data (GDPR Art. 33(5))"
_WHY_LOCKED: Final = "the object store keeps them by write-once"
_WHY_SUPPORT: Final = "when the provider's staff asked to look, for which support case"
Line = Mapping[str, Any]


def state_progress(row: Departure, *, at: datetime) -> Statement:
    """Make the next statement of progress of a locked departure, in the caller's transaction."""
    number = rows(Statement).filter(departure=row).count() + 1
    document = ledger.canonical(
        {
            "format": STATEMENT,
            "number": number,
            "made_at": _iso(at),
            **_about(row),
            "gone": gone(row),
            "remains": remains(row, at=at),
        }
    )
    digest = hashlib.sha256(document).hexdigest()
    evidence = obligations.evidence(
        kind="lifecycle.statement",
        clause=facts(row).clauses["destroy"],
        details={"departure": str(row.id), "customer": str(row.customer_id), "number": number, "sha256": digest},
        at=at,
        entry_id=uuid5(row.id, f"statement {number}"),
    )
    made = Statement(
        id=new_id(at=at), departure=row, number=number, made_at=at, document=document.decode(), sha256=digest,
        evidence_id=evidence,
    )  # fmt: skip
    made.save(using="default", force_insert=True)
    return made


def gone(row: Departure) -> list[dict[str, Any]]:
    """What was destroyed, in the order in which it went."""
    lines: list[dict[str, Any]] = []

    def add(step: Step | None, what: str, fact: str, **more: Any) -> None:
        if step is not None:
            lines.append({"what": what, "count": int(step.facts.get(fact, 0)), "at": _iso(step.done_at), **more})

    live, keys, copies = (done(row, step) for step in ("live", "keys", "copies"))
    add(live, "live database", "database")
    add(live, "roles of the live database", "roles")
    add(live, "objects in the store", "objects")
    if keys is not None:
        lines.append(_keys(keys))
    add(copies, "backups", "backups")
    add(copies, "returned packages", "returns")
    verified = done(row, "verify")
    if verified is not None and copies is not None and copies.facts.get("locked"):
        count = int(copies.facts["locked"])
        lines.append({"what": "objects that write-once kept", "count": count, "at": _iso(verified.done_at)})
    add(done(row, "leftovers"), "lines in the provider's own tables", "rows")
    for one in rows(Isolated).filter(departure=row, destroyed_at__isnull=False).order_by("destroyed_at"):
        lines.append({"what": "isolated records", "count": one.records, "at": _iso(one.destroyed_at), "law": one.law})
    return lines


def remains(row: Departure, *, at: datetime) -> list[dict[str, Any]]:
    """What is left at `at`, why, and until when; `until` None: for as long as the reason holds."""
    told, start = facts(row), destruction_at(row)
    lines: list[dict[str, Any]] = []
    if done(row, "copies") is None:
        customer = customer_of(row)
        left = backups.remaining(customer)
        if left.count:
            until = min(start, left.last_expires_at or start)
            lines.append({"what": "sealed backups", "count": left.count, "until": _iso(until)})
        for one in rows(Return).filter(departure=row, state="ready").order_by("made_at"):
            lines.append({"what": "returned package", "count": one.records, "until": _iso(one.expires_at)})
    lines += _locked(row)
    if done(row, "keys") is None:
        lines.append({"what": "keyring: all keys that the provider holds", "count": 1, "until": _iso(start)})
    for held in rows(Isolated).filter(departure=row, destroyed_at__isnull=True).order_by("law"):
        lines.append({"what": "isolated records", "count": held.records, "until": _iso(held.until), "why": held.law})
    if told.support is not None and done(row, "support") is None and at < told.support:
        lines.append({"what": "support data", "until": _iso(told.support), "why": f"{_WHY_SUPPORT} "
                      f"({told.clauses['support']})"})  # fmt: skip
    certified = done(row, "certificate")
    until = (certified.done_at if certified else max(at, told.destroy)) + PAGE_KEPT
    lines.append({"what": "addresses, letters and link", "until": _iso(until), "why": _WHY_ADDRESSES})
    lines.append({"what": "evidence", "until": None, "why": _WHY_LOG})
    if considered := count("incidents.Considered", row.customer_id):
        lines.append({"what": "breaches", "count": considered, "until": None, "why": _WHY_BREACHES})
    lines.append({"what": "register", "until": None, "why": _WHY_ROW})
    return lines


def _locked(row: Departure) -> list[dict[str, Any]]:
    """What the object store does not give away yet, and the laws for which it was locked."""
    step = done(row, "copies") or done(row, "live")
    if step is None or not step.facts.get("locked") or done(row, "verify") is not None:
        return []
    closed = done(row, "close")
    laws = ", ".join(closed.facts.get("laws", ())) if closed else ""
    why = f"{_WHY_LOCKED}: {laws}" if laws else _WHY_LOCKED
    return [{"what": "sealed objects", "count": step.facts["locked"], "until": step.facts["locked_until"], "why": why}]


def certify(work: obligations.Work, *, fonts: Path) -> None:
    """Handler of `lifecycle.certificate`: absence was verified, so it can be certified."""
    row = departure_in(work)
    verified = done(row, "verify")
    if row.state != "destroyed" or verified is None or done(row, "certificate") is not None:
        return
    document = ledger.canonical(certificate_of(row, verified, at=work.now))
    digest = hashlib.sha256(document).hexdigest()
    entry = uuid5(row.id, "certificate")
    from parley.lifecycle.paper import paper

    pdf = paper(row, certificate_of(row, verified, at=work.now), sha256=digest, entry=entry, fonts=fonts)
    told = facts(row)
    pdf_digest = hashlib.sha256(pdf).hexdigest()
    finish(
        row, "certificate", began=work.now, at=work.now, clause=told.clauses["certificate"],
        facts={"sha256": digest, "pdf_sha256": pdf_digest},
    )  # fmt: skip
    Certificate(
        departure=row, made_at=work.now, document=document.decode(), sha256=digest, pdf=pdf, pdf_sha256=pdf_digest,
        evidence_id=entry,
    ).save(using="default", force_insert=True)  # fmt: skip
    save(row, state="certified")
    expect(row, "hand-over", due=work.now)
    expect(row, "forget", due=work.now + PAGE_KEPT)


def certificate_of(row: Departure, verified: Step, *, at: datetime) -> dict[str, Any]:
    """What the certificate says."""
    told = facts(row)
    copies = done(row, "copies")
    return {
        "format": CERTIFICATE,
        "made_at": _iso(at),
        **_about(row),
        "certifies": "All personal data processed for this customer, and all copies of it, were destroyed as listed; "
        "nothing remains but what is listed under remains.",
        "clauses": {"destroy": told.clauses["destroy"], "certificate": told.clauses["certificate"]},
        "records": dict(row.counts),
        "destroyed": gone(row),
        "keys": _keys_words(row),
        "backups": list(copies.facts.get("list", [])) if copies else [],
        "returns": [_return_line(one) for one in rows(Return).filter(departure=row).order_by("asked_at")],
        "isolated": [
            {"law": one.law, "count": one.records, "until": _iso(one.until), "destroyed_at": _iso(one.destroyed_at)}
            for one in rows(Isolated).filter(departure=row).order_by("law")
        ],
        "absence": {"looked_at": _iso(verified.done_at), "places": list(verified.facts.get("places", []))},
        "remains": remains(row, at=at),
        "last_checkpoint": row.head,
        "statements": [
            {"number": one.number, "made_at": _iso(one.made_at), "sha256": one.sha256}
            for one in rows(Statement).filter(departure=row).order_by("number")
        ],
    }


def hand_over(work: obligations.Work) -> None:
    """Handler of `lifecycle.hand-over`: the proof is taken from the provider's log, and the certificate is sent.

    Sent with its files where the agreement, or standard clauses, always promise it; else the letter says where it is.
    """
    row = departure_in(work)
    made = rows(Certificate).filter(departure=row).first()
    if made is None or made.handed_over_at is not None:
        return
    backups.apart(_integrate)
    with connection.cursor() as cursor:
        proof = ledger.bundle(cursor, entry_id=made.evidence_id)
    made.proof, made.handed_over_at = proof, work.now
    made.save(using="default", update_fields=["proof", "handed_over_at"])
    always = facts(row).certificate == "always"
    if row.addresses:
        letters.certified(row, made, attach=always)
    finish(
        row, "hand-over", began=work.now, at=work.now, clause=facts(row).clauses["certificate"],
        facts={"sent": len(row.addresses), "attached": always, "sha256": made.sha256},
    )  # fmt: skip
    meet(row, "certificate", at=work.now, details={"sha256": made.sha256, "evidence": str(made.evidence_id)})


def meet(row: Departure, duty: str, *, at: datetime, details: Mapping[str, ledger.JSON]) -> None:
    """Meet one of the customer's duties that were carried over, where the agreement has it."""
    key = f"contract-ends:{row.ending_id}:{duty}"
    if obligations.duty(key, at=at) is not None:
        obligations.meet(key, at=at, by="lifecycle", details={"departure": str(row.id), **details})


def _integrate() -> None:
    """The entry becomes part of the provider's log now: the sequencer may do the same beside us."""
    provider = tenancy.provider()
    with tenancy.connect(provider, role="sequencer") as ours:
        while ledger.integrate(ours, signer=tenancy.keyring().ledger_signer(provider)):
            pass


def _about(row: Departure) -> dict[str, Any]:
    told = facts(row)
    return {
        "customer": {"id": str(row.customer_id), "handle": row.handle, "name": row.name},
        "departure": str(row.id),
        "agreements": [list(one) for one in told.texts],
        "contract_ended_at": _iso(row.ends_at),
        "choice": row.choice,
        "confirmed_at": _iso(row.confirmed_at),
        "destroy_by": _iso(told.destroy),
        "clause": told.clauses["destroy"],
    }


def _keys(step: Step) -> dict[str, Any]:
    return {
        "what": "keyring: all keys that the provider held",
        "count": int(step.facts.get("keys", 0)),
        "at": _iso(step.done_at),
        "milliseconds": int(step.facts.get("milliseconds", 0)),
    }


def _keys_words(row: Departure) -> dict[str, Any]:
    step = done(row, "keys")
    held = row.custody != "customer-held"
    if step is None:
        raise StillThere("the keys are not destroyed yet")
    words = (
        "The provider held the keys of the content, the index secret, the key of the backups and the log's signing "
        "key; all were overwritten and removed at this instant."
        if held
        else "The provider never held the keys of the content: the customer holds them. The index secret, the key of "
        "the backups and the log's signing key were overwritten and removed at this instant."
    )
    return {"content_keys_held_by": "provider" if held else "customer", "destroyed_at": _iso(step.done_at),
            "milliseconds": int(step.facts.get("milliseconds", 0)), "words": words}  # fmt: skip


def _return_line(one: Return) -> dict[str, Any]:
    return {
        "asked_at": _iso(one.asked_at), "channel": one.channel, "state": one.state, "made_at": _iso(one.made_at),
        "records": one.records, "bytes": one.size, "sha256": one.sha256, "fetched": one.fetched,
        "destroyed_at": _iso(one.ended_at),
    }  # fmt: skip


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment is not None else None
