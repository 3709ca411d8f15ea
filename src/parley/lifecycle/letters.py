"""What a customer hears of its departure by e-mail: from the provider's outbox, for its own is destroyed on the way."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _

from parley.lifecycle.desk import facts
from parley.lifecycle.models import Certificate, Departure, Return
from parley.lifecycle.rules import timeline
from parley.lifecycle.types import PhaseKey
from parley.mail import api as mail

PHASES: Final[dict[PhaseKey, str]] = {
    "running": "the contract runs",
    "renewable": "you may renew; nothing is touched",
    "accessible": "you read and export your data in the console",
    "returnable": "access is closed; a sealed backup is kept, and an export is made from it when you ask for one",
    "kept": "access is closed; a sealed backup waits for its destruction",
    "destruction": "keys, backups and packages are destroyed, and their absence is verified",
    "gone": "nothing is left; the certificate of deletion is here",
}


def notice(row: Departure, *, token: str) -> None:
    """The dates of the end, and the link to follow it by. Idempotent by departure."""
    told = facts(row)
    phases = timeline(told, ends_at=row.ends_at, zone=row.zone, confirmed=row.confirmed_at).phases
    lines = "\n".join(
        f"- {_when(row, one.starts)} – {_when(row, one.ends) if one.ends else '…'}: {PHASES[one.key]} ({one.clause})"
        for one in phases
        if one.key != "running"
    )
    _send(
        row,
        what="notice",
        subject=_("Your contract ends on %(day)s: what happens when") % {"day": _day(row, row.ends_at)},
        text=_(
            "The contract of %(name)s ends on %(end)s (%(zone)s). What follows, and by which clause:\n\n"
            "%(lines)s\n\n"
            "Everything is destroyed by %(destroy)s.\n\n"
            "This page shows how far it is. There you ask for an export when the console is closed, and fetch the "
            "statements of progress and the certificate of deletion. Keep its address: it is the only way in when the "
            "console is closed.\n\n%(link)s\n"
        )
        % {
            "name": row.name, "end": _when(row, row.ends_at), "zone": row.zone, "lines": lines,
            "destroy": _when(row, told.destroy), "link": address(token),
        },
    )  # fmt: skip


def link(row: Departure, *, token: str) -> None:
    """A fresh link, when the former one was lost."""
    _send(
        row,
        what=f"link:{row.token_hash[:16]}",
        subject=_("A new link to follow the end of your contract"),
        text=_("The page about the end of the contract of %(name)s has a new address; the former one opens nothing any "
               "more.\n\n%(link)s\n")
        % {"name": row.name, "link": address(token)},
    )  # fmt: skip


def code(row: Departure, *, code: str, code_id: UUID, minutes: int) -> None:
    """The code by which the end can be confirmed at the public page."""
    _send(
        row,
        what=f"code:{code_id}",
        subject=_("Your code to destroy all data of %(name)s") % {"name": row.name},
        text=_(
            "Somebody who has the address of the page about the end of your contract wants to confirm the end: then "
            "keys, data, the backup and all exports are destroyed at once instead of on their day, and nobody can undo "
            "it. The code is:\n\n    %(code)s\n\nIt is good for %(minutes)d minutes, once. If nobody of you asked for "
            "it, do nothing: nothing is destroyed. Then ask us for a new address of the page.\n"
        )
        % {"code": code, "minutes": minutes},
    )


def asked_by_reseller(row: Departure, made: Return, *, at: datetime) -> None:
    """The customer hears at once that somebody asked for its data."""
    _send(
        row,
        what=f"asked:{made.id}:{at.isoformat()}",
        subject=_("Your reseller asked for an export of your data"),
        text=_(
            "%(intake)s, whom your order names for it, asked by e-mail for an export of all data of %(name)s on "
            "%(asked)s (%(zone)s). It is made now, and handed to nobody but you: when it is ready, we write to this "
            "address, and you fetch it at the page about the end of your contract.\n"
        )
        % {"intake": row.intake, "name": row.name, "asked": _when(row, at), "zone": row.zone},
    )


def returned(row: Departure, made: Return) -> None:
    """The export that was asked for can be fetched. A reseller that asked hears that the customer fetches it."""
    if not row.addresses or made.expires_at is None:
        return
    opening = (
        _("The export that your reseller asked for on %(asked)s is ready:")
        if made.channel == "reseller"
        else _("The export that was asked for on %(asked)s is ready:")
    )
    _send(
        row,
        what=f"return:{made.id}",
        subject=_("The export of your data is ready"),
        text=(
            opening
            + " "
            + _(
                "%(records)d records, %(size)d bytes, SHA-256 %(sha256)s.\n\n"
                "Fetch it until %(until)s (%(zone)s) at the page about the end of your contract, whose address you "
                "were sent.\n"
            )
        )
        % {
            "asked": _when(row, made.asked_at), "records": made.records, "size": made.size, "sha256": made.sha256,
            "until": _when(row, made.expires_at), "zone": row.zone,
        },
    )  # fmt: skip
    if made.channel == "reseller" and row.intake:
        _send(
            row,
            what=f"return-told:{made.id}",
            to=(row.intake,),
            subject=_("The export of %(name)s is ready") % {"name": row.name},
            text=_(
                "The export that you asked for on %(asked)s is ready. It was made known to %(name)s, who fetches it "
                "until %(until)s (%(zone)s) and may hand it on to you.\n"
            )
            % {
                "asked": _when(row, made.asked_at), "name": row.name, "until": _when(row, made.expires_at),
                "zone": row.zone,
            },
        )  # fmt: skip


def certified(row: Departure, made: Certificate, *, attach: bool) -> None:
    """All is gone, and certified; the certificate comes with it where it is always promised."""
    files = (
        mail.Attachment(name="certificate.pdf", media_type="application/pdf", content=bytes(made.pdf)),
        mail.Attachment(name="certificate.json", media_type="application/json", content=made.document.encode()),
        mail.Attachment(name="proof.json", media_type="application/json", content=bytes(made.proof or b"")),
    )
    _send(
        row,
        what="certificate",
        subject=_("All data of %(name)s is destroyed: certificate of deletion") % {"name": row.name},
        text=_(
            "All personal data that was processed for %(name)s, and all copies of it, are destroyed. What was "
            "destroyed when, and what little remains for which reason, is in the certificate%(where)s.\n\n"
            "Its SHA-256 is %(sha256)s. The provider's log holds it: proof.json shows that, with the key of the annex "
            "and without us.\n\n"
            "The page about the end of your contract, this address and these letters are deleted in 90 days.\n"
        )
        % {
            "name": row.name, "sha256": made.sha256,
            "where": _(" that is attached") if attach else _(", which is on the page about the end of your contract"),
        },
        attachments=files if attach else (),
    )  # fmt: skip


def forget(row: Departure) -> None:
    """Delete all letters of a departure, in the caller's transaction in the provider's scope."""
    mail.forget(begins=f"departure:{row.id}:")


def address(token: str) -> str:
    """The public page, as people open it."""
    return f"{settings.PARLEY_PUBLIC_URL}/end/{token}"


def _send(
    row: Departure,
    *,
    what: str,
    subject: str,
    text: str,
    attachments: tuple[mail.Attachment, ...] = (),
    to: Sequence[str] = (),
) -> None:
    mail.send(
        key=f"departure:{row.id}:{what}",
        to=to or row.addresses,
        subject=subject,
        text=text,
        attachments=attachments,
        purpose="departure",
        clause=facts(row).clauses["destroy"],
    )


def _when(row: Departure, moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo(row.zone)):%a %d %b %Y, %H:%M}"


def _day(row: Departure, moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo(row.zone)):%d %b %Y}"
