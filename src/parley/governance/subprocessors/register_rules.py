"""What an entry of the register must say, how the chain hangs together, what changed between two versions. Pure."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import phonenumbers

from parley.agreement import api as agreements
from parley.governance.subprocessors.errors import EntryRefused, FlowDownMissing
from parley.governance.subprocessors.types import FLOWDOWN_DUTIES, Difference, Entry, FlowDown, Link

NEVER: Final = frozenset({"sale", "provider-marketing", "provider-analysis", "train-models"})
"""Purposes for which nobody is engaged: third parties help to provide the service (imagicle-dpa IM-6.no-sale)."""

MATERIAL: Final = ("name", "country", "purposes", "offerings", "parent", "affiliate")
"""What customers authorised: another value is another sub-processor, and is announced as a replacement."""

_KEY: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_LONGEST: Final = 500


def check_entry(entry: Entry, *, known: Mapping[str, Entry], at: datetime) -> None:
    """Raises EntryRefused, or FlowDownMissing, when `entry` cannot stand in the register beside `known`."""
    if not _KEY.fullmatch(entry.key) or len(entry.key) > 40:
        raise EntryRefused(
            "key", f"{entry.key!r} cannot be a short name", remedy="Use small letters, digits and single hyphens."
        )
    for field in ("name", "role", "address", "contact"):
        text = str(getattr(entry, field)).strip()
        if not text or len(text) > _LONGEST:
            raise EntryRefused(
                field, f"the {field} is missing or too long", remedy=f"Say it in 1 to {_LONGEST} characters."
            )
    if entry.country not in phonenumbers.SUPPORTED_REGIONS:
        raise EntryRefused(
            "country", f"{entry.country!r} is no country", remedy="Write its two letters (ISO 3166): FR, DE, IL."
        )
    split = urlsplit(entry.privacy_url)
    if split.scheme != "https" or not split.hostname or len(entry.privacy_url) > _LONGEST:
        raise EntryRefused(
            "privacy_url",
            "the privacy policy has no address that people can open",
            remedy="Give its address with https://.",
        )
    _check_purposes(entry)
    _check_parent(entry, known)
    check_flowdown(entry, at=at)


def check_flowdown(entry: Entry, *, at: datetime) -> FlowDown:
    """The flow-down of `entry`; raises FlowDownMissing unless it binds to each of FLOWDOWN_DUTIES since a day past."""
    flowdown = entry.flowdown
    if flowdown is None or not _DIGEST.fullmatch(flowdown.digest):
        raise FlowDownMissing(
            "flowdown",
            f"no contract that binds {entry.key!r} to the same duties is recorded",
            remedy="Give the signed document, or its SHA-256: without it nobody is appointed (GDPR Art. 28(4)).",
        )
    if flowdown.signed_on > at.date():
        raise FlowDownMissing(
            "flowdown_signed_on",
            f"the contract is dated {flowdown.signed_on}, which is still to come",
            remedy="Record it once it is signed.",
        )
    open_duties = [duty for duty in FLOWDOWN_DUTIES if not flowdown.clauses.get(duty, "").strip()]
    if open_duties:
        raise FlowDownMissing(
            f"flowdown_{open_duties[0]}",
            "the contract does not say where it imposes: " + ", ".join(open_duties),
            remedy="Name the clause of that contract for each duty, or have the contract amended first.",
        )
    return flowdown


def _check_purposes(entry: Entry) -> None:
    wrong = [purpose for purpose in entry.purposes if purpose not in agreements.PURPOSES or purpose in NEVER]
    if wrong or not entry.purposes:
        raise EntryRefused(
            "purposes",
            f"nobody may be engaged for: {', '.join(wrong)}" if wrong else "no purpose is stated",
            remedy="Choose among the purposes that provide the service.",
        )
    unknown = [offering for offering in entry.offerings if offering != "*" and offering not in agreements.OFFERINGS]
    if unknown or not entry.offerings:
        raise EntryRefused(
            "offerings",
            f"these are no offerings: {', '.join(unknown)}" if unknown else "no offering is named",
            remedy='Name the offerings that it serves, or "*" for all.',
        )


def _check_parent(entry: Entry, known: Mapping[str, Entry]) -> None:
    seen, parent = {entry.key}, entry.parent
    while parent:
        if parent in seen:
            raise EntryRefused("parent", "the chain would run in a circle", remedy="Name who really engages it.")
        if parent not in known or known[parent].status == "ended":
            raise EntryRefused(
                "parent", f"the register has no {parent!r} that could engage it", remedy="Enter that one first."
            )
        seen.add(parent)
        parent = known[parent].parent


def material_changes(before: Entry, after: Entry) -> tuple[str, ...]:
    """The fields of MATERIAL in which the two differ."""
    return tuple(field for field in MATERIAL if getattr(before, field) != getattr(after, field))


def chain(entries: Iterable[Entry]) -> tuple[Link, ...]:
    """The entries as a tree, each followed by those that it engages, by name; an orphan stands at the top."""
    known = sorted(entries, key=lambda entry: (entry.name.casefold(), entry.key))
    keys = {entry.key for entry in known}
    below: dict[str, list[Entry]] = {}
    for entry in known:
        below.setdefault(entry.parent if entry.parent in keys else "", []).append(entry)

    def walk(parent: str, depth: int) -> list[Link]:
        found: list[Link] = []
        for entry in below.get(parent, ()):
            found += [Link(entry=entry, depth=depth), *walk(entry.key, depth + 1)]
        return found

    return tuple(walk("", 0))


def digest_of(entries: Iterable[Entry]) -> str:
    """SHA-256 of the entries as JSON with sorted keys, by key: two registers with one digest say the same."""
    plain = [entry.to_json() for entry in sorted(entries, key=lambda entry: entry.key)]
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def differences(before: Iterable[Entry], after: Iterable[Entry]) -> tuple[Difference, ...]:
    """What `after` changed, by name."""
    old, new = {entry.key: entry for entry in before}, {entry.key: entry for entry in after}
    found = [Difference(key=key, name=new[key].name, what="added") for key in new.keys() - old.keys()]
    found += [Difference(key=key, name=old[key].name, what="removed") for key in old.keys() - new.keys()]
    for key in old.keys() & new.keys():
        fields = _fields(old[key], new[key])
        if fields:
            found.append(Difference(key=key, name=new[key].name, what="changed", fields=fields))
    return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.key)))


def _fields(before: Entry, after: Entry) -> tuple[tuple[str, str, str], ...]:
    old, new = _flat(before), _flat(after)
    return tuple((name, old.get(name, ""), new.get(name, "")) for name in old | new if old.get(name) != new.get(name))


def _flat(entry: Entry) -> dict[str, str]:
    """The entry as (field, words)."""
    plain = entry.to_json()
    flowdown = plain.pop("flowdown") or {}
    flat = {name: _said(value) for name, value in plain.items()}
    clauses = flowdown.get("clauses", {})
    flat["flow-down document"] = flowdown.get("digest", "")
    flat["flow-down date"] = flowdown.get("signed_on", "")
    return flat | {f"flow-down: {duty}": clause for duty, clause in clauses.items()}


def _said(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
