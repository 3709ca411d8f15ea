"""Several agreements of one customer as one: terms compose, and each conflict says which won and why. Pure.

On data protection the data processing agreement prevails over terms and policies; standard contractual clauses prevail
over both where a transfer rests on them; else the stricter for the person holds (CLAUSES.md, reading rules). What we
wrote ourselves where a text is silent never beats what another text says, unless it is a data processing agreement's
and stricter.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any, ClassVar, Final

from parley.agreement.compose_rules import PARTS, Part, Values
from parley.agreement.rules import compile_gate
from parley.agreement.types import (
    Agreement,
    AttestationTerm,
    AvailabilityTerm,
    LimitTerm,
    PurposeTerm,
    Terms,
)
from parley.foundation.errors import ParleyError

STANDARD_CLAUSES: Final = "scc-2021-914"
"""What stands as the winner where the standard contractual clauses decide."""

_DPA_PREVAILS: Final = "on data protection the data processing agreement prevails"
_OTHERS_SILENT: Final = "the other texts do not say it; what stands there is ours"
_KIND_ORDER: Final = ("dpa", "policy", "terms")
_END_ORDER: Final = ("destroy", "export", "access", "renew")


class Contradiction(ParleyError):
    """Agreements that cannot bind one customer together: what one of them requires the other rules out."""

    error_id: ClassVar[str] = "agreement.contradiction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Win:
    """One field that the agreements say differently ("end.destroy"): the clause that holds, whose it is, and why.

    `winner` is the id of an agreement, STANDARD_CLAUSES, or several ids with "+" where a list took from each. `value`
    is what holds, in words. `losers`: agreement, clause and value in words of each that gave way.
    """

    term: str
    clause: str
    winner: str
    value: str
    why: str
    losers: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """The one agreement that several make together, with its gate compiled, and what won where they differ."""

    agreement: Agreement
    wins: tuple[Win, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Voice:
    """What one agreement says in one part."""

    agreement: Agreement
    values: Values
    clause: str
    ours: bool
    silent: bool


def compose(agreements: Sequence[Agreement], *, standard_clauses: bool = False) -> Composition:
    """The composition of what binds one customer, data processing agreements first whatever the order given.

    `standard_clauses`: a transfer of this customer rests on the standard contractual clauses (EU) 2021/914. Raises
    Contradiction when they cannot hold together, ValueError when there is no agreement, or one stands twice.
    """
    if not agreements:
        raise ValueError("a composition needs at least one agreement")
    if len({agreement.id for agreement in agreements}) < len(agreements):
        raise ValueError("one agreement stands twice: only one version of it can bind")
    ordered = sorted(agreements, key=lambda agreement: _KIND_ORDER.index(agreement.kind))
    chosen: dict[str, _Voice] = {}
    wins: dict[str, Win] = {}
    for part in PARTS:
        voice, won = _settle(part, ordered)
        if voice is not None:
            chosen[part.path] = voice
        if won is not None:
            wins[part.path] = won
    for cut in _cut_short(chosen):
        before = wins.get(cut.term)
        wins[cut.term] = replace(cut, losers=cut.losers + (before.losers if before else ()))
    made = ordered[0] if len(ordered) == 1 else _merged(ordered, chosen)
    if standard_clauses:
        made = _under_standard_clauses(made, wins)
    places = [part.path for part in PARTS]
    return Composition(
        agreement=compile_gate(made), wins=tuple(sorted(wins.values(), key=lambda won: places.index(won.term)))
    )


def in_words(values: Values) -> str:
    """Values of a field as a person reads them."""
    return ", ".join(_word(value) for value in values if value is not None) or "not said"


def _say(part: Part, values: Values) -> str:
    return part.words(values) if part.words is not None else in_words(values)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def _settle(part: Part, agreements: Sequence[Agreement]) -> tuple[_Voice | None, Win | None]:
    """The voice that holds for `part` and, when another says something else, the win. None: nobody has the term."""
    voices = [voice for agreement in agreements if (voice := _voice(part, agreement)) is not None]
    if not voices:
        return None, None
    spoken = [voice for voice in voices if not voice.silent] or voices
    standing, why = _who_stands(part, spoken)
    if part.merge == "choose":
        winner = min(standing, key=lambda voice: part.prefer(voice.values))
    else:
        winner = _listed_together(part, standing)
    differing = [voice for voice in voices if voice.values != winner.values]
    losers = (
        *((voice.agreement.id, voice.clause, _say(part, voice.values)) for voice in differing),
        *_said_elsewhere(part, agreements),
    )
    if not losers or not part.told:
        return winner, None
    if any(voice.values != winner.values for voice in standing):
        why = part.why
    elif not differing:
        why = "the same text says it less strictly elsewhere"
    elif not why:
        why = "the others do not speak of it"
    return winner, Win(
        term=part.path,
        clause=winner.clause,
        winner=winner.agreement.id
        if any(voice.values == winner.values for voice in standing)
        else "+".join(voice.agreement.id for voice in standing),
        value=_say(part, winner.values),
        why=why,
        losers=losers,
    )


def _said_elsewhere(part: Part, agreements: Sequence[Agreement]) -> Iterator[tuple[str, str, str]]:
    for agreement in agreements:
        for also in agreement.terms.also:
            if also.term == part.path:
                yield agreement.id, also.clause, also.says


def _voice(part: Part, agreement: Agreement) -> _Voice | None:
    term = getattr(agreement.terms, part.term)
    if term is None:
        return None
    values = tuple(getattr(term, name) for name in part.fields)
    return _Voice(
        agreement=agreement,
        values=values,
        clause=agreement.clause_of(part.path),
        ours=agreement.is_ours(part.path),
        silent=part.silent(values),
    )


def _who_stands(part: Part, spoken: list[_Voice]) -> tuple[list[_Voice], str]:
    """Whose word counts for `part`, and why the others' does not."""
    said = [voice for voice in spoken if not voice.ours]
    if part.matter == "protection":
        if prevailing := [voice for voice in said if voice.agreement.kind == "dpa"]:
            return prevailing, _DPA_PREVAILS if len(prevailing) < len(spoken) else ""
        if said:
            said = [voice for voice in spoken if not voice.ours or voice.agreement.kind == "dpa"]
    return (said, _OTHERS_SILENT) if said else (spoken, "")


def _listed_together(part: Part, standing: list[_Voice]) -> _Voice:
    """The list that `standing` make together: what all name, or what any names.

    Raises Contradiction when they have nothing in common where they must.
    """
    lists = [voice.values[0] for voice in standing]
    every = tuple(dict.fromkeys(word for words in lists for word in words))
    together = tuple(word for word in every if all(word in words for words in lists))
    if part.merge == "narrow" and not together:
        said = "; ".join(f"{voice.clause}: {in_words(voice.values)}" for voice in standing)
        raise Contradiction(
            f"these agreements have no {part.path} in common ({said})",
            remedy="sign a version of one of them that agrees with the other",
        )
    values = (every if part.merge == "wide" else together,)
    same = next((voice for voice in standing if voice.values == values), standing[0])
    return replace(same, values=values)


def _merged(agreements: Sequence[Agreement], chosen: Mapping[str, _Voice]) -> Agreement:
    terms, clauses_of = _terms(agreements, chosen)
    return Agreement(
        id="+".join(agreement.id for agreement in agreements),
        version="+".join(agreement.version for agreement in agreements),
        title=", ".join(agreement.title for agreement in agreements),
        source="; ".join(agreement.source for agreement in agreements),
        kind=agreements[0].kind,
        takes_effect="by-agreement"
        if any(agreement.takes_effect == "by-agreement" for agreement in agreements)
        else "when-published",
        parties=tuple(dict.fromkeys(party for agreement in agreements for party in agreement.parties)),
        clauses=MappingProxyType({k: v for agreement in reversed(agreements) for k, v in agreement.clauses.items()}),
        terms=terms,
        digest=hashlib.sha256("".join(agreement.digest for agreement in agreements).encode()).hexdigest(),
        field_clauses=MappingProxyType(clauses_of),
    )


def _terms(agreements: Sequence[Agreement], chosen: Mapping[str, _Voice]) -> tuple[Terms, dict[str, str]]:
    """The merged terms, and the clause of each field that is not its term's own."""
    single: dict[str, Any] = {}
    clauses_of: dict[str, str] = {}
    for name in dict.fromkeys(part.term for part in PARTS):
        parts = [part for part in PARTS if part.term == name and part.path in chosen]
        if not parts:
            continue
        lead = chosen[parts[0].path]
        values: dict[str, Any] = {}
        ours: list[str] = []
        for part in parts:
            voice = chosen[part.path]
            values |= zip(part.fields, voice.values, strict=True)
            for held in part.fields:
                if voice.clause != lead.clause:
                    clauses_of[f"{name}.{held}"] = voice.clause
                if voice.agreement.is_ours(f"{name}.{held}"):
                    ours.append(held)
        single[name] = _term(getattr(lead.agreement.terms, name), values, clause=lead.clause, ours=tuple(ours))
    return Terms(**single, **_lists(agreements, chosen)), clauses_of


def _term(pattern: Any, values: dict[str, Any], *, clause: str, ours: tuple[str, ...]) -> Any:
    """A term like `pattern` with other values; wholly ours when every value is, else it says which ones are."""
    named = {field.name for field in fields(pattern)}
    given = {"clause": clause} | values
    if "authored" in named:
        given["authored"] = len(ours) == len(values) or (bool(ours) and "ours" not in named)
    if "ours" in named:
        given["ours"] = () if given["authored"] else ours
    return replace(pattern, **given)


def _lists(agreements: Sequence[Agreement], chosen: Mapping[str, _Voice]) -> dict[str, Any]:
    """The terms that come as lists: what any agreement forbids, asks for or describes is so in the composition."""
    every = [agreement.terms for agreement in agreements]
    return {
        "forbidden": tuple(dict.fromkeys(term for terms in every for term in terms.forbidden)),
        "purposes": tuple(_purposes(agreements, {word for t in every for f in t.forbidden for word in f.purposes})),
        "availability": tuple(_availability(term for terms in every for term in terms.availability)),
        "attestations": tuple(_attestations(term for terms in every for term in terms.attestations)),
        "residency": tuple(dict.fromkeys(term for terms in every for term in terms.residency)),
        "data": tuple(term for terms in every for term in terms.data),
        "limits": tuple(_limits(agreements, chosen)),
        "also": tuple(term for terms in every for term in terms.also),
    }


def _purposes(agreements: Sequence[Agreement], forbidden: set[str]) -> Iterator[PurposeTerm]:
    """Each purpose that an agreement instructs and none forbids; a key that two of them use names its agreement."""
    seen: set[str] = set()
    for agreement in agreements:
        for term in agreement.terms.purposes:
            covers = tuple(word for word in term.covers if word not in forbidden)
            key = f"{agreement.id}:{term.key}" if term.key in seen else term.key
            seen.add(key)
            if covers:
                yield replace(term, key=key, covers=covers)


def _availability(terms: Iterable[AvailabilityTerm]) -> Iterator[AvailabilityTerm]:
    """For each kind of deployment and each clause what is promised; the watch over it takes the best of each."""
    yield from dict.fromkeys(terms)


def _attestations(terms: Iterable[AttestationTerm]) -> Iterator[AttestationTerm]:
    """One of each key: the one that is due more often."""
    best: dict[str, AttestationTerm] = {}
    for term in terms:
        known = best.get(term.key)
        if known is None or term.every.rough_hours < known.every.rough_hours:
            best[term.key] = term
    yield from best.values()


def _limits(agreements: Sequence[Agreement], chosen: Mapping[str, _Voice]) -> Iterator[LimitTerm]:
    """The limits of the agreement whose value holds."""
    for agreement in agreements:
        for limit in agreement.terms.limits:
            voice = chosen.get(limit.term)
            if voice is None or voice.agreement is agreement:
                yield limit


def _cut_short(chosen: dict[str, _Voice]) -> Iterator[Win]:
    """Lets no window at the end outlive the next one: what is destroyed cannot be exported, read or renewed."""
    for outer, inner in pairwise(_END_ORDER):
        limit, held = chosen[f"end.{outer}"], chosen[f"end.{inner}"]
        if held.values[0].rough_hours > limit.values[0].rough_hours:
            chosen[f"end.{inner}"] = limit
            yield Win(
                term=f"end.{inner}",
                clause=limit.clause,
                winner=limit.agreement.id,
                value=in_words(limit.values),
                why=f"cut short: nothing outlives what ends {in_words(limit.values)} after the contract",
                losers=((held.agreement.id, held.clause, in_words(held.values)),),
            )


def _under_standard_clauses(agreement: Agreement, wins: dict[str, Win]) -> Agreement:
    """The agreement where a transfer rests on the standard clauses: destruction is certified unasked (clause 8.5)."""
    path, end = "end.certificate", agreement.terms.end
    if end.certificate == "always":
        return agreement
    gave_way = (agreement.id, agreement.clause_of(path), end.certificate)
    clause = next((name for name in agreement.clauses if name.endswith(".certificate")), agreement.clause_of(path))
    wins[path] = Win(
        term=path,
        clause=clause,
        winner=STANDARD_CLAUSES,
        value="always",
        why="the standard contractual clauses prevail where they apply, and they certify always (clause 8.5)",
        losers=(gave_way, *(wins[path].losers if path in wins else ())),
    )
    return replace(
        agreement,
        terms=replace(agreement.terms, end=replace(end, certificate="always")),
        field_clauses=MappingProxyType({**agreement.field_clauses, path: clause}),
    )
