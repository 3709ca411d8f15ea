"""What other packages may use of sub-processors: the register, planned changes, the customer's answers.

Reading the register works in any scope; `announce`, `engage` and their like enter the provider's; all else is of the
customer in scope. The gate itself is `contract.ask(..., recipient=key)`.
"""

from collections.abc import Mapping

from parley.governance.subprocessors import announcing, egress, receiving
from parley.governance.subprocessors.announcing import (
    announce,
    announcement,
    announcements,
    deliveries,
    end,
    withdraw,
)
from parley.governance.subprocessors.answering import acknowledge, object_to, resolve, terminate_service
from parley.governance.subprocessors.authorising import (
    authorisations,
    authorise_listed,
    may_receive,
    request_affiliate,
    revoke_request,
)
from parley.governance.subprocessors.egress import openings
from parley.governance.subprocessors.errors import (
    ChangeRefused,
    EntryRefused,
    FlowDownMissing,
    NoSuchChange,
    ObjectionRefused,
    ResolutionRefused,
    SubprocessorError,
    TerminationRefused,
)
from parley.governance.subprocessors.previewing import preview
from parley.governance.subprocessors.register import (
    amend,
    check_new,
    difference,
    engage,
    entries,
    entry,
    latest,
    links,
    version,
    versions,
)
from parley.governance.subprocessors.register_rules import NEVER, chain
from parley.governance.subprocessors.rows import change, planned
from parley.governance.subprocessors.rules import affected_services
from parley.governance.subprocessors.types import (
    FLOWDOWN_DUTIES,
    STATES,
    AnnouncementView,
    AuthorisationView,
    ChangeView,
    DeliveryView,
    Difference,
    Entry,
    FlowDown,
    Link,
    Outcome,
    Preview,
    State,
    Version,
)
from parley.obligations.api import Handler


def handlers() -> Mapping[str, Handler]:
    """What the worker does for this package, by the kind of its deadline."""
    return {
        **announcing.handlers(),
        egress.SETTLE: egress.settle_again,
        receiving.DISPATCHED: receiving.dispatched,
        receiving.ASSUMED: receiving.assumed,
    }


__all__ = [
    "FLOWDOWN_DUTIES",
    "NEVER",
    "STATES",
    "AnnouncementView",
    "AuthorisationView",
    "ChangeRefused",
    "ChangeView",
    "DeliveryView",
    "Difference",
    "Entry",
    "EntryRefused",
    "FlowDown",
    "FlowDownMissing",
    "Link",
    "NoSuchChange",
    "ObjectionRefused",
    "Outcome",
    "Preview",
    "ResolutionRefused",
    "State",
    "SubprocessorError",
    "TerminationRefused",
    "Version",
    "acknowledge",
    "affected_services",
    "amend",
    "announce",
    "announcement",
    "announcements",
    "authorisations",
    "authorise_listed",
    "chain",
    "change",
    "check_new",
    "deliveries",
    "difference",
    "end",
    "engage",
    "entries",
    "entry",
    "handlers",
    "latest",
    "links",
    "may_receive",
    "object_to",
    "openings",
    "planned",
    "preview",
    "request_affiliate",
    "resolve",
    "revoke_request",
    "terminate_service",
    "version",
    "versions",
    "withdraw",
]
