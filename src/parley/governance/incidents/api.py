"""What other packages may use of incidents.

The provider declares one (`declare`); a job finds the affected customers, starts each one's clock in its own database
and writes its notice; `draft` and `issue` make the next round, the last of which closes it. A customer reads its own
(`affairs`), acknowledges notices and has letters sent to persons.
"""

from collections.abc import Mapping

from parley.governance.incidents.declaring import (
    Extent,
    declare,
    draft,
    extent,
    issue,
    post_again_for,
    preview,
    preview_draft,
    told_otherwise_for,
)
from parley.governance.incidents.errors import IncidentError, IncidentRefused, NoSuchIncident
from parley.governance.incidents.holding import STORE
from parley.governance.incidents.letters import (
    WRITE,
    draft_letters,
    letter_draft,
    letters,
    order_letters,
    read_persons,
    remove_letter,
    written,
)
from parley.governance.incidents.mirroring import mirrored
from parley.governance.incidents.noticing import DISPATCHED, MIRROR, acknowledge, dispatched, reference
from parley.governance.incidents.reading import (
    affair,
    affairs,
    clocks,
    customer_lines,
    incident,
    progress,
    register,
    unacknowledged,
)
from parley.governance.incidents.rules import check_declaration
from parley.governance.incidents.spreading import SPREAD, spread
from parley.governance.incidents.types import (
    KINDS,
    Affair,
    ContactPoint,
    CountLine,
    Criteria,
    CustomerLine,
    Incident,
    Knowledge,
    LetterView,
    NoticeView,
    Person,
    PhaseView,
    Progress,
)
from parley.governance.incidents.words import Written, category_words, count_words
from parley.obligations.api import Handler


def handlers() -> Mapping[str, Handler]:
    """What the worker does for this package, by the kind of its deadline."""
    return {SPREAD: spread, DISPATCHED: dispatched, MIRROR: mirrored, WRITE: written}


__all__ = [
    "KINDS",
    "STORE",
    "Affair",
    "ContactPoint",
    "CountLine",
    "Criteria",
    "CustomerLine",
    "Extent",
    "Incident",
    "IncidentError",
    "IncidentRefused",
    "Knowledge",
    "LetterView",
    "NoSuchIncident",
    "NoticeView",
    "Person",
    "PhaseView",
    "Progress",
    "Written",
    "acknowledge",
    "affair",
    "affairs",
    "category_words",
    "check_declaration",
    "clocks",
    "count_words",
    "customer_lines",
    "declare",
    "draft",
    "draft_letters",
    "extent",
    "handlers",
    "incident",
    "issue",
    "letter_draft",
    "letters",
    "order_letters",
    "post_again_for",
    "preview",
    "preview_draft",
    "progress",
    "read_persons",
    "reference",
    "register",
    "remove_letter",
    "told_otherwise_for",
    "unacknowledged",
]
