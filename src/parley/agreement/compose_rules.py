"""When several agreements bind one customer: which fields stand together, and which of two values is the stricter.

The reading rules of CLAUSES.md as a table. "Stricter" is meant for the person whose data it is: sooner told, sooner
gone, more time to object, less that may happen. Windows in which a customer fetches its own data are better long. Where
two spans of different units are compared, their rough length decides; dates are never computed from that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from parley.agreement.clock import Span

Values = tuple[Any, ...]
"""What one agreement says in the fields of a part, in the order of its `fields`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Fields of one term that stand or fall together.

    `matter` "protection": a data processing agreement prevails in it; "service": it does not. `prefer` gives the least
    for the strictest values; `why` says it in words. `silent` tells values that say nothing. `merge`: "choose" takes
    the values of one agreement, "narrow" what all of them list, "wide" what any of them lists (one field only).
    `words` writes values for people where `in_words` would not do. `told` False: a difference is no news to anybody.
    """

    term: str
    fields: tuple[str, ...]
    why: str
    prefer: Callable[[Values], Any] = lambda _values: 0
    matter: Literal["protection", "service"] = "protection"
    merge: Literal["choose", "narrow", "wide"] = "choose"
    silent: Callable[[Values], bool] = lambda _values: False
    words: Callable[[Values], str] | None = None
    told: bool = True

    @property
    def path(self) -> str:
        """The name of its first field: "end.destroy"."""
        return f"{self.term}.{self.fields[0]}"


def _short(values: Values) -> float:
    return _hours(values[0])


def _long(values: Values) -> float:
    return -_hours(values[0])


def _hours(span: Span | None) -> float:
    return span.rough_hours if span is not None else 0.0


def _first(*words: str) -> Callable[[Values], int]:
    """The earlier a word stands here, the stricter it is."""
    return lambda values: words.index(values[0])


def _truth(values: Values) -> bool:
    return not values[0]


def _nothing(values: Values) -> bool:
    """No span, a span of nothing, an empty list."""
    return not values[0] or (isinstance(values[0], Span) and values[0].amount == 0)


def _rarely(values: Values) -> float:
    """How seldom an audit may happen: no limit is the best."""
    at_most, period = values
    return _hours(period) / at_most if at_most and period else 0.0


def _word(word: str) -> Callable[[Values], bool]:
    return lambda values: bool(values[0] == word)


_SOONER: Final = "the sooner is the stricter for the person"
_LONGER: Final = "the longer window is the better for the customer"

PARTS: Final = (
    Part(term="end", fields=("destroy",), prefer=_short, why="what is destroyed earlier is the stricter"),
    Part(term="end", fields=("export",), prefer=_long, why=_LONGER),
    Part(term="end", fields=("access",), prefer=_long, why=_LONGER),
    Part(term="end", fields=("renew",), prefer=_long, why=_LONGER, matter="service", silent=_nothing),
    Part(term="end", fields=("link_life",), prefer=_short, why="a link that expires sooner is the stricter",
         matter="service", silent=_nothing),
    Part(term="end", fields=("choices",), merge="wide", why="each choice that is offered stays open"),
    Part(term="end", fields=("formats",), merge="wide", matter="service", silent=_nothing,
         why="each form that is offered stays open"),
    Part(term="end", fields=("certificate",), prefer=_first("always", "on-request", "unstated"),
         silent=_word("unstated"), why="a certificate that comes unasked is the stricter"),
    Part(term="breach", fields=("within", "promised"), prefer=_short, why=_SOONER,
         words=lambda values: f"{values[0]}{'' if values[1] else ', our own target'}"),
    Part(term="subprocessors", fields=("notice",), prefer=_long, why="more notice is the stricter"),
    Part(term="subprocessors", fields=("objection", "counted_from"), prefer=_long, why="more time is the stricter"),
    Part(term="subprocessors", fields=("effect", "resolution"), prefer=_first("veto", "blocks", "resolution"),
         why="the objection that does more is the stricter"),
    Part(term="subprocessors", fields=("authorisation",), prefer=_first("on-request", "general"),
         why="asking each time is the stricter"),
    Part(term="subprocessors", fields=("public_register",), prefer=_truth, why="a public register is the stricter"),
    Part(term="audit", fields=("notice",), prefer=_short, why="an audit that may begin sooner is the stricter"),
    Part(term="audit", fields=("at_most", "period"), prefer=_rarely, why="more audits are the stricter",
         words=lambda values: f"{values[0]} in {values[1]}" if values[0] else "as often as wanted"),
    Part(term="audit", fields=("cause_required",), prefer=lambda values: bool(values[0]),
         why="an audit without stated cause is the stricter"),
    Part(term="audit", fields=("business_hours",), prefer=lambda values: bool(values[0]),
         why="an audit at any hour is the stricter"),
    Part(term="audit", fields=("cost",), prefer=_first("provider", "unstated", "customer"), silent=_word("unstated"),
         why="an audit that costs the customer nothing is the stricter"),
    Part(term="audit", fields=("exceptions",), merge="wide", why="each exception stays open"),
    Part(term="rights", fields=("answer",), prefer=_short, why=_SOONER),
    Part(term="rights", fields=("extension",), prefer=_short, why=_SOONER),
    Part(term="rights", fields=("forward", "answers"), prefer=_first("on-receipt", "promptly", "no"), why=_SOONER),
    Part(term="staff", fields=("consent",), prefer=_truth, why="asking for consent is the stricter"),
    Part(term="staff", fields=("longest",), prefer=_short, why="access that ends sooner is the stricter"),
    Part(term="marketing", fields=("allowed",), prefer=_first("never", "with-consent", "as-controller"),
         why="writing less is the stricter"),
    Part(term="marketing", fields=("unsubscribe_in_each",), prefer=_truth, why="a way out in each is the stricter"),
    Part(term="encryption", fields=("required",), prefer=_truth, why="sealing always is the stricter"),
    Part(term="encryption", fields=("custody",), merge="narrow", why="only what all of them accept"),
    Part(term="retention", fields=("controlled_by",), prefer=_first("customer", "provider"),
         why="retention in the customer's hand is the stricter"),
    Part(term="retention", fields=("delete_any_time",), prefer=_truth, why="deletion at any time is the stricter"),
    Part(term="regions", fields=("areas",), merge="narrow", why="only where all of them let it happen"),
    Part(term="regions", fields=("elsewhere",), prefer=_first("never", "confirmed-measure"),
         why="staying inside is the stricter"),
    Part(term="regions", fields=("chosen_by",), prefer=_first("customer", "provider"),
         why="the customer's choice is the stricter"),
    Part(term="suspension", fields=("after",), prefer=_long, why="more time to correct is the better for the customer",
         matter="service"),
    Part(term="notices", fields=("assumed_after",), prefer=_long, why="a later assumption of receipt is the stricter"),
    Part(term="instructions", fields=("clause", "infringing_clause", "compulsion_clause"),
         why="instructions are documented under the data processing agreement", told=False),
    Part(term="support_data", fields=("keep",), prefer=_short, why="what is destroyed earlier is the stricter"),
    Part(term="minors", fields=("minimum_age",), prefer=lambda values: -values[0],
         why="the higher age is the stricter"),
)  # fmt: skip
"""Every field of the single terms, in the order of showing; the first part of a term names the term's clause."""
