"""`parley demo`: everything on one machine, two customers, real calls, until it is interrupted."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import Empty
from typing import Final
from uuid import UUID

from rich.console import Console

from parley.foundation.errors import ParleyError
from parley.people.api import Viewer
from parley.project import up
from parley.project.config import Config
from parley.project.demo.arrange import DemoRefused, arrange, customers_folder, password
from parley.project.demo.caller import Order
from parley.project.demo.caller_process import CallerProcess, CallEvent
from parley.project.demo.dialogues import dialogues
from parley.project.demo.scenario import CUSTOMERS, SCRIPTS, Script
from parley.project.demo.screen import CallBoard, Screen
from parley.project.demo.siprec_offer import identifier
from parley.recordings import api as recordings
from parley.tenancy.api import by_handle, scope

_AUDITOR: Final = Viewer(user_id=UUID(int=0), role="compliance", number_indexes=None)
_READY: Final = frozenset({"ready", "customer-held"})
_PATIENCE: Final = 90.0
_TRUNK_PATIENCE: Final = 30.0
_EVERY_ADDRESS: Final = "0.0.0.0"  # noqa: S104 - compared, not bound
_BETWEEN_CALLS: Final = 12.0
_UNKNOWN_TRUNK: Final = "belongs to no trunk"
_STOPPING: Final = "recorder is stopping"


def run(config: Config) -> None:
    """Starts all of Parley, arranges the demo, places calls; returns when a signal ended it.

    Django is set up; called from the main thread. Raises what `up.run` raises.
    """
    screen = Screen(Console())
    screen.headline("Starting Parley")
    demo = _Demo(config=config, screen=screen)
    up.run(config, narrate=screen.process, when_ready=demo.play)


@dataclass
class _Demo:
    config: Config
    screen: Screen
    groups: dict[str, str] = field(default_factory=dict)

    def play(self) -> None:
        """All that the demo does once the processes run; ends with the process (it runs in a daemon thread)."""
        try:
            self.screen.headline("Arranging customers")
            began = datetime.now(UTC)
            fresh = arrange(data_dir=self.config.data_dir, region=self.config.region, narrate=self.screen.step)
            if not fresh:
                self.screen.step("customers, trunks and people are there already")
            with CallerProcess() as caller:
                if fresh or not _recorded(SCRIPTS, since=datetime.fromtimestamp(0, UTC)):
                    self.screen.headline("Placing calls over SIP and RTP")
                    self._first_calls(caller, since=began)
                self._announce()
                self._go_on(caller)
        except ParleyError as error:
            self.screen.trouble(f"the demo stops here, Parley goes on: {error} [{error.error_id}]")

    def _announce(self) -> None:
        held = next(customer for customer in CUSTOMERS if customer.custody == "customer-held")
        identity = customers_folder(self.config.data_dir) / held.handle / "identity-1.txt"
        self.screen.ready(
            address=self.config.public_url,
            password=password(self.config.data_dir),
            sealed_example=f"parley open DOWNLOADED.age --identity {identity}",
            identity=identity.parent,
            data_dir=self.config.data_dir,
        )

    def _first_calls(self, caller: CallerProcess, *, since: datetime) -> None:
        """Places every script once, shows how each goes, and waits until the recordings can be found."""
        seconds = {script.key: _seconds(script) for script in SCRIPTS}
        with CallBoard(console=self.screen.console, scripts=SCRIPTS, seconds=seconds) as board:
            for script in SCRIPTS:
                if not script.after:
                    self._place(caller, script)
            failed = self._follow(caller, board)
            expected = [script for script in SCRIPTS if script.key not in failed]
            end = time.monotonic() + _PATIENCE
            while not _recorded(expected, since=since):
                if time.monotonic() > end:
                    raise DemoRefused(
                        "calls were placed, and their recordings did not appear",
                        remedy=f"see {up.log_file(self.config, 'worker')} and {up.log_file(self.config, 'recorder')}",
                    )
                time.sleep(0.3)
            for script in expected:
                board.finish(script.key, "done")

    def _follow(self, caller: CallerProcess, board: CallBoard) -> set[str]:
        """Shows events until every script is over; returns the keys of those that were not recorded."""
        waiting = {script.key: script for script in SCRIPTS}
        talking: set[str] = set()
        failed: set[str] = set()
        retry_until = time.monotonic() + _TRUNK_PATIENCE
        tick = time.monotonic()
        while waiting:
            event = _next_event(caller, seconds=0.2)
            now = time.monotonic()
            for key in talking:
                board.advance(key, now - tick)
            tick = now
            if event is None:
                continue
            if event.event != "over":
                board.tell(event.key, event.event)
                talking |= {event.key} if event.event == "answered" else set()
            elif _too_early(event) and now < retry_until:
                time.sleep(0.5)
                self._place(caller, waiting[event.key])
            else:
                talking.discard(event.key)
                failed |= self._call_over(event, board)
                for later in _followers(waiting.pop(event.key)):
                    self._place(caller, later)
        return failed

    def _call_over(self, event: CallEvent, board: CallBoard) -> set[str]:
        """Shows how a call ended; its key when it was not recorded."""
        if event.facts["outcome"] == "completed":
            board.tell(event.key, "sealing")
            return set()
        board.finish(event.key, "refused")
        self.screen.trouble(_refusal(event))
        return {event.key}

    def _go_on(self, caller: CallerProcess) -> None:
        """A call every now and then, for as long as the process lives."""
        while caller.running:
            for first in (script for script in SCRIPTS if not script.after):
                self._talk_through(caller, first)
                time.sleep(_BETWEEN_CALLS)
        self.screen.trouble("the caller has left; no more calls are placed")

    def _talk_through(self, caller: CallerProcess, script: Script) -> None:
        """Places one call and those that follow it, and waits until they are over."""
        self._place(caller, script)
        while caller.running:
            event = _next_event(caller, seconds=1.0)
            if event is None or event.event != "over":
                continue
            if event.facts["outcome"] != "completed" and _STOPPING not in event.facts["reason"]:
                self.screen.trouble(_refusal(event))
            followers = _followers(next(known for known in SCRIPTS if known.key == event.key))
            if not followers:
                return
            for later in followers:
                self._place(caller, later)

    def _place(self, caller: CallerProcess, script: Script) -> None:
        customer = next(known for known in CUSTOMERS if known.handle == script.customer)
        if script.group and not script.after:
            self.groups[script.group] = identifier()
        caller.place(
            Order(
                key=script.key,
                host="127.0.0.1" if self.config.sip_host == _EVERY_ADDRESS else self.config.sip_host,
                port=self.config.sip_port,
                transport=script.transport,
                local_address=customer.sbc_address,
                caller=script.caller,
                callee=script.callee,
                dialogue=script.dialogue,
                first_turn=script.first_turn,
                last_turn=script.last_turn,
                group_id=self.groups.get(script.group) if script.group else None,
            )
        )


def _recorded(scripts: Iterable[Script], *, since: datetime) -> bool:
    """Whether as many recordings as scripts can be found and, where the provider holds the key, played."""
    wanted: dict[str, int] = {}
    for script in scripts:
        wanted[script.customer] = wanted.get(script.customer, 0) + 1
    return all(_playable(handle, since=since) >= count for handle, count in wanted.items())


def _playable(handle: str, *, since: datetime) -> int:
    customer = by_handle(handle)
    if customer is None:
        return 0
    with scope(customer):
        page = recordings.search(_AUDITOR, since=since, limit=50)
    return sum(row.segments for row in page.rows if row.rendition in _READY)


def _next_event(caller: CallerProcess, *, seconds: float) -> CallEvent | None:
    try:
        return caller.events.get(timeout=seconds)
    except Empty:
        if not caller.running:
            raise DemoRefused("the caller process ended", remedy="start the demo again") from None
        return None


def _too_early(event: CallEvent) -> bool:
    """Whether the recorder has not read the new trunks yet."""
    return event.facts["outcome"] == "refused" and _UNKNOWN_TRUNK in event.facts["reason"]


def _refusal(event: CallEvent) -> str:
    facts: Mapping[str, object] = event.facts
    return f"{event.key}: {facts['outcome']} {facts['status'] or ''} {facts['reason']}".rstrip()


def _followers(script: Script) -> Sequence[Script]:
    return [later for later in SCRIPTS if later.after == script.key]


def _seconds(script: Script) -> float:
    segments = dialogues()[script.dialogue].segments(first=script.first_turn, last=script.last_turn)
    return sum(segment.packets for segment in segments) * 0.02
