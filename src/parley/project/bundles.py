"""Checking evidence bundles on the command line."""

import json
from pathlib import Path

from parley.foundation.errors import ParleyError
from parley.ledger import verifier
from parley.project.config import Config
from parley.project.up import database_running
from parley.tenancy import api as tenancy


class NoKeyKnown(ParleyError):
    """The bundle is of a log whose key this installation does not have, and none was given."""

    error_id = "project.no_key_known"


def check(bundle: Path, *, log_key: str, provider_key: str, checkpoint: Path | None, config: Config) -> int:
    """Check `bundle` with the single-file verifier; its exit status: 0 holds, 1 refused, 2 unreadable.

    Without `log_key` the key is this installation's own: that shows that nothing was changed since, not that the
    installation itself is honest; for that, give the key of the agreement's annex. Raises NoKeyKnown.
    """
    arguments = [str(bundle), "--log-key", log_key or _own_key(bundle, config)]
    if provider_key:
        arguments += ["--provider-key", provider_key]
    if checkpoint:
        arguments += ["--checkpoint", str(checkpoint)]
    return verifier.main(arguments)


def _own_key(bundle: Path, config: Config) -> str:
    try:
        origin = str(json.loads(bundle.read_bytes())["checkpoint"]).split("\n", 1)[0]
    except (OSError, ValueError, KeyError, TypeError):
        origin = ""  # unreadable or changed: the verifier says so, whatever the key
    with database_running(config):
        known = tenancy.by_log_id(origin.removeprefix("parley/")) or tenancy.provider()
        key = tenancy.keyring().ledger_signer(known).log_key
    if origin and key.name != origin:
        raise NoKeyKnown("this installation has no key of that log", remedy="Give it with --log-key.")
    return str(key)
