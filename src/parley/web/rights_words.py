"""The words of requests: what can be asked, in one plain sentence; states, columns, steps, deeds."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from parley.web.rules import Shape

ASKABLE: Final[Mapping[str, tuple[Any, Any]]] = {
    "access": (
        _("See what is held about you"),
        _("You get a copy, and learn why it is kept, for how long, and who received it."),
    ),
    "erasure": (_("Have your data deleted"), _("What no law or claim requires to be kept is erased for good.")),
    "rectification": (_("Have something corrected"), _("What is wrong or incomplete is put right.")),
    "marketing": (
        _("Stop marketing to you"),
        _("Nobody may write or call you for marketing any more. It holds at once."),
    ),
    "objection": (
        _("Object to a use of your data"),
        _("It stops, unless there are compelling grounds that you are told."),
    ),
    "restriction": (_("Have your data kept, but not used"), _("For instance while it is checked whether it is right.")),
    "portability": (_("Take your data with you"), _("You get it as files that other programs can read.")),
    "automated-decision": (
        _("Have a person look at a decision"),
        _("When a machine alone decided about you, somebody looks at it again."),
    ),
    "minor": (_("Ask for your child"), _("As a parent or guardian you can ask all of this for a child.")),
    "unclear": (
        _("Something else, or you are not sure"),
        _("Say it in your own words. A person reads it and sorts it."),
    ),
}
"""What the portal offers: title, and what it means. `marketing` is an objection that is not weighed."""

KINDS: Final[Mapping[str, Any]] = {
    "access": _("access"),
    "rectification": _("rectification"),
    "erasure": _("erasure"),
    "restriction": _("restriction"),
    "portability": _("portability"),
    "objection": _("objection"),
    "automated-decision": _("automated decision"),
    "minor": _("for a child"),
    "unclear": _("not clear yet"),
}
ENTERED: Final[Mapping[str, Any]] = {**KINDS, "marketing": _("objection to marketing")}
"""What the customer's people write down for somebody."""
CHANNELS: Final[Mapping[str, Any]] = {
    "portal": _("the public page"),
    "email": _("e-mail"),
    "api": _("the interface for programs"),
    "console": _("this console"),
    "telephone": _("telephone"),
    "letter": _("letter"),
}
STATES: Final[Mapping[str, tuple[Any, Shape]]] = {
    "received": (_("received"), "due"),
    "forwarded": (_("passed on"), "due"),
    "acknowledged": (_("to be verified"), "due"),
    "identity-pending": (_("waits for proof of identity"), "idle"),
    "verified": (_("verified"), "due"),
    "waiting-for-controller": (_("waits for authorisation"), "due"),
    "in-work": (_("in work"), "due"),
    "answered": (_("answered"), "kept"),
    "refused": (_("refused"), "kept"),
    "withdrawn": (_("taken back"), "idle"),
}
PUBLIC_STATES: Final[Mapping[str, Any]] = {
    "received": _("received"),
    "forwarded": _("received"),
    "acknowledged": _("received"),
    "identity-pending": _("we wait for you"),
    "verified": _("being looked at"),
    "waiting-for-controller": _("being looked at"),
    "in-work": _("being worked on"),
    "answered": _("answered"),
    "refused": _("answered: refused"),
    "withdrawn": _("taken back"),
}
COLUMNS: Final[Mapping[str, tuple[Any, Shape]]] = {
    "overdue": (_("Overdue"), "late"),
    "this-week": (_("This week"), "due"),
    "this-month": (_("This month"), "due"),
    "later": (_("Later"), "idle"),
    "waiting-for-identity": (_("Waiting for identity"), "idle"),
    "waiting-for-controller": (_("Waiting for controller"), "due"),
    "done": (_("Done"), "kept"),
}
MEANS: Final[Mapping[str, Any]] = {
    "code-to-email": _("a code to the e-mail address of the request"),
    "code-to-number": _("a code read out to the number of the request"),
    "call-back": _("a call back to the number on file"),
    "signed-in": _("signed in to an account of yours"),
    "document-seen": _("a document was looked at, and not kept"),
    "known-to-controller": _("you know the person"),
}
GIVEN_BY_STAFF: Final = ("call-back", "signed-in", "document-seen", "known-to-controller")
"""The means that a person of the customer states; codes are confirmed by the person who asks."""
LEFT_OUT: Final[Mapping[str, Any]] = {
    "not-this-person": _("it is not this person's"),
    "others-rights": _("it would harm the rights of others"),
    "already-had": _("the person has it already"),
    "this-request": _("it is this request itself"),
    "open-request": _("it belongs to a request that is open"),
}
CHOOSABLE: Final = ("not-this-person", "others-rights", "already-had")
OUTCOMES: Final[Mapping[str, Any]] = {
    "erased": _("erased"),
    "kept": _("kept, a law or claim requires it"),
    "restricted": _("restricted"),
    "rectified": _("corrected"),
    "exported": _("in the package"),
}
STEPS: Final[Mapping[str, Any]] = {
    "received": _("Request received"),
    "forwarded": _("Passed on to the organisation that is responsible"),
    "forward-dispatched": _("The mail that passes it on was taken by a mail server"),
    "acknowledged": _("Receipt confirmed"),
    "sorted": _("What is asked was sorted"),
    "identity-asked": _("Proof of identity asked for"),
    "code-asked": _("Code asked for"),
    "call-wanted": _("Call with a code asked for"),
    "code-read-out": _("Code made, to be read out by telephone"),
    "identity-verified": _("Identity verified"),
    "identity-removed": _("Who asked was forgotten"),
    "waits-for-controller": _("Waits for the word of the organisation that is responsible"),
    "authorised": _("Answer authorised"),
    "authorised-by-agreement": _("Answer authorised by the agreement"),
    "looked": _("Looked in all stores"),
    "chosen": _("Chosen what is left out"),
    "rectified": _("Record corrected"),
    "packaged": _("Package being made"),
    "erased": _("Erased"),
    "restricted": _("Restricted"),
    "marketing-stopped": _("Marketing has stopped"),
    "decided": _("Decided"),
    "reviewed": _("A person looked at the decision again"),
    "lifted": _("Restriction lifted"),
    "recipient-told": _("A recipient of the data told (GDPR Art. 19)"),
    "programs-told": _("Programs that receive such data told (GDPR Art. 19)"),
    "transmitted": _("Sent to another controller"),
    "extended": _("Answer extended"),
    "refused": _("Refused"),
    "answered": _("Answered"),
    "withdrawn": _("Taken back by the person"),
    "note": _("Note"),
    "person-wrote": _("Message from the person"),
    "mailed": _("Letter to the person written"),
    "mail-failed": _("A letter could not be delivered"),
    "key-made": _("Key for a program made"),
    "stays-open": _("The work stopped; the request stays open"),
}


def kinds_words(kinds: Collection[str]) -> str:
    """What is asked, as words of a line."""
    return ", ".join(str(KINDS.get(kind, kind)) for kind in kinds)


def step(what: str) -> str:
    """A step in words; a sentence stays what it is."""
    return str(STEPS.get(what, what.replace("-", " ").capitalize() if " " not in what else what))
