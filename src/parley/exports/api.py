"""What other packages may use of exports: packages that are written, and saved ones behind a link that expires.

start(title=..., reason="subject", subject=subject, options=options, by=user_id, at=now, key=f"rights:{id}")
get(id).state, link(id), withdraw(id, by=user_id, at=now)

`write_package` writes one into any file, for whoever has its own place for it. Functions work in the customer's scope.
"""

from parley.exports.errors import ExportDamaged, ExportRefused, NoSuchExport
from parley.exports.holding import STORE
from parley.exports.making import handlers, long_handlers
from parley.exports.package import write_package
from parley.exports.saved import by_token, fetched, get, link, listing, open_package, require_allowed, start, withdraw
from parley.exports.tables import csv_row
from parley.exports.types import ExportView, Package

__all__ = [
    "STORE",
    "ExportDamaged",
    "ExportRefused",
    "ExportView",
    "NoSuchExport",
    "Package",
    "by_token",
    "csv_row",
    "fetched",
    "get",
    "handlers",
    "link",
    "listing",
    "long_handlers",
    "open_package",
    "require_allowed",
    "start",
    "withdraw",
    "write_package",
]
