"""Opening the sealed original of a recording on the command line, also far away from any installation."""

from collections.abc import Sequence
from pathlib import Path

from parley.recordings.api import NoSuchRecording, opened_original, whole_capture


def identities_in(file: Path) -> list[str]:
    """The secrets in a file as age-keygen writes it."""
    return [line for line in file.read_text(encoding="ascii").split() if line.startswith("AGE-SECRET-KEY-")]


def open_recording(files: Sequence[Path], *, identity: Path, target: Path) -> int:
    """Write the capture that `files` hold to `target`, readable by its owner alone; its size in bytes.

    `identity` is a file as age-keygen writes it. Raises NoSuchRecording when nothing could be opened, and what
    opening a part raises; then no target is left.
    """
    identities = identities_in(identity)
    target.touch(mode=0o600)
    try:
        with (
            opened_original(
                [str(file) for file in files], open_file=lambda name: Path(name).open("rb"), identities=identities
            ) as parts,
            target.open("wb") as capture,
        ):
            size = sum(capture.write(piece) for piece in whole_capture(parts))
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    if not size:
        target.unlink()
        raise NoSuchRecording(
            "these files hold nothing that was ever sealed", remedy="Give all files of one recording."
        )
    return size
