"""Announcement and consent, as the page of a running call and that of its recording show them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parley.people import api as people
from parley.recordings import api as recordings
from parley.web.rules import CONSENT_WORDS

_NOTICES: Final = {
    "none": gettext_lazy("nothing"),
    "tone": gettext_lazy("a tone"),
    "announcement": gettext_lazy("an announcement"),
}
_HOW: Final = {
    "policy": gettext_lazy("as the policy says"),
    "header": gettext_lazy("the telephone system says so, in a header of the call"),
    "extension": gettext_lazy("the telephone system says so, in the recording metadata"),
    "page": gettext_lazy("said at this console"),
    "program": gettext_lazy("said by a program"),
}
_SAY: Final = {
    "asked": gettext_lazy("Was asked"),
    "given": gettext_lazy("Was given"),
    "refused": gettext_lazy("Was refused"),
    "withdrawn": gettext_lazy("Was withdrawn"),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that was said, in words."""

    at: datetime
    what: str
    how: str
    by: str


def shown(known: recordings.Awareness) -> dict[str, Any]:
    """What the pages show: what holds, what was said, what can be said now."""
    words, shape = CONSENT_WORDS[known.consent]
    names = dict(people.User.objects.filter(id__in={one.by for one in known.told if one.by}).values_list("id", "name"))
    return {
        "notice": _NOTICES[known.notice] if known.notice else "",
        "wanted": "" if known.notice_wanted == "none" else _NOTICES[known.notice_wanted],
        "matters": bool(known.column),
        "rule": known.consent_rule,
        "consent": words,
        "shape": shape,
        "told": [
            Line(at=one.at, what=told_words(one), how=str(_HOW[one.how]), by=names.get(one.by, "") if one.by else "")
            for one in known.told
        ],
        "say": [(value, _SAY[value]) for value in known.possible],
        "notices": [(value, _NOTICES[value]) for value in recordings.NOTICES if value != known.notice],
    }


def told_words(one: recordings.Told) -> str:
    """One thing that was said."""
    if one.about == "notice":
        return _("The parties heard %(what)s") % {"what": _NOTICES[one.value]}
    return str(CONSENT_WORDS[one.value][0]).capitalize()
