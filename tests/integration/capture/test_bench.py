"""The benchmark runs, loses nothing, and ends with its line of figures."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[3] / "bench" / "recording.py"


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_the_benchmark_ends_with_its_figures() -> None:
    done = subprocess.run([sys.executable, BENCH, "--quick"], capture_output=True, text=True, check=True, timeout=280)
    last = done.stdout.splitlines()[-1]
    assert last.startswith("bench recording ratio=")
    figures = dict(re.findall(r"(\w+)=([\d.]+)", last))
    assert figures["lost"] == "0"
    assert {"ratio", "c_ratio", "scaling", "kib_per_stream_40"} <= figures.keys()
