"""Checks an unpacked Parley audit pack with nothing but Python and `cryptography`. Runs alone, beside `verifier.py`:

    python verify_pack.py FOLDER --log-key KEY [--provider-key KEY] [--checkpoint KEPT]

Every file of the folder must be listed in `manifest.json` with its size and SHA-256, and nothing else may lie there;
the manifest must be signed by the log's key (`manifest.note`, a signed note: c2sp.org/signed-note); every bundle below
`evidence/` must hold under that key. Take the key from the agreement's annex, never from the pack. To check a pack
whose own copies of these two files you do not trust, run copies from elsewhere.
"""

import argparse
import hashlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

FORMAT: Final = "parley-audit-pack/1"
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.note"


class PackError(Exception):
    """The pack is refused."""


def manifest_text(*, origin: str, digest: str) -> str:
    """What the log's key signs: the format, the log, the SHA-256 of the manifest. Never a checkpoint: those begin with
    the log's name."""
    return f"{FORMAT}\n{origin}\n{digest}\n"


def verify_pack(
    files: Mapping[str, bytes],
    *,
    log_key: str,
    provider_key: str | None = None,
    kept_checkpoint: str | None = None,
    verifier: Any = None,
) -> tuple[str, ...]:
    """The steps that hold for the pack of `files` (path -> content); PackError says the first thing that is wrong."""
    verifier = verifier or beside()
    manifest = _signed_manifest(files, log_key=log_key, verifier=verifier)
    steps = ["the manifest is signed by the pinned log key"]
    listed = manifest["files"]
    for path in sorted(set(files) - set(listed) - {MANIFEST, SIGNATURE}):
        raise PackError(f"{path} is not in the manifest")
    for path, said in sorted(listed.items()):
        if path not in files:
            raise PackError(f"{path} is missing")
        if len(files[path]) != said["size"] or hashlib.sha256(files[path]).hexdigest() != said["sha256"]:
            raise PackError(f"{path} is not the file that the manifest names")
    steps.append(f"{len(listed)} files are there, unchanged, and nothing else")
    bundles = [path for path in sorted(listed) if path.startswith("evidence/")]
    for path in bundles:
        try:
            verifier.verify_bundle(
                files[path], log_key=log_key, provider_key=provider_key, kept_checkpoint=kept_checkpoint
            )
        except verifier.VerificationError as error:
            raise PackError(f"{path}: {error}") from None
    steps.append(f"{len(bundles)} pieces of evidence are in the log that this key signed")
    if kept_checkpoint is not None:
        steps.append("the log only added to the checkpoint that you kept")
    return tuple(steps)


def read_folder(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` by its path; OSError when one cannot be read."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}
    return {name: path.read_bytes() for name, path in sorted(found.items()) if "__pycache__" not in path.parts}


def beside() -> Any:
    """The module `verifier.py` in the folder of this file."""
    where = Path(__file__).with_name("verifier.py")
    spec = importlib.util.spec_from_file_location("parley_pack_verifier", where)
    if spec is None or spec.loader is None or not where.exists():
        raise PackError("verifier.py is not beside this file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _signed_manifest(files: Mapping[str, bytes], *, log_key: str, verifier: Any) -> dict[str, Any]:
    for path in (MANIFEST, SIGNATURE):
        if path not in files:
            raise PackError(f"{path} is missing")
    try:
        key = verifier.VerifierKey.parse(log_key)
        note = verifier.Note.parse(files[SIGNATURE].decode())
        signed = note.signature_of(key) is not None and len(note.signatures) == 1
        manifest = verifier.parse_canonical(files[MANIFEST].removesuffix(b"\n"))
    except ValueError as error:
        raise PackError(f"the manifest is not the pinned log's: {error}") from None
    digest = hashlib.sha256(files[MANIFEST]).hexdigest()
    if not signed or note.text != manifest_text(origin=key.name, digest=digest):
        raise PackError("the manifest is not the one that the pinned log key signed")
    if manifest["format"] != FORMAT or manifest["log"] != key.name:
        raise PackError(f"the manifest is not of {FORMAT}, or of another log")
    return dict(manifest)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints each step and answers 0 when the pack holds, 1 when it is refused, 2 when it cannot be read."""
    parser = argparse.ArgumentParser(description="Checks an unpacked Parley audit pack, offline.")
    parser.add_argument("folder", type=Path, help="where the pack was unpacked")
    parser.add_argument("--log-key", required=True, help="the log's verifier key, got from the agreement's annex")
    parser.add_argument("--provider-key", help="the provider's verifier key: require its countersignatures")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint that you kept: the log may only have added to it")
    options = parser.parse_args(arguments)
    try:
        files = read_folder(options.folder)
        kept = options.checkpoint.read_text("utf-8") if options.checkpoint else None
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"cannot read: {error}\n")
        return 2
    try:
        steps = verify_pack(files, log_key=options.log_key, provider_key=options.provider_key, kept_checkpoint=kept)
    except PackError as error:
        sys.stderr.write(f"REFUSED: {error}\n")
        return 1
    for step in steps:
        sys.stdout.write(f"  ok  {step}\n")
    sys.stdout.write("VERIFIED\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
