"""Which calls are recorded, decided call by call from the customer's policies. Pure: no clock, no database.

A customer's policies stand in an order; the first that a call matches decides. Without any, every call is recorded. The
recorder gets them compiled (`PolicySet`, blind indexes in the place of people) with its trunk directory.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import lru_cache
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from parley.recordings import strictjson
from parley.recordings.strictjson import Hex
from parley.recordings.types import ConsentRule, Direction, Mode, Notice, Told, Why

Announced = Literal["not-needed", "header", "extension"]
"""From where it is known that the parties were told: a header of the INVITE, or an element that the recording client
adds to its metadata (RFC 7865 section 7, extension data)."""

MODES: Final[tuple[Mode, ...]] = ("always", "never", "on-demand", "keep-live")
_NO: Final = frozenset({"", "0", "no", "false", "none", "unknown", "denied"})
_TONES: Final = frozenset({"tone", "beep"})


@dataclass(frozen=True, kw_only=True)
class Match:
    """What a call must have for a policy to decide; what is not given matches every call.

    `numbers` are blind indexes: one of them took part. `prefix` begins the E.164 number of a party. `days` count from
    Monday 0; from `starts` until before `ends`, in `zone`, over midnight when `ends` is the earlier ("22:00", "06:00").
    """

    numbers: frozenset[Hex] | None = None
    prefix: str = ""
    direction: Literal["", "inbound", "outbound", "internal", "unknown"] = ""
    trunk_id: UUID | None = None
    days: tuple[int, ...] = ()
    starts: str = ""
    ends: str = ""
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if not set(self.days) <= set(range(7)):
            raise ValueError("days count from Monday 0 to Sunday 6")
        if bool(self.starts) != bool(self.ends):
            raise ValueError("a time of day has a beginning and an end")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One policy: whom it is about, and what then happens.

    Of the calls that match, `sampling` per cent are treated so, the others are not recorded. Where an announcement is
    needed (`announced`, named by `announced_name`), a call of which it is not known is not recorded. `refuse`: a call
    that is never recorded is refused in SIP, else it is answered inactive. A pause ends by itself after
    `auto_resume_seconds` (0: it does not). `notice` is what the telephone system is to play to the parties, `consent`
    whether they have to agree.
    """

    id: UUID
    name: str
    mode: Mode
    match: Match = field(default_factory=Match)
    sampling: int = 100
    announced: Announced = "not-needed"
    announced_name: str = ""
    refuse: bool = False
    auto_resume_seconds: int = 0
    notice: Notice = "none"
    consent: ConsentRule = "not-needed"

    def __post_init__(self) -> None:
        if not 0 <= self.sampling <= 100:
            raise ValueError("sampling is 0 to 100 per cent")
        if self.auto_resume_seconds < 0:
            raise ValueError("a pause cannot end before it began")
        if self.announced != "not-needed" and not self.announced_name:
            raise ValueError("an announcement is known by a name")


@dataclass(frozen=True, kw_only=True)
class PolicySet:
    """The policies of a customer in their order, as the recorder gets them."""

    policies: tuple[Policy, ...] = ()
    version: Literal[1] = 1

    def to_json(self) -> str:
        """The compiled form."""
        return strictjson.dumps(self).decode()


@dataclass(frozen=True, kw_only=True)
class Call:
    """What is known of a call when it begins. `key` is the same for all sessions of a conversation.

    `numbers` are blind indexes, `e164` the same in clear. `headers` and `extensions` by lower-case name.
    """

    key: str
    at: datetime
    trunk_id: UUID
    direction: Direction = "unknown"
    numbers: frozenset[bytes] = frozenset()
    e164: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What becomes of a call, by which policy (None: there was none for it), and why."""

    mode: Mode
    policy: UUID | None
    why: Why
    refuse: bool = False
    auto_resume_seconds: int = 0
    notice: Notice = "none"
    consent: ConsentRule = "not-needed"
    told: tuple[Told, ...] = ()

    @property
    def to_record(self) -> bool:
        """Whether nobody has to do anything for the call to be captured: when it is not, something went wrong."""
        return self.mode in {"always", "keep-live"}


def decide(policies: PolicySet, call: Call) -> Decision:
    """What becomes of `call`: the first policy that it matches says so, else it is recorded."""
    for policy in policies.policies:
        if not matches(policy.match, call):
            continue
        why: Why = "policy"
        mode = policy.mode
        if mode != "never" and not _sampled(policy, call.key):
            mode, why = "never", "not-sampled"
        elif mode != "never" and not _announced(policy, call):
            mode, why = "never", "not-announced"
        return Decision(
            mode=mode,
            policy=policy.id,
            why=why,
            refuse=policy.refuse and mode == "never",
            auto_resume_seconds=policy.auto_resume_seconds,
            notice=policy.notice,
            consent=policy.consent,
            told=_told(policy, call) if mode != "never" else (),
        )
    return Decision(mode="always", policy=None, why="default")


def matches(match: Match, call: Call) -> bool:
    """Whether a call has everything that `match` asks for."""
    return (
        (match.trunk_id is None or match.trunk_id == call.trunk_id)
        and (not match.direction or match.direction == call.direction)
        and (match.numbers is None or not match.numbers.isdisjoint(call.numbers))
        and (not match.prefix or any(number.startswith(match.prefix) for number in call.e164))
        and _in_time(match, call.at)
    )


@lru_cache(maxsize=1024)
def read_policies(text: str) -> PolicySet:
    """The compiled policies in `text`; "" are none. Raises MalformedFile."""
    return strictjson.loads(PolicySet, text) if text else PolicySet()


def _in_time(match: Match, at: datetime) -> bool:
    if not match.days and not match.starts:
        return True
    local = at.astimezone(ZoneInfo(match.zone))
    day = local.weekday()
    if match.starts:
        starts, ends, now = time.fromisoformat(match.starts), time.fromisoformat(match.ends), local.time()
        if starts <= ends:
            if not starts <= now < ends:
                return False
        elif ends <= now < starts:
            return False
        elif now < ends:
            day = (day - 1) % 7  # the night belongs to the day on which it began
    return not match.days or day in match.days


def _sampled(policy: Policy, key: str) -> bool:
    """The same for all sessions of a conversation; another policy draws another sample."""
    drawn = int.from_bytes(hashlib.sha256(policy.id.bytes + key.encode()).digest()[:8])
    return drawn % 10_000 < policy.sampling * 100


def _announced(policy: Policy, call: Call) -> bool:
    return policy.announced == "not-needed" or _said(policy, call) not in _NO


def _said(policy: Policy, call: Call) -> str:
    """What the telephone system says of the announcement."""
    known = call.headers if policy.announced == "header" else call.extensions
    return known.get(policy.announced_name.lower(), "").strip().lower()


def _told(policy: Policy, call: Call) -> tuple[Told, ...]:
    """What is known of the announcement when the call begins: by the telephone system, else by the policy alone."""
    if policy.announced == "not-needed":
        if policy.notice == "none":
            return ()
        return (Told(about="notice", value=policy.notice, how="policy", at=call.at),)
    played: Notice = "tone" if _said(policy, call) in _TONES or policy.notice == "tone" else "announcement"
    return (Told(about="notice", value=played, how=policy.announced, at=call.at),)
