"""Recording policies: which calls are recorded, in the order in which they are asked. Administrators change them."""

from typing import Annotated, Any, Literal
from uuid import UUID, uuid5

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from parley.people import api as people
from parley.recordings import api as recordings
from parley.tenancy import api as tenancy
from parley.web.place import ConsoleRequest
from parley.web.rest.description import answers
from parley.web.rest.schemas import Line
from parley.web.rest.scopes import Scope, administering, overseeing

router = Router(tags=["policies"])
_KEYS = UUID("b3d0a4de-2f1c-5c0e-9d57-7f6a3f0f2a11")
_Clock = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$")]
_Day = Annotated[int, Field(ge=0, le=6)]


class PolicyFields(Schema):
    """A policy; what is left empty matches every call, all that is given must fit. `users` and `groups`: one of them
    takes part. Days count from Monday 0; times are in `zone`, over midnight when `ends` is the earlier. Of the calls
    that match, `sampling` per cent are treated by `mode`, the others are not recorded; nor is a call of which the
    announcement is not known where one is needed (`announced`, named by `announced_name`). `refuse`: what is not
    recorded is refused in SIP."""

    name: Line = Field(min_length=1, max_length=100)
    mode: Literal["always", "never", "on-demand", "keep-live"]
    users: list[UUID] = Field(default_factory=list, max_length=500)
    groups: list[UUID] = Field(default_factory=list, max_length=500)
    prefix: Line = Field("", max_length=12, description="Begins the number of a party: +390584")
    direction: Literal["", "inbound", "outbound", "internal", "unknown"] = ""
    trunk: UUID | None = None
    days: list[_Day] = Field(default_factory=list, max_length=7)
    starts: _Clock = Field("", description="14:30")
    ends: _Clock = ""
    zone: Line = Field("UTC", min_length=1, max_length=60, description="Europe/Rome")
    sampling: int = Field(100, ge=0, le=100)
    announced: Literal["not-needed", "header", "extension"] = "not-needed"
    announced_name: Line = Field("", max_length=100)
    refuse: bool = False
    notice: Literal["none", "tone", "announcement"] = Field(
        "none", description="What the telephone system is to play to the parties: Parley plays nothing"
    )
    consent: Literal["not-needed", "wanted", "needed"] = Field(
        "not-needed", description="Needed: a call to which nobody consented is discarded at its end"
    )
    auto_resume_seconds: int = Field(0, ge=0, le=24 * 3600, description="After these a pause ends; 0: it does not")


class NewPolicy(PolicyFields):
    """A policy to add, as the last. Of `number`, one telephone number, only the blind index is kept."""

    number: Line = Field("", max_length=40)
    key: Line = Field("", max_length=100, description="The same key again is the same policy, while it is there")


class ChangedPolicy(PolicyFields):
    """All of a policy anew, but for its place, and for its number where none is given: nobody can read that back."""

    number: Line | None = Field(None, max_length=40, description='Without it the one before is kept; "" takes it away')


class PolicyOut(PolicyFields):
    """A policy at its place (`position`, from 1). Whether it is about one number, which nobody can read back."""

    id: UUID
    position: int
    has_number: bool


class Moved(Schema):
    """Whether the policy changes places with the one before or after it."""

    to: Literal["up", "down"]


@router.get(
    "/policies",
    response=answers(list[PolicyOut]),
    url_name="policies",
    summary="The recording policies",
    auth=Scope("policies:read"),
)
def list_policies(request: HttpRequest) -> list[PolicyOut]:
    """In their order: the first that a call matches decides; what none matches is recorded."""
    overseeing(request)
    return _listed()


@router.post(
    "/policies",
    response=answers(PolicyOut, 409, 422, success=201),
    summary="Add a recording policy",
    auth=Scope("policies:write"),
)
def add_policy(request: HttpRequest, new: NewPolicy) -> Status[PolicyOut]:
    """As the last of them; recorders have it within two seconds."""
    here, now = administering(request), timezone.now()
    policy_id = uuid5(_KEYS, f"{here.customer.id} {new.key}") if new.key else recordings.new_policy_id(now)
    if not new.key or all(one.id != policy_id for one in _listed()):
        _save(here, policy_id, new)
    return Status(201, _one(policy_id))


@router.get(
    "/policies/{uuid:policy_id}",
    response=answers(PolicyOut, 404, 422),
    url_name="policy",
    summary="One recording policy",
    auth=Scope("policies:read"),
)
def get_policy(request: HttpRequest, policy_id: UUID) -> PolicyOut:
    """At its place."""
    overseeing(request)
    return _one(policy_id)


@router.put(
    "/policies/{uuid:policy_id}",
    response=answers(PolicyOut, 404, 409, 422),
    summary="Change a recording policy",
    auth=Scope("policies:write"),
)
def change_policy(request: HttpRequest, policy_id: UUID, changed: ChangedPolicy) -> PolicyOut:
    """It keeps its place; calls that run stay as they are."""
    here = administering(request)
    _one(policy_id)
    _save(here, policy_id, changed)
    return _one(policy_id)


@router.post(
    "/policies/{uuid:policy_id}/move",
    response=answers(list[PolicyOut], 404, 422),
    summary="Move a recording policy",
    auth=Scope("policies:write"),
)
def move_policy(request: HttpRequest, policy_id: UUID, moved: Moved) -> list[PolicyOut]:
    """One place up or down, nowhere at the end; all policies in their new order."""
    here = administering(request)
    _one(policy_id)
    recordings.move_policy(policy_id, up=moved.to == "up", by=here.person.id, at=timezone.now())
    return _listed()


@router.delete(
    "/policies/{uuid:policy_id}",
    response=answers(None, 404, 422, success=204),
    summary="Remove a recording policy",
    auth=Scope("policies:write"),
)
def remove_policy(request: HttpRequest, policy_id: UUID) -> Status[None]:
    """Calls that run stay as they are."""
    here = administering(request)
    _one(policy_id)
    recordings.remove_policy(policy_id, by=here.person.id, at=timezone.now())
    return Status(204, None)


def _save(here: ConsoleRequest, policy_id: UUID, given: NewPolicy | ChangedPolicy) -> None:
    _require_known(here, given)
    if bool(given.starts) != bool(given.ends):
        raise HttpError(422, "`starts` and `ends`: give both times, or none.")
    if given.announced != "not-needed" and not given.announced_name.strip():
        raise HttpError(422, "`announced_name` is empty: name the header or element by which it is known.")
    match = recordings.Match(
        prefix=given.prefix, direction=given.direction, trunk_id=given.trunk, days=tuple(sorted(set(given.days))),
        starts=given.starts, ends=given.ends, zone=given.zone,
    )  # fmt: skip
    policy = recordings.Policy(
        id=policy_id, name=given.name.strip(), mode=given.mode, match=match, sampling=given.sampling,
        announced=given.announced, refuse=given.refuse, notice=given.notice, consent=given.consent,
        auto_resume_seconds=given.auto_resume_seconds,
        announced_name=given.announced_name.strip() if given.announced != "not-needed" else "",
    )  # fmt: skip
    recordings.save_policy(
        policy, users=given.users, groups=given.groups, number=(given.number or "").strip(), by=here.person.id,
        keep_number=given.number is None, at=timezone.now(),
    )  # fmt: skip


def _require_known(here: ConsoleRequest, given: PolicyFields) -> None:
    """A policy about people who are not there would be about nobody."""
    known = {
        "users": (given.users, people.names(given.users)),
        "groups": (given.groups, {one.id for one in people.groups()}),
        "trunk": ([given.trunk] if given.trunk else [], {one.id for one in tenancy.trunks(here.customer)}),
    }
    for field, (wanted, there) in known.items():
        if missing := set(wanted) - set(there):
            raise HttpError(422, f"`{field}`: there is no {', '.join(sorted(map(str, missing)))[:200]}.")


def _listed() -> list[PolicyOut]:
    return [_out(line, position) for position, line in enumerate(recordings.policies(), start=1)]


def _one(policy_id: UUID) -> PolicyOut:
    found = next((one for one in _listed() if one.id == policy_id), None)
    if found is None:
        raise Http404("there is no such policy")
    return found


def _out(line: recordings.PolicyLine, position: int) -> PolicyOut:
    policy, match = line.policy, line.policy.match
    fields: dict[str, Any] = {
        "users": list(line.users), "groups": list(line.groups), "trunk": match.trunk_id, "days": list(match.days),
        "has_number": bool(line.number_indexes), "position": position,
        **{name: getattr(match, name) for name in ("prefix", "direction", "starts", "ends", "zone")},
        **{
            name: getattr(policy, name)
            for name in (
                "id", "name", "mode", "sampling", "announced", "announced_name", "refuse", "auto_resume_seconds",
                "notice", "consent",
            )
        },
    }  # fmt: skip
    return PolicyOut(**fields)
