"""The independent verifier of transparency logs, aics-tlog: no dependency, `make setup-dev` puts it beside us."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / ".tools" / "aics"


def aics_tlog() -> ModuleType:
    """The package `aics_tlog`; fails the test, never skips it, when it is not there."""
    if not (FOLDER / "aics_tlog").is_dir():
        pytest.fail(f"aics-tlog is not in {FOLDER}: run `make setup-dev`", pytrace=False)
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    return importlib.import_module("aics_tlog")
