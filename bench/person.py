"""How fast one person's data is found, erased and handed out, beside plain SQL and plain copying, in one run.

The number index is filled by the server (`generate_series`), with indexes built as the application has them. Recordings
that are erased or exported have rows, sealed objects and evidence as the recorder and the worker leave them; a call is
rendered once and its sealed files are linked as many times as there are recordings.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from support.recorded import AT, Maker
from support.server import server

sys.path.insert(0, str(Path(__file__).parents[1]))

PER_NUMBER = 100  # calls of one number
NUMBERS_PER_CALL = 5
_RECORDINGS = """
WITH epoch AS (INSERT INTO recordings_sealingepoch (id, wrapped) VALUES (gen_random_uuid(), 'w') RETURNING id),
conversation AS (INSERT INTO recordings_conversation (id, index, started_at)
    VALUES (gen_random_uuid(), sha256('c'), %(at)s) RETURNING id)
INSERT INTO recordings_recording (id, conversation_id, started_at, ended_at, direction, trunk_id, trunk_name, epoch_id,
    sealed, streams, received, gaps, on_hold, agreement, agreement_version, clause, purpose, decision, reason,
    evidence_id, rendition, rendition_error, listed_at, quality)
SELECT gen_random_uuid(), conversation.id, %(at)s + n * interval '1 second', %(at)s + n * interval '1 second',
    'inbound', gen_random_uuid(), 'main', epoch.id, sha256(n::text::bytea), '[]', '[]', '[]', '[]', 'a', '1', 'c', 'p',
    'd', 'bye', gen_random_uuid(), 'ready', '', %(at)s, 'good' FROM generate_series(1, %(count)s) n, epoch, conversation
"""
_INDEX = """
WITH called AS (SELECT id, listed_at, conversation_id, row_number() OVER () AS n FROM recordings_recording)
INSERT INTO recordings_numberindex (recording_id, value, listed_at, listed_id)
SELECT called.id, numbers.value, called.listed_at, called.conversation_id
FROM called CROSS JOIN generate_series(0, %(each)s - 1) k
JOIN numbers ON numbers.n = (called.n * 7919 + k * 104729) %% %(numbers)s
"""
_PLAIN = """
SELECT r.id, r.started_at FROM recordings_numberindex i JOIN recordings_recording r ON r.id = i.recording_id
WHERE i.value = ANY(%s) ORDER BY r.started_at, r.id
"""


def main() -> None:
    """Measure, print a table, end with the line of figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--index", type=int, default=100_000, help="rows of the number index (10,000,000)")
    options.add_argument("--records", type=int, default=200, help="records of the person that is erased (1,000)")
    options.add_argument("--recordings", type=int, default=200, help="recordings that are exported (10,000)")
    options.add_argument("--seconds", type=int, default=60, help="length of each exported recording")
    options.add_argument("--redacted", type=int, default=20, help="recordings exported with the other side silent")
    options.add_argument("--child", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.child:
        _child(json.loads(chosen.child))
        return
    figures: dict[str, float] = {}
    with server() as tenancy:
        for measure in (
            lambda: _find(tenancy, chosen.index, figures),
            lambda: _erase(tenancy, chosen.records, figures),
            lambda: _export(tenancy, chosen, figures),
        ):
            measure()
            print(f"so far: {figures}", file=sys.stderr, flush=True)
    _report(figures)


def _customer(tenancy: ModuleType, handle: str) -> Any:
    return tenancy.create_customer(
        handle=handle, name=handle.title(), region="eu", custody="local", agreement="imagicle-dpa"
    )


def _find(tenancy: ModuleType, rows: int, figures: dict[str, float]) -> None:
    """Everything about one subject, over all stores; beside the same join in plain SQL."""
    from parley.inventory.api import Subject, stores

    customer = _customer(tenancy, "finding")
    numbers = max(200, rows // PER_NUMBER)
    with tenancy.scope(customer):
        _fill(tenancy, customer, rows, numbers)
        sample = random.Random(1).sample(range(numbers), 200)
        known = list(stores())
        took, plain, found = [], [], 0
        with tenancy.connect(customer, autocommit=True) as raw:
            for number in sample[:20]:
                for store in known:
                    store.find(Subject(numbers=(_number(number),)))
            for number in sample:
                subject = Subject(numbers=(_number(number),))
                began = time.perf_counter()
                found += sum(len(store.find(subject)) for store in known)
                took.append(time.perf_counter() - began)
                index = _blind(tenancy, customer, number)
                began = time.perf_counter()
                raw.execute(_PLAIN, [[index]]).fetchall()
                plain.append(time.perf_counter() - began)
    took.sort()
    plain.sort()
    at95 = int(len(took) * 0.95)
    figures |= {
        "index_rows": rows, "stores": len(known), "found_each": found / len(sample), "find_p95_ms": took[at95] * 1e3,
        "find_p50_ms": took[len(took) // 2] * 1e3, "plain_p95_ms": plain[at95] * 1e3,
        "find_ratio": took[len(took) // 2] / plain[len(plain) // 2],
    }  # fmt: skip


def _number(number: int) -> str:
    return f"+39050{1000000 + number}"


def _blind(tenancy: ModuleType, customer: Any, number: int) -> bytes:
    from parley.sealing.api import blind_index

    return blind_index(tenancy.keyring().index_key(customer, "number"), field="number", value=_number(number))


def _fill(tenancy: ModuleType, customer: Any, rows: int, numbers: int) -> None:
    """Recordings and index rows; the indexes are dropped before and made again, as they were."""
    import psycopg

    from parley.sealing.api import blind_index
    from parley.tenancy.selection import administrator

    key = tenancy.keyring().index_key(customer, "number")
    place = administrator(dbname=customer.database).parameters()
    with psycopg.connect(**place) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("CREATE TEMP TABLE numbers (n bigint PRIMARY KEY, value bytea)")
        with admin.cursor().copy("COPY numbers FROM STDIN") as copy:
            for number in range(numbers):
                copy.write_row((number, blind_index(key, field="number", value=_number(number))))
        admin.execute(_RECORDINGS, {"at": AT, "count": rows // NUMBERS_PER_CALL})
        named = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'recordings_numberindex'"
        indexes = [
            (name, definition) for name, definition in admin.execute(named).fetchall() if not name.endswith("_pkey")
        ]
        admin.execute("ALTER TABLE recordings_numberindex DROP CONSTRAINT number_once")
        for name, _definition in indexes:
            admin.execute(f'DROP INDEX IF EXISTS "{name}"')
        admin.execute(_INDEX, {"each": NUMBERS_PER_CALL, "numbers": numbers})
        for _name, definition in indexes:
            admin.execute(definition)
    with psycopg.connect(**place, autocommit=True) as admin:
        admin.execute("VACUUM ANALYZE")


def _erase(tenancy: ModuleType, records: int, figures: dict[str, float]) -> None:
    """A person with many records, through the one way in which records go; beside unlink and DELETE."""
    from django.db import connection, transaction
    from tests.support.spooled import CALLER

    from parley.inventory.api import Subject, stores
    from parley.recordings.models import NumberIndex, Part, Recording, Rendition
    from parley.retention import api as retention

    customer = _customer(tenancy, "erasing")
    with tenancy.scope(customer):
        maker = Maker(customer, seconds=10)
        maker.make(records - 1, seconds=10)
        store = stores()["recordings"]
        began, spent = time.perf_counter(), time.process_time()
        held = store.find(Subject(numbers=(CALLER.number,)))
        done = retention.dispose(held, cause="request", reference="bench", at=datetime.now(UTC), by="bench")
        figures["erase_s"] = time.perf_counter() - began
        figures["erase_cpu_s"] = time.process_time() - spent
        assert done.erased.records == len(held) == records, done
        figures |= {"erased": done.erased.records, "erased_objects": done.erased.objects}
        began = time.perf_counter()
        assert not store.present([one.id for one in held])
        figures["absent_s"] = time.perf_counter() - began
        ids = maker.make(records, seconds=10)
        root = Path(os.environ["PARLEY_DATA_DIR"])
        paths = [path for path in root.rglob(f"{customer.id}/recordings/*/*") if path.is_file()]
        began = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            for path in paths:
                path.unlink()
            for model in (NumberIndex, Rendition, Part):
                cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE recording_id = ANY(%s)", [ids])
            cursor.execute(f"DELETE FROM {Recording._meta.db_table} WHERE id = ANY(%s)", [ids])
        figures["plain_erase_s"] = time.perf_counter() - began


def _export(tenancy: ModuleType, chosen: Any, figures: dict[str, float]) -> None:
    """All recordings as MP3 with CSV, and some with the other side silent; beside opening and sealing the same."""
    customer = _customer(tenancy, "exporting")
    with tenancy.scope(customer):
        maker = Maker(customer, seconds=chosen.seconds)
        made = maker.make(chosen.recordings - 1, seconds=chosen.seconds)
        sound = next(row for row in maker.model.renditions.all() if row.kind == "mp3")
        plain = _plain_copy(tenancy, customer, maker.files[sound.object_key], min(200, chosen.recordings))
        whole = _in_child(customer, [], chosen.recordings)
        redacted = _in_child(customer, [maker.model.id, *made][: chosen.redacted], chosen.redacted)
    audio = chosen.recordings * chosen.seconds
    figures |= {
        "recordings": chosen.recordings, "seconds_each": chosen.seconds, "export_s": whole["wall"],
        "times_real_time_per_core": audio / whole["cpu"], "peak_growth_mib": whole["growth"], "zip_mb": whole["size"],
        "cpu_ms_each": whole["cpu"] / chosen.recordings * 1e3, "plain_cpu_ms_each": plain * 1e3,
        "redacted": chosen.redacted,
        "redacted_times_real_time_per_core": chosen.redacted * chosen.seconds / redacted["cpu"],
        "redacted_peak_growth_mib": redacted["growth"],
    }  # fmt: skip


def _plain_copy(tenancy: ModuleType, customer: Any, path: Path, count: int) -> float:
    """Processor seconds to open a sealed MP3 and to seal it again, nothing else."""
    from parley.sealing.api import AgeReader, AgeWriter

    identities = tenancy.keyring().identities(customer)
    with tempfile.TemporaryFile() as target:
        writer = AgeWriter(target, customer.recipients)
        began = time.process_time()
        for _ in range(count):
            with path.open("rb") as sealed:
                for piece in AgeReader(sealed, identities):
                    writer.write(piece)
        writer.close()
        return (time.process_time() - began) / count


def _in_child(customer: Any, records: Sequence[UUID], count: int) -> dict[str, float]:
    """An export made by a process of its own: its processor time, and what its memory grew by."""
    given = json.dumps({"customer": str(customer.id), "records": [str(one) for one in records]})
    command = [sys.executable, __file__, "--child", given]
    got = subprocess.run(command, capture_output=True, text=True, check=False)
    if got.returncode:
        sys.exit(got.stderr)
    figures: dict[str, float] = json.loads(got.stdout.splitlines()[-1])
    assert figures["records"] == count, figures
    return figures


def _child(given: dict[str, Any]) -> None:
    """What a worker does: asks for one export, makes it, says what it cost."""
    import django

    django.setup()
    from tests.support.spooled import CALLER

    from parley.exports import api as exports
    from parley.inventory.api import ExportOptions, Held, Subject
    from parley.obligations.api import run_due
    from parley.tenancy import api as tenancy

    customer = tenancy.by_id(UUID(given["customer"]))
    assert customer is not None
    now = datetime.now(UTC)
    options = ExportOptions(formats=("csv", "mp3"))
    if given["records"]:
        options = replace(options, subject=Subject(numbers=(CALLER.number,)))
    records = [Held(store="recordings", kind="recording", id=UUID(one), at=now) for one in given["records"]]
    with tenancy.scope(customer):
        asked = exports.start(
            title="bench", reason="subject" if records else "records", records=records, options=options, by=None,
            at=now, key=f"bench {now}",
        )  # fmt: skip
        handlers = exports.long_handlers()
        before, spent, began = _memory("VmRSS"), _cpu(), time.perf_counter()
        outcome = run_due(customer, handlers=handlers, now=now)
        assert outcome.done == 1, outcome
        made = exports.get(asked)
    print(
        json.dumps(
            {
                "wall": time.perf_counter() - began, "cpu": _cpu() - spent,
                "growth": _memory("VmHWM") - before, "records": made.by_store["recordings"],
                "size": made.size / 1e6,
            }
        )
    )  # fmt: skip


def _memory(what: str) -> float:
    """MiB of this process: VmRSS now, VmHWM at most. (`ru_maxrss` begins with that of whoever started the process.)"""
    status = Path("/proc/self/status").read_text()
    return float(status.partition(f"{what}:")[2].split()[0]) / 1024


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _report(figures: dict[str, float]) -> None:
    for name, value in figures.items():
        print(f"{name:<36}{value:>14,.2f}")
    print("bench person", " ".join(f"{name}={value:.4g}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
