"""A fault of ours in one event or call leaves the others alone, and quotes nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

_log = structlog.get_logger()


@contextmanager
def contained() -> Iterator[None]:
    """Keeps a fault of ours in one event or call from ending the recorder, and says so."""
    try:
        yield
    except Exception as error:
        log_fault(error)


def log_fault(error: Exception) -> None:
    """The message of an unforeseen error may quote a request: only its kind and place are logged."""
    _log.error("sip.fault", error=type(error).__name__, place=_place(error))


def _place(error: Exception) -> str:
    """File and line where an error arose."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
