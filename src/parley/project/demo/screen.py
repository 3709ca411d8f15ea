"""What the demo shows in the terminal: steps, calls with their progress, and where to go when all is ready."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from parley.project.demo.scenario import CUSTOMERS, OPERATOR, Script

_STATES: Final[Mapping[str, str]] = {
    "calling": "INVITE sent",
    "answered": "speaking, being recorded",
    "held": "on hold",
    "resumed": "speaking, being recorded",
    "sealing": "over; waiting for the recording",
    "done": "recorded",
    "refused": "refused",
}
_QUIET: Final = frozenset({"stopped"})


class Screen:
    """Writes for people; safe to use from several threads."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._lock = threading.Lock()

    def process(self, event: str, /, *, process: str, **facts: object) -> None:
        """What the supervisor tells of a process."""
        seconds = facts.get("seconds")
        if event == "ready":
            self.step(f"{process} is up" + (f" ({seconds:.1f} s)" if isinstance(seconds, float) else ""))
        elif event not in _QUIET:
            told = " ".join(f"{name}={value}" for name, value in facts.items())
            self.trouble(f"{process} {event} {told}".rstrip())

    def step(self, text: str) -> None:
        """One thing that is done."""
        self._print(f"  [green]✓[/] {escape(text)}")

    def trouble(self, text: str) -> None:
        """Something that a person should know, and that does not stop the demo."""
        self._print(f"  [yellow]![/] {escape(text)}")

    def headline(self, text: str) -> None:
        """What comes next."""
        self._print(f"[bold]{text}[/]")

    def ready(self, *, address: str, password: str, sealed_example: str, identity: Path, data_dir: Path) -> None:
        """Where to go and how to sign in; `sealed_example` opens a recording of the second customer."""
        table = Table(box=None, pad_edge=False, show_header=False)
        for customer in CUSTOMERS:
            table.add_row(f"[bold]{customer.name}[/]", f"[bold]{address}/c/{customer.handle}/[/]")
            for person in customer.people:
                table.add_row(f"  {person.name}, {person.role}", person.email)
        table.add_row("[bold]Provider[/]", f"[bold]{address}/provider/[/]")
        table.add_row(f"  {OPERATOR.name}, {OPERATOR.role}", OPERATOR.email)
        with self._lock:
            self.console.print()
            self.console.print(Panel.fit(table, title=f"ready: {address}/", title_align="left", border_style="green"))
            self._line(f"Everybody's password: [bold]{password}[/]")
            self._line(f"{CUSTOMERS[1].name} alone holds its keys, in {identity}; it opens what it downloaded with")
            self._line(f"  {sealed_example}")
            self._line(f"The provider's data is in {data_dir}. Calls go on; Ctrl-C ends everything.")

    def _print(self, text: str) -> None:
        with self._lock:
            self._line(text)

    def _line(self, text: str) -> None:
        self.console.print(text, highlight=False, soft_wrap=True)


class CallBoard:
    """The calls that are being placed, a bar each; used as a context while they run."""

    def __init__(self, *, console: Console, scripts: Sequence[Script], seconds: Mapping[str, float]) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:34}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.fields[state]}"),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {
            script.key: self._progress.add_task(script.key, total=seconds[script.key], state="waiting", start=False)
            for script in scripts
        }
        self._talking: dict[str, float] = {}

    def __enter__(self) -> "CallBoard":
        self._progress.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._progress.stop()

    def tell(self, key: str, event: str) -> None:
        """The call `key` is in another state."""
        if event == "calling":
            self._progress.start_task(self._tasks[key])
        self._progress.update(self._tasks[key], state=_STATES.get(event, event))

    def advance(self, key: str, seconds: float) -> None:
        """So many seconds of the call have passed."""
        self._progress.update(self._tasks[key], advance=seconds)

    def finish(self, key: str, event: str) -> None:
        """The call is over and recorded, or refused."""
        task = self._tasks[key]
        total = next(entry.total for entry in self._progress.tasks if entry.id == task)
        self._progress.update(task, completed=total or 0, state=_STATES.get(event, event))
        self._progress.stop_task(task)
