"""How fast the ledger appends, proves and verifies, against `aics-tlog` over the same PostgreSQL tiles, in one run.

Both builders of proofs read tiles of the same table through the same connection; both verifiers get the same proofs.
Entries are recorded by `record` (a sample, one transaction each) and else written straight to the table of pending
entries, so that a million of them do not take a quarter of an hour; all are integrated by `integrate`, on a server that
syncs every commit.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

from support.server import server

PEER = Path(__file__).parents[1] / ".tools" / "aics"
ROUNDS = 5
PEER_PROOFS = 10  # in each round: it hashes its way up from the leaves, a third of a second in a log of a million
RECORDED = 1_000
_FILL = """
INSERT INTO ledger_pending (entry_id, at, kind, clause, commitment)
SELECT gen_random_uuid(), '2026-11-22Z'::timestamptz + n * interval '1 millisecond', 'recording.sealed',
    'imagicle-dpa IM-3c.security', sha256(n::text::bytea) FROM generate_series(1, %s) n
"""


@dataclass(frozen=True)
class Bench:
    """What is measured: one customer's log in a server of its own, and the peer."""

    ledger: ModuleType
    peer: ModuleType
    app: Any
    entry_ids: Sequence[Any]
    checkpoint: Any
    log_key: str


class DatabaseTiles:
    """The log's tiles as the peer reads them, one query each."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def read_tile(self, level: int, index: int, width: int | None) -> bytes | None:
        data: bytes | None = self._bench.ledger.tile(self._bench.app, level=level, index=index, width=width or 256)
        return data

    def read_entry_bundle(self, index: int, width: int | None) -> bytes | None:
        raise NotImplementedError("proofs need no entries")


def main() -> None:
    """Measure, print a table, end with the line of figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--entries", type=int, default=50_000, help="size of the log (default 50,000)")
    options.add_argument("--proofs", type=int, default=400, help="proofs in each of five rounds")
    chosen = options.parse_args()
    if not (PEER / "aics_tlog").is_dir():
        sys.exit(f"aics-tlog is not in {PEER}: run `make setup-dev`")
    sys.path.append(str(PEER))
    with server() as tenancy:
        figures = {"entries": float(chosen.entries)}
        bench = _filled(tenancy, chosen.entries, figures)
        _measure(bench, chosen.proofs, figures)
    _report(figures)


def _filled(tenancy: ModuleType, entries: int, figures: dict[str, float]) -> Bench:
    """A log of so many entries; the rates of recording and integrating go to `figures`."""
    import aics_tlog
    import psycopg

    from parley.ledger import api as ledger

    customer = tenancy.create_customer(
        handle="bench", name="Bench", region="eu", custody="local", agreement="imagicle-dpa"
    )
    app = tenancy.connect(customer, autocommit=True)
    recorded = min(RECORDED, entries)
    with app.cursor() as cursor:
        entry_ids, seconds = _timed(lambda: [_record(ledger, cursor, number) for number in range(recorded)])
    figures["record_per_s"] = recorded / seconds
    with psycopg.connect(**tenancy.embedded().connection(dbname=customer.database)) as owner:
        owner.execute(_FILL, (entries - recorded,))
    signer = tenancy.keyring().ledger_signer(customer)
    with tenancy.connect(customer, role="sequencer") as sequencer:
        heads, seconds = _timed(lambda: list(iter(lambda: ledger.integrate(sequencer, signer=signer), None)))
        figures["integrate_per_s"] = entries / seconds
    return Bench(ledger, aics_tlog, app.cursor(), entry_ids, heads[-1], str(signer.log_key))


def _record(ledger: ModuleType, cursor: Any, number: int) -> Any:
    from datetime import UTC, datetime

    details = {"recording": f"018f0000-0000-7000-8000-{number:012x}", "parts": ["ab" * 32], "reason": "bye"}
    return ledger.record(
        cursor,
        kind="recording.sealed",
        clause="imagicle-dpa IM-3c.security",
        details=details,
        at=datetime.now(UTC),
    )


def _measure(bench: Bench, proofs: int, figures: dict[str, float]) -> None:
    """Five rounds in which the contenders take turns over the same random entries."""
    ledger, peer, size, root = bench.ledger, bench.peer, bench.checkpoint.size, bench.checkpoint.root
    from parley.ledger.verifier import verify_inclusion

    tiles, chance = DatabaseTiles(bench), random.Random(8)
    times: dict[str, list[float]] = {}
    rounds: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        indexes = [chance.randrange(size) for _ in range(proofs)]
        leaves = [peer.tiles._TileFetcher(tiles, size).leaf_hash(index) for index in indexes]
        ours = _each(lambda at: ledger.inclusion(bench.app, index=at, size=size), indexes)
        theirs = _each(lambda at: peer.inclusion_proof_from_tiles(tiles, at, size), indexes[:PEER_PROOFS])
        if ours.answers[:PEER_PROOFS] != theirs.answers:
            sys.exit("the proofs differ")
        proven = list(zip(leaves, indexes, ours.answers, strict=True))
        checked = _each(
            lambda one: verify_inclusion(leaf=one[0], index=one[1], size=size, path=one[2], root=root), proven
        )
        theirs_checked = _each(lambda one: peer.verify_inclusion(one[0], one[1], size, one[2], root), proven)
        if not all(checked.answers + theirs_checked.answers):
            sys.exit("a proof does not verify")
        some = [chance.choice(bench.entry_ids) for _ in range(proofs // 2)]
        bundles = _each(lambda one: ledger.bundle(bench.app, entry_id=one), some)
        opened = _each(lambda data: ledger.verify_bundle(data, log_key=bench.log_key), bundles.answers)
        for name, run in {
            "proof": ours, "peer_proof": theirs, "verify": checked, "peer_verify": theirs_checked,
            "bundle": bundles, "bundle_verify": opened,
        }.items():  # fmt: skip
            times.setdefault(name, []).extend(run.seconds)
            rounds.setdefault(name, []).append(median(run.seconds))
    figures["ratio"] = median(rounds["peer_verify"]) / median(rounds["verify"])
    figures["proof_ratio"] = median(rounds["peer_proof"]) / median(rounds["proof"])
    for name, seconds in times.items():
        figures[f"{name}_p50_us"] = 1e6 * median(seconds)
        figures[f"{name}_p95_us"] = 1e6 * sorted(seconds)[int(len(seconds) * 0.95)]


@dataclass(frozen=True)
class Run:
    """The answers to a row of questions, and the seconds that each took."""

    answers: list[Any]
    seconds: list[float]


def _each(ask: Callable[[Any], Any], questions: Sequence[Any]) -> Run:
    run = Run([], [])
    for question in questions:
        answer, seconds = _timed(lambda one=question: ask(one))
        run.answers.append(answer)
        run.seconds.append(seconds)
    return run


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    answer = work()
    return answer, time.perf_counter() - start


def _report(figures: dict[str, float]) -> None:
    print(f"a log of {figures['entries']:,.0f} entries          p50 us    p95 us")
    for name, words in {
        "proof": "inclusion proof, PostgreSQL",
        "peer_proof": "the same by aics-tlog",
        "verify": "verification of a proof",
        "peer_verify": "the same by aics-tlog",
        "bundle": "a whole bundle, PostgreSQL",
        "bundle_verify": "its verification, signature too",
    }.items():
        print(f"{words:<32}{figures[f'{name}_p50_us']:>9.1f} {figures[f'{name}_p95_us']:>9.1f}")
    print(
        f"recorded, a commit each: {figures['record_per_s']:,.0f}/s    integrated: {figures['integrate_per_s']:,.0f}/s"
    )
    first = ["ratio", "proof_ratio", "proof_p95_us", "verify_p95_us", "integrate_per_s", "record_per_s", "entries"]
    rest = [name for name in figures if name not in first and name.endswith("p95_us")]
    print(
        "bench ledger " + " ".join(f"{name}={figures[name]:.{2 if 'ratio' in name else 0}f}" for name in first + rest)
    )


if __name__ == "__main__":
    main()
