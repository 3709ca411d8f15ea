"""What is written to the controller and to the person. Plain text; whatever an answer says, it names the remedies."""

from collections.abc import Collection, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from parley.rights.types import KINDS, Ground, Kind

Letter = tuple[str, str]
"""Subject and text."""


def day(moment: datetime, zone: str) -> str:
    """A date as letters write it, with its zone."""
    return f"{moment.astimezone(ZoneInfo(zone)):%A %d %B %Y, %H:%M} ({zone})"


def asked(kinds: Collection[str]) -> str:
    """What was asked, in words."""
    words: Mapping[str, str] = {str(kind): said for kind, said in KINDS.items()}
    return "\n".join(f"- {words[kind]}" for kind in kinds)


def remedies(authority: str = "") -> str:
    """Complaint and judicial remedy, as every refusal and every partial answer tells them (GDPR Art. 12(4))."""
    where = authority or _("the supervisory authority of the place where you live or work, or where you see the breach")
    return _(
        "You may lodge a complaint with %(where)s (GDPR Art. 77), and you may seek a judicial remedy before a court "
        "(Art. 79)."
    ) % {"where": where}


def forward(
    *, tag: str, kinds: Collection[str], received: str, due: str, person: Mapping[str, str], console: str, clause: str
) -> Letter:
    """Passed on to the controller, with the details that came."""
    return (
        _("[%(tag)s] A person's request has reached us") % {"tag": tag},
        _(
            "A person wrote to us about data that we process for you. We pass it on before anything else "
            "(clause %(clause)s).\n\n"
            "Received: %(received)s\nAnswer due: %(due)s\nAsked for:\n%(asked)s\n\n"
            "Name: %(name)s\nE-mail: %(email)s\nTelephone: %(number)s\n\n%(text)s\n\n"
            "The request, with what can be done now: %(console)s\n"
        )
        % {
            "clause": clause, "received": received, "due": due, "asked": asked(kinds),
            "name": person.get("name") or "-", "email": person.get("email") or "-",
            "number": person.get("number") or "-", "text": person.get("text") or "-", "console": console,
        },
    )  # fmt: skip


def acknowledgement(*, tag: str, kinds: Collection[str], received: str, due: str, follow: str, to: str) -> Letter:
    """Received, what happens next, how to follow it."""
    return (
        _("[%(tag)s] We have received your request") % {"tag": tag},
        _(
            "We have received your request to %(to)s on %(received)s. Its reference is %(tag)s.\n\n"
            "You asked for:\n%(asked)s\n\n"
            "You will have an answer by %(due)s at the latest, or hear before then why it takes longer.\n"
            "Before anything is handed out or changed we make sure that it is you. On this page you can prove it, "
            "follow your request, add to it, or take it back:\n%(follow)s\n\n"
            "Keep this address to yourself: whoever has it sees how your request stands.\n"
        )
        % {"to": to, "received": received, "tag": tag, "asked": asked(kinds), "due": due, "follow": follow},
    )


def code(*, tag: str, code: str, minutes: int) -> Letter:
    """The code that proves an address."""
    return (
        _("[%(tag)s] Your code") % {"tag": tag},
        _(
            "The code for your request %(tag)s is:\n\n    %(code)s\n\n"
            "It is good for %(minutes)d minutes, once. Type it on the page of your request. We never ask for it "
            "otherwise. If you did not ask for a code, you need not do anything.\n"
        )
        % {"tag": tag, "code": code, "minutes": minutes},
    )


def identity_asked(*, tag: str, what: str, why: str, follow: str) -> Letter:
    """Who are you: what is wanted, and why there is doubt."""
    return (
        _("[%(tag)s] Please show that it is you") % {"tag": tag},
        _(
            "Before we go on with your request %(tag)s we need to be sure that it is you.\n\n"
            "What we ask for: %(what)s\nWhy: %(why)s\n\n"
            "We use it for this alone, and keep no copy of a document (GDPR Art. 12(6)). The time for the answer "
            "stands still until then.\n\n%(follow)s\n"
        )
        % {"tag": tag, "what": what, "why": why, "follow": follow},
    )


def waits(*, tag: str, console: str) -> Letter:
    """To the controller: the identity is verified, its word is wanted."""
    return (
        _("[%(tag)s] A request waits for your word") % {"tag": tag},
        _(
            "The person behind the request %(tag)s has shown who it is. Nothing is handed out or changed before you "
            "authorise it:\n%(console)s\n"
        )
        % {"tag": tag, "console": console},
    )


def extended(*, tag: str, reasons: str, due: str, follow: str) -> Letter:
    """It takes longer, and why (GDPR Art. 12(3))."""
    return (
        _("[%(tag)s] Your request takes longer") % {"tag": tag},
        _(
            "The answer to your request %(tag)s takes longer than a month. You will have it by %(due)s.\n\n"
            "The reasons: %(reasons)s\n\n%(remedies)s\n\n%(follow)s\n"
        )
        % {"tag": tag, "due": due, "reasons": reasons, "remedies": remedies(), "follow": follow},
    )


def refused(*, tag: str, ground: Ground, reasons: str, follow: str) -> Letter:
    """No, why, and what can be done about it (GDPR Art. 12(4))."""
    return (
        _("[%(tag)s] The answer to your request") % {"tag": tag},
        _(
            "We cannot do what you asked for in your request %(tag)s.\n\n"
            "%(words)s (%(law)s)\n\n%(reasons)s\n\n%(remedies)s\n\n%(follow)s\n"
        )
        % {
            "tag": tag, "words": ground.words, "law": ground.law, "reasons": reasons, "remedies": remedies(),
            "follow": follow,
        },
    )  # fmt: skip


def answered(*, tag: str, text: str, outcomes: str, package: bool, follow: str) -> Letter:
    """The answer, by the same channel; a package waits behind the page, never in a mail."""
    fetch = _("Your data waits as a package on this page, once you have shown that it is you:") if package else ""
    return (
        _("[%(tag)s] The answer to your request") % {"tag": tag},
        f"{text}\n\n{outcomes}\n\n{fetch}\n{follow}\n\n{remedies()}\n",
    )


def lifting(*, tag: str, why: str, follow: str) -> Letter:
    """Before a restriction is lifted, the person is told (GDPR Art. 18(3))."""
    return (
        _("[%(tag)s] A restriction is being lifted") % {"tag": tag},
        _("The restriction of your data under %(tag)s is lifted now.\n\nWhy: %(why)s\n\n%(remedies)s\n\n%(follow)s\n")
        % {"tag": tag, "why": why, "remedies": remedies(), "follow": follow},
    )


def recipients(*, tag: str, deed: str, offerings: str, provider: str) -> Letter:
    """To a recipient of the data (GDPR Art. 19): what was done, and that it follows. Names no person."""
    return (
        _("[%(tag)s] Notice under GDPR Art. 19: %(deed)s") % {"tag": tag, "deed": deed},
        _(
            "At a person's request, personal data that you may have received from %(provider)s was subject to: "
            "%(deed)s.\n\nOfferings concerned: %(offerings)s\nReference: %(tag)s\n\n"
            "Please do the same with what you hold, and confirm it to us with the reference. The identifiers are "
            "handed over on the channel that your contract names, not in this mail.\n"
        )
        % {"tag": tag, "deed": deed, "offerings": offerings, "provider": provider},
    )


def transmitted(*, tag: str, link: str, controller: str) -> Letter:
    """To another controller (GDPR Art. 20(2)): a link to the package."""
    return (
        _("[%(tag)s] Data handed over at a person's request (GDPR Art. 20(2))") % {"tag": tag},
        _(
            "A person asked %(controller)s to hand its data over to you. It waits behind this link, as files for "
            "machines and people (JSON, CSV, audio):\n%(link)s\n\nReference: %(tag)s. This mail is signed by our mail "
            "domain.\n"
        )
        % {"tag": tag, "link": link, "controller": controller},
    )


def outcome_words(done: Mapping[str, str]) -> str:
    """What was done, kind by kind."""
    return "\n".join(f"- {KINDS[kind].split(':')[0].split(' (')[0]}: {said}" for kind, said in _known(done))


def _known(done: Mapping[str, str]) -> list[tuple[Kind, str]]:
    return [(kind, done[kind]) for kind in KINDS if kind in done]
