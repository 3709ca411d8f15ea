"""No store holds a word of a call in clear; the search that says so finds every word when sealing is switched off."""

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cleartext import find
from tests.support.peers import Leg, Party, SippCall, speak
from tests.support.system import System, free_ports, running, short_folder

UNSEALED = Path(__file__).parents[1] / "support" / "unsealed"
SECONDS = 4.0
CALLER = Party("+442079460321", "Zebedee Quillfeather")
CALLEE = Party("+390584943777", "Ottoline Brandywhisk")
MARKER = random.Random("one packet of sound").randbytes(160)
WORDS = {
    "payload": MARKER[:48],
    "caller's number": CALLER.number[1:].encode(),
    "callee's number": CALLEE.number[1:].encode(),
    "caller's name": CALLER.name.encode(),
    "callee's name": CALLEE.name.encode(),
}


@pytest.fixture
def folder() -> Iterator[Path]:
    made = short_folder("clear")
    yield made
    shutil.rmtree(made, ignore_errors=True)


def call_killed_and_rendered(system: System, folder: Path) -> None:
    """A call in whose middle the recorder is killed, so that journal, session files and recovery are searched too."""
    console = system.add_customer("acme", source="127.0.0.1").sign_in()
    (folder / "marker.ul").write_bytes(MARKER)
    mine = free_ports(4) + 1 & ~1
    call = SippCall(
        folder=folder / "peer", target=system.sip, caller=CALLER, callee=CALLEE,
        group="group", seconds=SECONDS + 3, media_ports=(mine, mine + 2),
    )  # fmt: skip
    first, second = call.ports
    audio = folder / "marker.ul"
    sender = speak(SECONDS, [Leg(mine, first, 0, audio), Leg(mine + 2, second, 8, audio)])
    time.sleep(SECONDS / 2)
    subprocess.run(["kill", "-9", *map(str, system.pids("recorder"))], check=True)
    sender.communicate(timeout=30)
    call.finish(60)
    console.recording()
    for words in ("?number=%2B442079460321", "?number=no+such"):
        console.get(f"recordings{words}")


def searched(system: System, folder: Path) -> set[tuple[str, str]]:
    """(word, store) for every find in anything that the installation wrote; tables are read through SQL too, since
    PostgreSQL compresses long values in a way of its own."""
    dumps = folder / "dumps"
    dumps.mkdir()
    for name, text in tables(system):
        (dumps / name).write_bytes(text)
    system.down()
    found = [*find(system.data, WORDS), *find(dumps, WORDS)]
    found += [(word, form, str(system.log)) for word, form, _ in find_file(system.log)]
    return {(word, store(path, system.data)) for word, _, path in found}


def find_file(path: Path) -> list[tuple[str, str, str]]:
    copy = path.parent / "log"
    copy.mkdir(exist_ok=True)
    shutil.copy(path, copy)
    return find(copy, WORDS)


def store(path: str, data: Path) -> str:
    inside = Path(path)
    return inside.relative_to(data).parts[0] if inside.is_relative_to(data) else inside.parent.name


def tables(system: System) -> Iterator[tuple[str, bytes]]:
    """Every table of every database as text."""
    script = (
        "import django; django.setup()\n"
        "from parley.tenancy import databases\n"
        "import sys\n"
        "with databases.administration() as admin:\n"
        "    names = [row[0] for row in admin.execute('SELECT datname FROM pg_database WHERE datallowconn')]\n"
        "for name in names:\n"
        "    with databases.administration(dbname=name) as admin:\n"
        "        listed = admin.execute(\"SELECT quote_ident(schemaname) || '.' || quote_ident(tablename)\"\n"
        "            \" FROM pg_tables WHERE schemaname = 'public'\").fetchall()\n"
        "        for (table,) in listed:\n"
        "            with admin.cursor().copy(f'COPY {table} TO STDOUT') as copy:\n"
        "                for piece in copy:\n"
        "                    sys.stdout.buffer.write(bytes(piece))\n"
    )
    environment = {**system.environment, "DJANGO_SETTINGS_MODULE": "parley.project.settings"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    assert b"acme" in done.stdout, "the tables were not read"
    yield "tables", done.stdout


def test_no_store_holds_a_word_of_a_call(folder: Path) -> None:
    with running(folder / "data", environment={"TMPDIR": str(temporary(folder))}) as system:
        call_killed_and_rendered(system, folder)
        assert searched(system, folder) == set()


def test_the_search_finds_every_word_when_sealing_is_switched_off(folder: Path) -> None:
    environment = {"TMPDIR": str(temporary(folder)), "PYTHONPATH": str(UNSEALED)}
    with running(folder / "data", environment=environment) as system:
        call_killed_and_rendered(system, folder)
        found = searched(system, folder)
    assert {word for word, _ in found} == set(WORDS)
    assert {"objects", "postgres"} <= {where for _, where in found}
    assert ("payload", "objects") in found


def temporary(folder: Path) -> Path:
    path = folder / "data" / "tmp"
    path.mkdir(parents=True)
    (folder / "data").chmod(0o711)
    path.chmod(0o1777)
    return path
