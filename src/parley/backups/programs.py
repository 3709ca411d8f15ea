"""pg_dump and pg_restore as streams: what they write or read passes through memory alone, never in clear on a disk.

They connect as the administrator, with the password in their environment. What they say of errors may quote data, so
it goes nowhere. A killed process takes them along.
"""

import subprocess
from collections.abc import Iterable, Iterator
from typing import IO, Final, cast

from parley.backups.errors import DumpFailed, ToolMissing
from parley.tenancy import api as tenancy
from parley.tenancy import scratch

_BLOCK: Final = 1 << 20


def dumped(database: str, *, snapshot: str) -> Iterator[bytes]:
    """The database as that exported snapshot sees it, in pg_dump's custom format. Raises DumpFailed, ToolMissing."""
    child = _begun("pg_dump", database, ["--format=custom", "--compress=gzip:1", f"--snapshot={snapshot}"])
    output = cast(IO[bytes], child.stdout)
    try:
        while piece := output.read(_BLOCK):
            yield piece
        if child.wait():
            raise DumpFailed(f"pg_dump ended with status {child.returncode}", remedy="See the database server's log.")
    finally:
        _end(child)


def loaded(database: str, pieces: Iterable[bytes]) -> None:
    """Restore a dump into an empty database: rows, constraints, triggers, grants to groups; all owned by us.

    Raises DumpFailed, ToolMissing, and what the pieces raise.
    """
    options = ["--format=custom", "--no-owner", "--exit-on-error", f"--dbname={database}"]
    child = _begun("pg_restore", database, options)
    wanted = cast(IO[bytes], child.stdin)
    try:
        try:
            for piece in pieces:
                wanted.write(piece)
            wanted.close()
        except BrokenPipeError:
            pass
        if child.wait():
            raise DumpFailed(f"pg_restore ended with status {child.returncode}", remedy="Use another backup.")
    finally:
        _end(child)


def _begun(name: str, database: str, options: list[str]) -> subprocess.Popen[bytes]:
    try:
        program = scratch.program(name, database=database)
        return subprocess.Popen(
            [str(program.path), "--no-password", *options],
            stdin=subprocess.PIPE if name == "pg_restore" else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if name == "pg_restore" else subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={**program.environment, "PGOPTIONS": "-c synchronous_commit=off -c client_min_messages=error"},
        )
    except (OSError, tenancy.DatabaseUnavailable) as error:
        told = error.args[0] if isinstance(error, tenancy.DatabaseUnavailable) else f"{name} does not start"
        raise ToolMissing(str(told), remedy="Install PostgreSQL's client programs.") from error


def _end(child: subprocess.Popen[bytes]) -> None:
    """Nothing of it is left, whatever happened."""
    if child.poll() is None:
        child.kill()
        child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            try:
                stream.close()
            except BrokenPipeError:
                continue
