"""The certificate as people read it: a PDF made from the same values as its JSON."""

import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from reportlab.platypus import Flowable, Spacer

from parley.governance.audits.api import sheet
from parley.lifecycle.models import Departure


def paper(row: Departure, said: Mapping[str, Any], *, sha256: str, entry: UUID, fonts: Path) -> bytes:
    """The PDF of what a certificate says; `sha256` is that of its JSON, `entry` the log's entry that holds it."""
    sheet.load_fonts(fonts)
    out = io.BytesIO()
    title = _("Certificate of deletion")
    made, on_page = sheet.document(
        out, title=f"{title}: {row.name}", subject=str(said["customer"]["id"]), foot=f"{title} · {row.name} · {entry}"
    )
    story: list[Flowable] = [
        *_cover(row, said, title), *_destroyed(row, said), *_returns(row, said), *_remains(row, said),
        *_proof(said, sha256, entry),
    ]  # fmt: skip
    made.build(story, onFirstPage=on_page, onLaterPages=on_page)
    return out.getvalue()


def _cover(row: Departure, said: Mapping[str, Any], title: str) -> Iterator[Flowable]:
    yield sheet.text(title, sheet.TITLE)
    yield Spacer(1, 8)
    yield sheet.text(said["certifies"])
    yield Spacer(1, 10)
    yield sheet.table(
        [_("Fact"), _("Value")],
        [
            (_("Customer"), f"{row.name} ({row.handle})"),
            (_("Agreements"), ", ".join(one[0] for one in said["agreements"])),
            (_("Contract ended"), _when(row, said["contract_ended_at"])),
            (_("To be destroyed by"), f"{_when(row, said['destroy_by'])} ({said['clauses']['destroy']})"),
            (_("Confirmed earlier"), _when(row, said["confirmed_at"]) or "–"),
            (_("Certified"), f"{_when(row, said['made_at'])} ({said['clauses']['certificate']})"),
            (_("Records before"), ", ".join(f"{name}: {count}" for name, count in said["records"].items()) or "–"),
        ],
        widths=[1, 3],
    )


def _destroyed(row: Departure, said: Mapping[str, Any]) -> Iterator[Flowable]:
    yield sheet.Heading(_("What was destroyed"))
    yield sheet.table(
        [_("What"), _("How many"), _("When")],
        [(one["what"], one["count"], _when(row, one["at"])) for one in said["destroyed"]],
        widths=[4, 1, 2],
    )
    keys = said["keys"]
    yield sheet.Heading(_("The keys"), level=1)
    yield sheet.text(f"{_when(row, keys['destroyed_at'])}, {keys['milliseconds']} ms. {keys['words']}")
    if said["backups"]:
        yield sheet.Heading(_("Backups"), level=1)
        yield sheet.table(
            [_("Taken"), _("Why"), _("Destroyed")],
            [(_when(row, one["taken_at"]), one["reason"], _when(row, one["destroyed_at"])) for one in said["backups"]],
            widths=[2, 2, 2],
        )
    yield sheet.Heading(_("Absence was looked for"), level=1)
    yield sheet.text(f"{_when(row, said['absence']['looked_at'])}: {', '.join(said['absence']['places'])}.")


def _returns(row: Departure, said: Mapping[str, Any]) -> Iterator[Flowable]:
    if not said["returns"]:
        return
    yield sheet.Heading(_("Exports that were handed out"))
    yield sheet.table(
        [_("Asked for"), _("Made"), _("Records"), _("Fetched"), _("Destroyed"), _("SHA-256")],
        [
            (
                f"{_when(row, one['asked_at'])}, {one['channel']}", _when(row, one["made_at"]) or one["state"],
                one["records"], one["fetched"], _when(row, one["destroyed_at"]), sheet.text(one["sha256"], sheet.MONO),
            )
            for one in said["returns"]
        ],
        widths=[2, 2, 1, 1, 2, 4],
    )  # fmt: skip


def _remains(row: Departure, said: Mapping[str, Any]) -> Iterator[Flowable]:
    yield sheet.Heading(_("What remains, and why"))
    yield sheet.table(
        [_("What"), _("How many"), _("Why"), _("Until")],
        [
            (one["what"], one.get("count", "–"), one.get("why", ""), _when(row, one["until"]) or _("kept as evidence"))
            for one in said["remains"]
        ],
        widths=[2, 1, 5, 2],
    )


def _proof(said: Mapping[str, Any], sha256: str, entry: UUID) -> Iterator[Flowable]:
    yield sheet.Heading(_("How to verify this"))
    yield sheet.text(
        _("certificate.json says the same as this paper. Its SHA-256 is in the provider's log, in the entry named "
          "below; proof.json proves that entry offline: python verifier.py proof.json --log-key KEY, with the key of "
          "the provider's log from the annex of the agreement.")
    )  # fmt: skip
    head = said["last_checkpoint"] or {}
    yield sheet.table(
        [_("Fact"), _("Value")],
        [
            (_("SHA-256 of certificate.json"), sheet.text(sha256, sheet.MONO)),
            (_("Entry in the provider's log"), sheet.text(entry, sheet.MONO)),
            (_("The customer's log ended with"), sheet.text(
                f"{head.get('size', 0)} entries, root {head.get('root', '–')}", sheet.MONO
            )),
            *((_("Statement of progress %(n)d") % {"n": one["number"]}, sheet.text(one["sha256"], sheet.MONO))
              for one in said["statements"]),
        ],
        widths=[1, 3],
    )  # fmt: skip


def _when(row: Departure, moment: str | None) -> str:
    if not moment:
        return ""
    return f"{datetime.fromisoformat(moment).astimezone(ZoneInfo(row.zone)):%d %b %Y, %H:%M %Z}"
