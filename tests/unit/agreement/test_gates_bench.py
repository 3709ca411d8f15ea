"""The benchmark of the gate runs, and its contender decides as the gate does."""

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[3] / "bench/gates.py"


def test_both_give_the_same_answers():
    done = subprocess.run(
        [sys.executable, BENCH, "--rounds", "1", "--decisions", "3000"], capture_output=True, text=True, check=True
    )
    words = done.stdout.splitlines()[-1].split()
    figures = dict(word.split("=") for word in words[2:])
    assert words[:2] == ["bench", "gates"]
    assert figures["same_answers"] == "1.000"
    assert int(figures["clauses"]) >= 40
