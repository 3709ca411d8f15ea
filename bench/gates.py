"""How many decisions a processor makes: Parley's gate and casbin, asked the same questions under the same rules.

The agreement is a real one: imagicle-dpa with ucx-terms, composed as for a customer that holds both. Casbin has it
as a policy of one row for each purpose with one matcher over the request's attributes; both must give the same answers.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, product
from random import Random
from statistics import median
from types import MappingProxyType

import casbin
from casbin.model import FastModel, Model

from parley.agreement.api import PURPOSES, Agreement, GateRequest, Grant, area_of, compose, end_instants, evaluate, load

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PERSON = "7b1f"
CATEGORIES = frozenset({"user.name", "user.contact.phone_number", "user.biometric.voice"})

MODEL = """
[request_definition]
r = purpose, agreement, q

[policy_definition]
p = purpose, agreement, effect, needs_key, stores

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.purpose == p.purpose && r.agreement == p.agreement && instructed(r.q, p.purpose) \
&& !has(r.q.suspended_purposes, p.purpose) \
&& open(r.q, p.effect) && !(r.q.acceptable_use_suspended && p.effect == "collect") && place(r.q) && egress(r.q) \
&& staff(r.q, p.purpose) && data(r.q) && custody(r.q, p.needs_key, p.stores)
"""


def main() -> None:
    """Measure, print a table, end with the line of figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7, help="interleaved rounds, of which the median counts")
    options.add_argument("--decisions", type=int, default=200_000, help="of Parley in one round")
    chosen = options.parse_args()
    agreement = compose([load("imagicle-dpa"), load("ucx-terms")]).agreement
    requests = questions(agreement)
    contenders: dict[str, tuple[Callable[[GateRequest], bool], int]] = {
        "Parley": (lambda request: evaluate(agreement, request).allowed, chosen.decisions),
        "casbin": (slow(agreement), max(1000, chosen.decisions // 100)),
        "casbin, keyed": (fast(agreement), max(1000, chosen.decisions // 100)),
    }
    same = agreeing(list(contenders.values()), requests)
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(chosen.rounds):
        for name, (decide, count) in contenders.items():
            rates[name].append(per_second(decide, requests, count))
    report(agreement, requests, rates, same)


def questions(agreement: Agreement) -> list[GateRequest]:
    """Requests of every kind in random order: some would be allowed, the others each miss one thing."""
    usual = GateRequest(
        purpose="record-calls",
        offering="call-recording",
        region="eu-frankfurt",
        subscription_state="active",
        instructed_purposes=agreement.instructed_purposes,
        acceptable_use_suspended=False,
        sealed_to_customer=True,
        custody="local",
        at=NOW,
        chosen_region="eu-frankfurt",
        confirmed_transfers=frozenset({"us"}),
        recipients=MappingProxyType({"hosting": NOW - timedelta(days=9), "mail": NOW + timedelta(days=9)}),
        grants=(
            Grant(
                id="1",
                person=PERSON,
                purpose="support-access",
                offering="*",
                starts=NOW - timedelta(hours=1),
                ends=NOW + timedelta(hours=1),
                consented=True,
            ),
        ),
        categories=CATEGORIES,
    )
    changes: list[dict[str, object]] = [
        {},
        {"recipient": "hosting"},
        {"region": "eu-frankfurt", "categories": frozenset()},
    ]
    changes = changes * 4 + [
        {"instructed_purposes": frozenset()},
        {"suspended_purposes": agreement.instructed_purposes},
        {"subscription_state": "ended", "contract_ended_at": NOW - timedelta(days=40)},
        {"acceptable_use_suspended": True},
        {"region": "cn", "chosen_region": "cn"},
        {"recipient": "mail"},
        {"categories": frozenset({"user.financial"})},
        {"sealed_to_customer": False},
        {"custody": "elsewhere"},
    ]
    allowed = [purpose for purpose in PURPOSES if purpose in agreement.instructed_purposes]
    purposes = allowed * 4 + ["sale", "train-models", "no-such-deed"]
    made = []
    for purpose, change in product(purposes, changes):
        person = {"person": PERSON} if purpose == "support-access" else {}
        made.append(replace(usual, purpose=purpose, **person, **change))
    Random(7).shuffle(made)
    return made


def filled(agreement: Agreement, made: casbin.Enforcer) -> casbin.Enforcer:
    """The enforcer with the agreement's rules."""
    for purpose in sorted(agreement.instructed_purposes):
        known = PURPOSES[purpose]
        made.add_policy(purpose, agreement.id, known.effect, str(known.needs_key), str(known.stores_content))
    for name, function in functions(agreement).items():
        made.add_function(name, function)
    return made


def functions(agreement: Agreement) -> dict[str, Callable[..., bool]]:
    """The parts of the rules that casbin's expressions cannot say, as plain Python without any reason or remedy."""
    terms = agreement.terms
    areas = frozenset(terms.regions.areas)
    elsewhere = terms.regions.elsewhere == "confirmed-measure"
    custodies = frozenset(terms.encryption.custody)
    required = terms.encryption.required
    row = next(iter(agreement.gate_table.values()))
    categories = row.categories or {}

    def opened(request: GateRequest, effect: str) -> bool:
        if request.subscription_state == "active":
            return True
        if effect == "collect" or request.contract_ended_at is None:
            return False
        instants = end_instants(terms.end, request.contract_ended_at, zone=request.zone)
        return request.at < (instants.export if effect == "export" else instants.access)

    def place(request: GateRequest) -> bool:
        if request.chosen_region not in (None, request.region):
            return False
        area = area_of(request.region)
        return area in areas or (elsewhere and area in request.confirmed_transfers)

    def egress(request: GateRequest) -> bool:
        if not request.recipient:
            return True
        opens = request.recipients.get(request.recipient)
        return opens is not None and opens <= request.at

    def staff(request: GateRequest, purpose: str) -> bool:
        if purpose != "support-access" and not request.person:
            return True
        return any(
            grant.person == request.person and grant.purpose == purpose and grant.starts <= request.at < grant.ends
            for grant in request.grants
        )

    def data(request: GateRequest) -> bool:
        if not request.categories:
            return True
        known = categories.get(request.offering, categories["*"])
        return all(any(word == top or word.startswith(top + ".") for top in known) for word in request.categories)

    def custody(request: GateRequest, needs_key: str, stores: str) -> bool:
        if request.custody not in custodies or (needs_key == "True" and request.custody == "customer-held"):
            return False
        return request.sealed_to_customer or not (required and stores == "True")

    def instructed(request: GateRequest, purpose: str) -> bool:
        consented = purpose == "support-access" and any(grant.consented for grant in request.grants)
        return purpose in request.instructed_purposes or (consented and staff(request, purpose))

    def has(words: frozenset[str], word: str) -> bool:
        return word in words

    return {
        "instructed": instructed,
        "has": has,
        "open": opened,
        "place": place,
        "egress": egress,
        "staff": staff,
        "data": data,
        "custody": custody,
    }


def slow(agreement: Agreement) -> Callable[[GateRequest], bool]:
    """Casbin as its documentation begins."""
    model = Model()
    model.load_model_from_text(MODEL)
    made = filled(agreement, casbin.Enforcer(model))
    return lambda request: bool(made.enforce(request.purpose, agreement.id, request))


def fast(agreement: Agreement) -> Callable[[GateRequest], bool]:
    """Casbin's own faster enforcer, which looks only at the rows of the request's purpose."""
    model = FastModel([0, 1])
    model.load_model_from_text(MODEL)
    made = filled(agreement, casbin.FastEnforcer(model, cache_key_order=[0, 1]))
    return lambda request: bool(made.enforce(request.purpose, agreement.id, request))


def agreeing(contenders: Sequence[tuple[Callable[[GateRequest], bool], int]], requests: list[GateRequest]) -> float:
    """The share of the requests on which all contenders give the same answer."""
    answers = [[decide(request) for request in requests] for decide, _ in contenders]
    return sum(len(set(several)) == 1 for several in zip(*answers, strict=True)) / len(requests)


def per_second(decide: Callable[[GateRequest], bool], requests: list[GateRequest], count: int) -> float:
    """Decisions for each second of processor time of this thread."""
    asked = list(islice((request for _ in range(count // len(requests) + 1) for request in requests), count))
    began = time.thread_time()
    for request in asked:
        decide(request)
    return count / (time.thread_time() - began)


def report(agreement: Agreement, requests: list[GateRequest], rates: dict[str, list[float]], same: float) -> None:
    """The table and the last line."""
    middle = {name: median(several) for name, several in rates.items()}
    print(f"{'':16}{'decisions/s':>14}{'us each':>10}   all rounds")
    for name, several in rates.items():
        shown = " ".join(f"{rate:.0f}" for rate in several)
        print(f"{name:16}{middle[name]:14.0f}{1e6 / middle[name]:10.2f}   {shown}")
    theirs = max(rate for name, rate in middle.items() if name != "Parley")
    allowed = sum(evaluate(agreement, request).allowed for request in requests)
    figures = {
        "ratio": f"{middle['Parley'] / theirs:.1f}",
        "per_second": f"{middle['Parley']:.0f}",
        "casbin_per_second": f"{theirs:.0f}",
        "clauses": str(len(agreement.clauses)),
        "requests": str(len(requests)),
        "allowed": f"{allowed / len(requests):.2f}",
        "same_answers": f"{same:.3f}",
    }
    print("bench gates", *(f"{key}={value}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
