"""Checks an unpacked Parley e-discovery package with nothing but Python. Runs alone, beside `verifier.py`:

    python3 -I verify_package.py FOLDER --log-key KEY [--provider-key KEY] [--checkpoint KEPT] [--custody]

Every file of the folder must be listed in `manifest.json` with its size and SHA-256, and nothing else may lie there;
the manifest must be signed by the log's key (`manifest.note`, a signed note: c2sp.org/signed-note); every bundle below
`evidence/` must hold under that key; the sealed originals of each recording must be those that its entry
`recording.sealed` names, or what its entries `recording.resealed` made of them, each of which names the hash that it
found. Take the key from the agreement's annex, never from the package. Whoever does not trust the
package's own copies of these two files runs copies from elsewhere.
"""

import argparse
import hashlib
import importlib.util
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

NOTE: Final = "parley-discovery/1"
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.note"
EVIDENCE: Final = "evidence/"
_PIECE: Final = 1 << 20
_NAMED: Final = 20
_ORIGINAL: Final = re.compile(r"recordings/[^/]*?Z-([0-9a-f-]{36})/(\d{3}\.(?:age|tail))")


class PackageError(Exception):
    """The package is refused."""


@dataclass(frozen=True)
class Checked:
    """What holds for a package: the steps in words, and every proven deed: (instant, kind, details, bundle's name)."""

    steps: tuple[str, ...]
    deeds: tuple[tuple[str, str, Mapping[str, Any], str], ...]


def manifest_text(*, origin: str, digest: str) -> str:
    """What the log's key signs: the format, the log, the SHA-256 of the manifest. Never a checkpoint: those begin with
    the log's name."""
    return f"{NOTE}\n{origin}\n{digest}\n"


def verify_package(
    folder: Path, *, log_key: str, provider_key: str | None = None, kept_checkpoint: str | None = None
) -> Checked:
    """What holds for the package in `folder`; PackageError names the files that are not as they were."""
    verifier = beside()
    listed = _signed_manifest(folder, log_key=log_key, verifier=verifier)
    steps = ["the manifest is signed by the pinned log key"]
    _compare(folder, listed)
    steps.append(f"{len(listed)} files are there, unchanged, and nothing else")
    deeds = []
    for name in sorted(name for name in listed if name.startswith(EVIDENCE)):
        try:
            proven = verifier.verify_bundle(
                (folder / name).read_bytes(),
                log_key=log_key,
                provider_key=provider_key,
                kept_checkpoint=kept_checkpoint,
            )
        except verifier.VerificationError as error:
            raise PackageError(f"{name}: {error}") from None
        deeds.append((proven.entry["at"], proven.entry["kind"], proven.details or {}, name))
    steps.append(f"{len(deeds)} pieces of evidence are in the log that this key signed")
    originals = _originals(listed)
    anew = _require_sealed(originals, _of(deeds, "recording.sealed"), _of(deeds, "recording.resealed"))
    steps.append(f"the sealed originals of {len(originals)} recordings are those that the log knows since they ended")
    if anew:
        steps.append(f"of these {anew} were sealed anew to other keys since; the log names each hash before and after")
    if kept_checkpoint is not None:
        steps.append("the log only added to the checkpoint that you kept")
    return Checked(tuple(steps), tuple(deeds))


def beside() -> Any:
    """The module `verifier.py` in the folder of this file."""
    where = Path(__file__).with_name("verifier.py")
    spec = importlib.util.spec_from_file_location("parley_package_verifier", where)
    if spec is None or spec.loader is None or not where.exists():
        raise PackageError("verifier.py is not beside this file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # nothing may be added to what is checked
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes
    return module


def _signed_manifest(folder: Path, *, log_key: str, verifier: Any) -> dict[str, dict[str, Any]]:
    """The files of the manifest by name, once its signature holds."""
    try:
        content, note = (folder / MANIFEST).read_bytes(), (folder / SIGNATURE).read_text("utf-8")
    except FileNotFoundError as error:
        raise PackageError(f"{Path(str(error.filename)).name} is missing") from None
    try:
        key = verifier.VerifierKey.parse(log_key)
        signed = verifier.Note.parse(note)
        holds = signed.signature_of(key) is not None and len(signed.signatures) == 1
    except ValueError as error:
        raise PackageError(f"{SIGNATURE} is not of the pinned log: {error}") from None
    if not holds or signed.text != manifest_text(origin=key.name, digest=hashlib.sha256(content).hexdigest()):
        raise PackageError(f"{MANIFEST} is not the one that the pinned log key signed")
    return {one["name"]: one for one in json.loads(content)["files"]}


def _compare(folder: Path, listed: Mapping[str, Mapping[str, Any]]) -> None:
    """That exactly the listed files are there, as they were."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    wrong = [f"{name} is missing" for name in sorted(set(listed) - found)]
    wrong += [f"{name} is not in the manifest" for name in sorted(found - set(listed) - {MANIFEST, SIGNATURE})]
    for name in sorted(found & set(listed)):
        if _measured(folder / name) != (listed[name]["size"], listed[name]["sha256"]):
            wrong.append(f"{name} is not the file that the manifest names")
    if wrong:
        more = f"\nand {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise PackageError("\n".join(wrong[:_NAMED]) + more)


def _measured(path: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()


def _originals(listed: Mapping[str, Mapping[str, Any]]) -> dict[str, list[tuple[str, int, str]]]:
    """By recording: its sealed parts in order, each as (name, size, SHA-256)."""
    found: dict[str, list[tuple[str, int, str]]] = {}
    for name, one in sorted(listed.items()):
        match = _ORIGINAL.fullmatch(name)
        if match:
            found.setdefault(match[1], []).append((match[2], one["size"], one["sha256"]))
    return found


def _of(deeds: Sequence[tuple[str, str, Mapping[str, Any], str]], wanted: str) -> list[Mapping[str, Any]]:
    return [details for _at, kind, details, _name in deeds if kind == wanted]


def _require_sealed(
    originals: Mapping[str, Sequence[tuple[str, int, str]]],
    sealed: Sequence[Mapping[str, Any]],
    resealed: Sequence[Mapping[str, Any]],
) -> int:
    """That each recording's parts are those of its entry, which has the hash of a line "name size sha256" for each.

    Entries of sealing anew are followed by their number, from 1, without a gap: each must have found what the one
    before it left. How many recordings have such entries.
    """
    known = {one.get("recording"): one.get("files_sha256") for one in sealed}
    times = dict.fromkeys(known, 0)
    for one in sorted(resealed, key=lambda each: int(each.get("times", 0))):
        recording = one.get("recording")
        if one.get("times") != times.get(recording, 0) + 1 or one.get("before_sha256") != known.get(recording):
            raise PackageError(f"the evidence of recording {recording} has a gap where it was sealed anew")
        known[recording], times[recording] = one.get("files_sha256"), times[recording] + 1
    for recording, parts in originals.items():
        digest = hashlib.sha256("".join(f"{name} {size} {sha256}\n" for name, size, sha256 in parts).encode())
        if known.get(recording) != digest.hexdigest():
            raise PackageError(f"the originals of recording {recording} are not those that the log knows")
    for recording in sorted(str(one) for one in known if one not in originals):
        raise PackageError(f"the originals of recording {recording} are missing")
    return sum(1 for count in times.values() if count)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints each step and answers 0 when the package holds, 1 when it is refused, 2 when it cannot be read."""
    parser = argparse.ArgumentParser(description="Checks an unpacked Parley e-discovery package, offline.")
    parser.add_argument("folder", type=Path, help="where the package was unpacked")
    parser.add_argument("--log-key", required=True, help="the log's verifier key, got from the agreement's annex")
    parser.add_argument("--provider-key", help="the provider's verifier key: require its countersignatures")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint that you kept: the log may only have added to it")
    parser.add_argument("--custody", action="store_true", help="print the chain of custody, as the evidence proves it")
    options = parser.parse_args(arguments)
    try:
        kept = options.checkpoint.read_text("utf-8") if options.checkpoint else None
        checked = verify_package(
            options.folder, log_key=options.log_key, provider_key=options.provider_key, kept_checkpoint=kept
        )
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"cannot read: {error}\n")
        return 2
    except PackageError as error:
        sys.stderr.write(f"REFUSED: {error}\n")
        return 1
    for step in checked.steps:
        sys.stdout.write(f"  ok  {step}\n")
    for at, kind, details, name in checked.deeds if options.custody else ():
        what = "recording" if "recording" in details else "export"
        who = details.get("user") or details.get("by") or ""
        sys.stdout.write(f"{at}  {kind}  {what} {details.get(what, '')}  {f'by {who}' if who else ''}  {name}\n")
    sys.stdout.write("VERIFIED\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
