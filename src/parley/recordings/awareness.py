"""What the parties of a call know and agree to: recording indication and consent, as they were said. Pure.

Parley is the recording server (RFC 7866): tone and announcement are played by the telephone system. It keeps what is
wanted, what was said, how that is known, and decides by it. States of consent as in draft-howe-vcon-consent (granted,
denied, revoked are here given, refused, withdrawn), and what comes before.

The SDP attributes `record` and `recordpref` never reach a recording server: RFC 7866 has them in the communication
session alone, the first said by the recording client to the parties (sections 5.3, 7.1.2, 7.3.1), the second by a party
to that client, which decides by its own policy whether it honours it (7.1.3, 7.3.2), while the session with the server
has neither of them (7.1.1, 7.2), RFC 7865 no metadata for them, and what the client decides is seen here as streams
that become inactive, end or never come (7.1.1.1; `on_hold`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, cast

from parley.foundation.errors import ParleyError
from parley.recordings.types import Consent, ConsentRule, Deed, Notice, NoticeState, Steering, Told

CONSENTS: Final[tuple[Consent, ...]] = ("asked", "given", "refused", "withdrawn")
"""What can be said of consent."""
NOTICES: Final[tuple[Notice, ...]] = ("tone", "announcement")
"""What can have been played to the parties."""
CONSENT_RULES: Final[tuple[ConsentRule, ...]] = ("not-needed", "wanted", "needed")
MOST_TOLD: Final = 100
_AFTER: Final[dict[Consent, tuple[Consent, ...]]] = {
    "not-asked": ("asked", "given", "refused"),
    "asked": ("given", "refused"),
    "given": ("withdrawn",),
    "refused": ("asked", "given"),
    "withdrawn": ("asked", "given"),
}
_NO: Final = frozenset({"refused", "withdrawn"})


class ToldRefused(ParleyError):
    """Something about announcement or consent that does not follow what was said before."""

    error_id: ClassVar[str] = "recordings.told_refused"


@dataclass(frozen=True, kw_only=True)
class Awareness:
    """What is wanted for a call, what was said about it, in order, and what of it holds."""

    notice_wanted: Notice
    consent_rule: ConsentRule
    told: tuple[Told, ...] = ()

    @property
    def notice(self) -> Notice | None:
        """The last word on what was played to the parties; None: nothing is known of it."""
        last = next((one for one in reversed(self.told) if one.about == "notice"), None)
        return None if last is None else cast(Notice, last.value)

    @property
    def consent(self) -> Consent:
        """The last word on consent."""
        last = next((one for one in reversed(self.told) if one.about == "consent"), None)
        return "not-asked" if last is None else cast(Consent, last.value)

    @property
    def possible(self) -> tuple[Consent, ...]:
        """What can be said of consent now."""
        return _AFTER[self.consent]

    @property
    def column(self) -> str:
        """As the list shows it: "" where nobody has to consent and nothing was said."""
        return "" if self.consent_rule == "not-needed" and self.consent == "not-asked" else self.consent

    @property
    def notice_column(self) -> NoticeState | Literal[""]:
        """As the list shows it: "" where no announcement is wanted and nothing was said."""
        return self.notice or ("" if self.notice_wanted == "none" else "not-known")

    @property
    def discarded(self) -> bool:
        """Whether a call that ended like this is not kept, for want of consent."""
        return self.consent_rule == "needed" and self.consent != "given"


def awareness(steering: Steering | None, told: Sequence[Told]) -> Awareness:
    """Of a call with that steering, of which more was `told` since; None: of before there were policies."""
    if steering is None:
        return Awareness(notice_wanted="none", consent_rule="not-needed", told=tuple(told))
    return Awareness(notice_wanted=steering.notice, consent_rule=steering.consent, told=(*steering.told, *told))


def require_follows(known: Awareness, said: Told) -> None:
    """That `said` may be said now. Raises ToldRefused."""
    if len(known.told) >= MOST_TOLD:
        raise ToldRefused(f"{MOST_TOLD} things were said of this call", remedy="Write a note instead.")
    if said.about == "consent" and said.value not in known.possible:
        raise ToldRefused(
            f"consent that is {known.consent} cannot become {said.value}",
            remedy=f"Possible now: {', '.join(known.possible)}.",
        )


def deed_for(known: Awareness, said: Told) -> Deed | None:
    """What becomes of a running call by what is `said` of it now: nobody goes on recording against a no."""
    if said.about != "consent":
        return None
    if said.value in _NO:
        return "stop"
    return "permit" if said.value == "given" and any(one.value in _NO for one in known.told) else None
