"""The pack as people read it: a PDF of real text, with an outline, made from the same values as the JSON files."""

import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from reportlab.platypus import CondPageBreak, Flowable, PageBreak, Spacer

from parley.governance.audits.pack import sheet
from parley.governance.audits.pack.gathered import ClauseState, Gathered
from parley.governance.audits.pack.sheet import Heading, table, text
from parley.ledger.api import Checkpoint

MOST_LISTED: Final = 200
"""Duties that the report lists; the files beside it hold all."""

_SHAPES: Final = {"late": "■", "due": "▲", "attested": "●", "kept": "●", "idle": "○", "open": "○"}


def state_words(state: ClauseState) -> str:
    """How a clause stands, with a shape before the word."""
    words = {
        "late": _("late"), "due": _("due"), "attested": _("attested"), "kept": _("kept"),
        "idle": _("enforced, nothing happened yet"), "open": _("not enforced yet"),
    }  # fmt: skip
    return f"{_SHAPES[state]} {words[state]}"


def report(found: Gathered, *, head: Checkpoint, fonts: Path, packed: int) -> bytes:
    """The PDF. `fonts` is where the letters lie, `packed` how many pieces of evidence the pack holds."""
    sheet.load_fonts(fonts)
    out = io.BytesIO()
    title = _("Audit pack of %(name)s") % {"name": found.name}
    made, on_page = sheet.document(
        out, title=title, subject=found.origin, foot=f"{title} · {_when(found, found.made_at)}"
    )
    story: list[Flowable] = []
    for part in (_cover(found, title, head, packed), _clauses(found), _duties(found), _attestations(found),
                 _subprocessors(found), _inventory(found), _incidents(found), _audits(found)):  # fmt: skip
        story += part
    story = [piece for one in story for piece in (_room(one) if isinstance(one, Heading) else (one,))]
    made.build(story, onFirstPage=on_page, onLaterPages=on_page)
    return out.getvalue()


def _room(heading: Heading) -> tuple[Flowable, ...]:
    """A heading with something below it on its page."""
    return CondPageBreak(sheet.FOOT), heading


def _cover(found: Gathered, title: str, head: Checkpoint, packed: int) -> Iterator[Flowable]:
    yield Spacer(1, 40)
    yield text(title, sheet.TITLE)
    yield Spacer(1, 12)
    states = [line.state for line in found.clauses]
    facts = [
        (_("Made"), _when(found, found.made_at)),
        (_("Time zone of deadlines"), found.zone),
        (_("Region, keys"), f"{found.region}, {found.custody}"),
        (_("Log"), text(found.origin, sheet.MONO)),
        (_("Head of the log"), _("%(n)d entries") % {"n": head.size}),
        (_("Root"), text(head.root.hex(), sheet.MONO)),
        (_("Evidence in this pack"), _("%(n)d pieces") % {"n": packed}),
        (_("Clauses"), ", ".join(
            f"{states.count(state)} {state_words(state)}" for state in _SHAPES if state in states
        )),
    ]  # fmt: skip
    yield table([_("Fact"), _("Value")], facts, widths=[1, 3])
    yield Heading(_("What was signed"))
    yield table(
        [_("Agreement"), _("Version"), _("Since"), _("Until"), _("SHA-256 of the text")],
        [
            (one.title, one.version, _when(found, one.since),
             _when(found, one.until) if one.until else _("binding now"), text(one.digest, sheet.MONO))
            for one in found.texts
        ],
        widths=[3, 1, 2, 2, 4],
    )  # fmt: skip
    if found.wins:
        yield Heading(_("Which text prevails"))
        yield table(
            [_("Term"), _("Holds"), _("Clause"), _("Why"), _("Gave way")],
            [
                (one.term, one.value, text(one.clause, sheet.MONO), one.why,
                 "; ".join(f"{agreement} {clause}: {value}" for agreement, clause, value in one.losers))
                for one in found.wins
            ],
            widths=[2, 2, 2.4, 4, 4],
        )  # fmt: skip
    yield Heading(_("How to verify this pack"))
    yield text(
        _("Unpack it, take the key of the log from the annex of your agreement, and run: "
          "python verify_pack.py . --log-key 'KEY'. It needs Python and the package cryptography, no network and no "
          "Parley. README.txt says the rest. This report repeats what the files say; the files are the evidence.")
    )  # fmt: skip
    yield PageBreak()


def _clauses(found: Gathered) -> Iterator[Flowable]:
    yield Heading(_("Clauses"))
    subjects = dict.fromkeys(line.subject for line in found.clauses)
    for subject in subjects:
        yield Heading(subject, level=1)
        yield table(
            [_("Clause"), _("Promise"), _("Kept by"), _("State"), _("Evidence")],
            [
                (
                    text(line.id, sheet.MONO),
                    f"{line.statement} ({_('ours, not the source') if line.authored else line.source})",
                    "; ".join(line.kept_by) or _("waits for: ") + "; ".join(line.waits),
                    state_words(line.state)
                    + (f", {_('next due')} {_when(found, line.next_due)}" if line.next_due else ""),
                    f"{line.evidence}" + (f", {_('last')} {_when(found, line.last)}" if line.last else ""),
                )
                for line in found.clauses
                if line.subject == subject
            ],
            widths=[2.9, 5, 4.9, 2.3, 1.9],
        )


def _duties(found: Gathered) -> Iterator[Flowable]:
    yield Heading(_("Duties kept on time"))
    if not found.months:
        yield text(_("No duty has fallen due yet."))
    else:
        yield sheet.months_plot(
            [(f"{one.month:%m/%y}", one.on_time, one.late, one.waived) for one in found.months[-12:]]
        )
        yield table(
            [_("Month"), _("On time"), _("Late"), _("Waived")],
            [(f"{one.month:%B %Y}", one.on_time, one.late, one.waived) for one in found.months],
            widths=[3, 1, 1, 1],
        )
    waiting = sorted((duty for duty in found.duties if duty.waiting and duty.kind == "duty"), key=lambda one: one.due)
    late = [duty for duty in waiting if duty.late]
    yield Heading(_("Duties that wait"), level=1)
    yield text(_("%(n)d open, %(late)d of them late.") % {"n": len(waiting), "late": len(late)})
    if waiting:
        yield _duty_table(found, waiting)
    ended = [duty for duty in found.duties if not duty.waiting and duty.kind == "duty"]
    yield Heading(_("Duties that ended"), level=1)
    if ended:
        yield _duty_table(found, ended)
    else:
        yield text(_("None yet."))


def _duty_table(found: Gathered, duties: list[Any]) -> Flowable:
    return table(
        [_("Clause"), _("Duty"), _("Owner"), _("Due"), _("State")],
        [
            (text(duty.clause, sheet.MONO), duty.title, duty.owner, _when(found, duty.due),
             f"{duty.state}{_(', late') if duty.late else ''}")
            for duty in duties[:MOST_LISTED]
        ],
        widths=[2.2, 6, 1.5, 2.4, 1.8],
    )  # fmt: skip


def _attestations(found: Gathered) -> Iterator[Flowable]:
    yield Heading(_("Attestations"))
    if not found.attestations:
        yield text(_("Your agreement asks for none."))
        return
    yield table(
        [_("What is attested"), _("Clause"), _("Every"), _("Last"), _("SHA-256 of the proof"), _("Next due")],
        [
            (
                one.statement, text(one.clause, sheet.MONO), str(one.every),
                _when(found, one.attested_at) if one.attested_at else _("not yet"), text(one.sha256 or "–", sheet.MONO),
                _when(found, one.next_due) if one.next_due else "–",
            )
            for one in found.attestations
        ],
        widths=[4, 2, 1.4, 2, 4, 2],
    )  # fmt: skip


def _subprocessors(found: Gathered) -> Iterator[Flowable]:
    yield Heading(_("Sub-processors"))
    if not found.links:
        yield text(_("The register is empty: nobody but the provider processes."))
        return
    yield text(_("Version %(n)d of the register.") % {"n": found.register_version})
    yield table(
        [_("Name"), _("Role"), _("Country"), _("Address, contact"), _("Flow-down")],
        [
            (
                f"{'→ ' * depth}{one['name']}", one["role"], one["country"], f"{one['address']}, {one['contact']}",
                f"{one['flowdown']['signed_on']}, {one['flowdown']['digest'][:16]}…" if one["flowdown"] else _("none"),
            )
            for depth, one in found.links
        ],
        widths=[3, 3, 1.2, 4, 3],
    )  # fmt: skip


def _inventory(found: Gathered) -> Iterator[Flowable]:
    yield Heading(_("Inventory of personal data"))
    if found.counts:
        yield Heading(_("What is there"), level=1)
        yield table(
            [_("Category"), _("Of whom"), _("Records"), _("Persons told apart")],
            [
                (category, subject, str(records), "–" if persons is None else str(persons))
                for category, subject, records, persons in found.counts
            ],
            widths=[4, 3, 1.5, 2],
        )
    yield Heading(_("What may be stored, and why"), level=1)
    yield table(
        [_("Where"), _("Category"), _("Of whom"), _("Why"), _("How long"), _("Erased by")],
        [
            (text(f"{one.model} {', '.join(one.fields)}", sheet.MONO), one.category, one.subject, one.purpose,
             one.retention, one.erase)
            for one in found.fields
        ],
        widths=[4, 3, 2, 3, 2, 2],
    )  # fmt: skip


def _incidents(found: Gathered) -> Iterator[Flowable]:
    yield Heading(_("Incidents"))
    if not found.incidents:
        yield text(_("None touched you."))
        return
    yield table(
        [_("Known"), _("Kind"), _("Clause"), _("Notice due"), _("Told"), _("Persons, records"), _("Closed")],
        [
            (
                _when(found, one.known_at), one.kind, text(one.clause, sheet.MONO), _when(found, one.due),
                (_when(found, one.told_at) or _("not yet")) + (_(", late") if one.late else ""),
                f"{one.persons}, {one.records}", _when(found, one.closed_at) or "–",
            )
            for one in found.incidents
        ],
        widths=[2, 2, 2.4, 2, 2.2, 1.8, 2],
    )  # fmt: skip


def _audits(found: Gathered) -> Iterator[Flowable]:
    yield Heading(_("Audits"))
    if not found.audits:
        yield text(_("None was asked for."))
        return
    yield table(
        [_("Asked"), _("Cause"), _("Decision"), _("State"), _("Findings")],
        [
            (
                _when(found, one.asked_at), one.cause,
                f"{_('granted') if one.decision.granted else _('refused')}: {one.decision.why} ({one.decision.clause})",
                one.state, _("%(open)d open of %(n)d") % {
                    "open": sum(finding.remedied_at is None for finding in one.findings), "n": len(one.findings)
                },
            )
            for one in found.audits
        ],
        widths=[2, 1.5, 6, 1.5, 2],
    )  # fmt: skip


def _when(found: Gathered, moment: datetime | None) -> str:
    return f"{moment.astimezone(ZoneInfo(found.zone)):%d %b %Y, %H:%M}" if moment else ""
