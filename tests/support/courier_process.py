"""The worker with webhooks alone, to be killed: `python courier_process.py LEASE_SECONDS FOLDER`."""

import signal
import sys
from datetime import timedelta
from pathlib import Path
from threading import Event

import django

sys.path.insert(0, str(Path(__file__).parents[2]))
django.setup()

from django.conf import settings  # noqa: E402

from parley.daemons.worker import run  # noqa: E402
from parley.storage.api import open_store  # noqa: E402
from parley.webhooks import api as webhooks  # noqa: E402

stop = Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
folder = Path(sys.argv[2])
run(
    spool=folder / "spool",
    scratch=folder / "scratch",
    store=open_store(settings.PARLEY_STORE_URL),
    stop=stop,
    courier=webhooks.Courier(tell=lambda _endpoint: None, lease=timedelta(seconds=float(sys.argv[1]))),
    poll_seconds=0.05,
    sweep_seconds=1.0,
)
