"""One object is put back from the backups: what was damaged where the customer's objects are, and nothing else."""

from parley.backups import files
from parley.backups.errors import NoBackup
from parley.backups.models import BackupObject
from parley.storage.api import ObjectNotFoundError
from parley.tenancy import api as tenancy


def put_back(key: str, *, sha256: str) -> None:
    """Copy an object of the customer in scope from the backups over the one that is there, which goes.

    `sha256` is that of the sealed bytes as they should be, in hexadecimal. Raises NoBackup when no backup has them so,
    and StorageError; what is there stays then.
    """
    row = BackupObject.objects.filter(customer=tenancy.current().id, key=key, sha256=sha256).first()
    kept = files.backup_store()
    try:
        whole = row is not None and kept.sha256(key) == sha256
    except ObjectNotFoundError:
        whole = False
    if not whole:
        raise NoBackup("no backup has this object as it was", remedy="Look for a copy elsewhere, or accept the loss.")
    files.copy(key, source=kept, target=files.live_store())
