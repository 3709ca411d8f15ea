"""The one place that connects what lower parts ask for with the higher parts that offer it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from django.conf import settings

from parley.backups import api as backups
from parley.contacts import api as contacts
from parley.contacts import importing as contact_imports
from parley.exports import api as exports
from parley.governance.access import api as access
from parley.governance.assistance import api as assistance
from parley.governance.audits import api as audits
from parley.governance.contract import api as contract
from parley.governance.incidents import api as incidents
from parley.governance.instructions import api as instructions
from parley.governance.subprocessors import api as subprocessors
from parley.inventory.api import Store
from parley.lifecycle import api as lifecycle
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.obligations.api import Handler, Work
from parley.people import api as people
from parley.project import alarms
from parley.recordings import api as recordings
from parley.recordings.resealing import api as resealing
from parley.recordings.scrubbing import api as scrubbing
from parley.retention import api as retention
from parley.rights import api as rights
from parley.tenancy.api import NewUser
from parley.webhooks import api as webhooks

LETTERS: Final = Path(__file__).parents[1] / "web" / "static" / "vendor"
"""Where the fonts of readable reports lie; `make setup` puts them there."""


def enrol(new: NewUser) -> None:
    """The first person of a new customer."""
    people.create_administrator(new)


def warn(duty: obligations.DutyView) -> None:
    """A duty comes nearer."""
    audits.on_warning(duty)
    alarms.warn(duty)


def sound(duty: obligations.DutyView) -> None:
    """A duty was not met when it was due."""
    alarms.sound(duty)


def job_handlers() -> Mapping[str, Handler]:
    """What the worker does besides rendering, by the kind of its deadline."""
    return {
        **_audit_handlers(),
        **access.handlers(),
        **assistance.handlers(),
        **backups.handlers(),
        **contacts.handlers(),
        **contact_imports.handlers(store=recordings.installed_store()),
        **contract.handlers(),
        **exports.handlers(),
        **incidents.handlers(),
        **instructions.handlers(),
        **lifecycle.handlers(fonts=LETTERS),
        **mail.handlers(),
        **obligations.handlers(),
        **people.handlers(),
        **recordings.notices.handlers(),
        **retention.handlers(alarms.remind_of_hold),
        **rights.handlers(),
        **scrubbing.handlers(),
        **subprocessors.handlers(),
        contract.SETTLE: _settle_contract,
        instructions.SETTLE: _settle_instructions,
        recordings.NAMES: recordings.index_names,
    }


def long_handlers() -> Mapping[str, Handler]:
    """What the worker's thread for long work does: exports, imports, backups, deletions, destruction."""
    return {
        **backups.long_handlers(),
        **contacts.long_handlers(),
        **contact_imports.long_handlers(
            store=recordings.installed_store(), scratch=settings.PARLEY_DATA_DIR / "scratch"
        ),
        **exports.long_handlers(),
        **lifecycle.long_handlers(),
        **recordings.bulk.handlers(),
        **resealing.long_handlers(),
        **retention.long_handlers(),
        **rights.long_handlers(),
        **scrubbing.long_handlers(),
    }


def courier() -> webhooks.Courier:
    """What delivers webhooks, and says when it gave an endpoint up."""
    return webhooks.Courier(tell=alarms.tell_of_endpoint)


def stores() -> Sequence[Store]:
    """Who answers for personal data, offering by offering. A new offering adds its store here."""
    return (contacts.STORE, exports.STORE, incidents.STORE, mail.STORE, people.STORE, recordings.STORE, rights.STORE)


def sign_at_creation(agreements: Sequence[str], administrator: NewUser | None) -> None:
    """A new customer signs, and thereby authorises the sub-processors that the register lists."""
    contract.sign_at_creation(agreements, administrator)
    subprocessors.authorise_listed()
    access.expect_reviews(at=datetime.now(UTC))
    assistance.expect_check(at=datetime.now(UTC))


def _settle_contract(work: Work) -> None:
    """After each signature: the standing follows, what the register listed then is authorised, and the customer hears
    of what was attested before it asked."""
    contract.settle_again(work)
    subprocessors.authorise_listed()
    audits.catch_up_later(at=datetime.now(UTC))
    assistance.expect_recheck(at=datetime.now(UTC))
    recordings.render_refused()
    lifecycle.settled(work)


def _settle_instructions(work: Work) -> None:
    """After each instruction: the standing follows, and what was refused to be made audible is tried again."""
    instructions.settle_again(work)
    assistance.expect_recheck(at=datetime.now(UTC))
    recordings.render_refused()


def _audit_handlers() -> Mapping[str, Handler]:
    return audits.handlers(
        store=recordings.installed_store(), fonts=LETTERS, scratch=settings.PARLEY_DATA_DIR / "scratch"
    )
