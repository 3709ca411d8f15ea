"""The key inside a PKCS#11 module: `parley keys make` and `parley keys check`."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from parley.project.config import Config, ConfigError

if TYPE_CHECKING:  # the settings must be there before tenancy is loaded
    from parley.tenancy.api import KeyInModule


def register(app: typer.Typer, *, out: Console, prepared: Callable[[], Config]) -> None:
    """Add the commands; `prepared` gives the settings with everything set up."""
    keys = typer.Typer(help="The key inside a PKCS#11 module that seals keyrings.", no_args_is_help=True)
    app.add_typer(keys, name="keys")

    @keys.command("make")
    def make() -> None:
        """Make the key in the token. It never leaves the module: back the token up by the module's own means."""
        config = prepared()
        module = _module()
        module.make()
        module.check()
        out.print(f"the token {config.keys_token} has the key {module.label}; it seals keyrings of pkcs11 customers")

    @keys.command("check")
    def check() -> None:
        """Say whether the module, its token, the PIN and the key work."""
        config = prepared()
        module = _module()
        module.check()
        out.print(f"the key {module.label} of the token {config.keys_token} works")


def _module() -> "KeyInModule":
    from parley.tenancy.api import operator_module

    module = operator_module()
    if module is None:
        raise ConfigError(
            "no PKCS#11 module is configured",
            remedy="Set keys.module and keys.token, and keys.pin_file or PARLEY_KEYS_PIN.",
        )
    return module
