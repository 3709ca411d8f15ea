"""Who wants to hear of duties: wired by whoever knows both sides, called in the transaction of the change."""

from typing import Literal

from parley.obligations.duty_types import DutyHook, DutyView

Occasion = Literal["warning", "overdue", "passed"]
_hooks: dict[Occasion, list[DutyHook]] = {"warning": [], "overdue": [], "passed": []}


def on_warning(hook: DutyHook) -> None:
    """Call `hook` when an open duty comes nearer to its due date (escalation)."""
    _add("warning", hook)


def on_overdue(hook: DutyHook) -> None:
    """Call `hook` when a duty was not met when it was due."""
    _add("overdue", hook)


def on_passed(hook: DutyHook) -> None:
    """Call `hook` when a window closed or a moment came."""
    _add("passed", hook)


def call(occasion: Occasion, duty: DutyView) -> None:
    """Tell everybody who wants to hear; an error of a hook undoes the change, and it is tried again."""
    for hook in _hooks[occasion]:
        hook(duty)


def _add(occasion: Occasion, hook: DutyHook) -> None:
    if hook not in _hooks[occasion]:
        _hooks[occasion].append(hook)
