"""The caller in a process of its own, as the demo sees it: orders go in, events come out, both over pipes."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from parley.project.demo.caller import Order

_HANG_UP_SECONDS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent:
    """What happened to the call `key`: calling, answered, held, resumed, over; `facts` as the caller tells them."""

    key: str
    event: str
    facts: Mapping[str, Any]


class CallerProcess:
    """A running caller. It hangs up and leaves when this process does, however that ends: its input closes."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[CallEvent] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "parley.project.demo.caller"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, name="caller events", daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether it is still there."""
        return self._process.poll() is None

    def place(self, order: Order) -> None:
        """Has one call placed; what comes of it arrives in `events`. Raises BrokenPipeError when the caller is gone."""
        if self._process.stdin is None:
            raise BrokenPipeError
        self._process.stdin.write(order.to_line() + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """Hangs up every call and waits for the process; kills it when it takes too long."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=_HANG_UP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            facts = json.loads(line)
            self.events.put(CallEvent(key=facts.pop("key"), event=facts.pop("event"), facts=facts))
