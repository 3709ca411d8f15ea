"""Whose hands a customer's keys are in, and what the provider can therefore open.

`local`: the identities lie in the customer's keyring file, sealed by the operator's root key. `customer-held`: the
provider knows recipients only. `pkcs11`: like `local`, but a key inside a hardware module seals the keyring file.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from parley.ledger.api import LogSigner
from parley.sealing.api import Identity, SealingError, generate_identity, identity_from, parse_recipient
from parley.tenancy.errors import CustomerRefused, KeysUnavailable
from parley.tenancy.keys import KeyEncryptionKey, KeyFile, RootKey, destroy_private, sealed_by_module
from parley.tenancy.selection import operator_key, operator_module
from parley.tenancy.types import Custody, Customer

CUSTOMER_HELD_RECIPIENTS: Final = 2  # one lost key must not lose every recording


@dataclass(frozen=True)
class Keyring:
    """The keys that this installation holds, by customer. Read from disk at each use, kept nowhere.

    `module` is the key inside a PKCS#11 module, where the operator has one.
    """

    directory: Path
    root: RootKey
    module: KeyEncryptionKey | None = None

    def make(self, *, customer_id: UUID, custody: Custody, recipients: tuple[str, ...]) -> tuple[str, ...]:
        """Make a customer's keyring; returns the recipients to seal to. Raises CustomerRefused."""
        identities: tuple[str, ...] = ()
        if custody == "customer-held":
            recipients = _checked(recipients)
        elif recipients:
            raise CustomerRefused(f"a customer with {custody} keys is given its recipients", remedy="Name none.")
        else:
            identity = generate_identity()
            identities, recipients = (identity.secret,), (identity.recipient,)
        KeyFile.fresh(identities=identities).save(
            directory=self.directory, customer_id=customer_id, key=self._encryption(custody)
        )
        return recipients

    def renew(self, customer: Customer, *, recipients: tuple[str, ...]) -> tuple[str, ...]:
        """New keys for `customer`; returns the recipients to seal to from now on. Raises as `make` does.

        Former identities stay in the keyring, after the new one: what was sealed to them stays readable.
        """
        if customer.custody == "customer-held":
            return _checked(recipients)
        if recipients:
            raise CustomerRefused(
                f"a customer with {customer.custody} keys is given its recipients", remedy="Name none."
            )
        file, identity = self._file(customer), generate_identity()
        replace(file, identities=(identity.secret, *file.identities)).save(
            directory=self.directory, customer_id=customer.id, key=self._encryption(customer.custody)
        )
        return (identity.recipient,)

    def forget(self, *, customer_id: UUID) -> bool:
        """Destroy a customer's keyring durably; False when there was none.

        Its identities, index secret, signing seed and backup key are gone with it: what is sealed to them opens no
        more. The file is overwritten before it is removed; a file system that copies on write keeps the old blocks,
        which hold the keyring as the operator's root key or module sealed it.
        """
        return destroy_private(self.directory / f"{customer_id}.keyring")

    def holds(self, *, customer_id: UUID) -> bool:
        """Whether there is a keyring file of that customer."""
        return (self.directory / f"{customer_id}.keyring").exists()

    def backup_identity(self, customer: Customer) -> Identity:
        """The key pair that the customer's backups are sealed to, whatever its custody: backups hold rows, in which
        what only the customer can open stays sealed to the customer."""
        return identity_from(RootKey(self._file(customer).index_secret).derived("backup identity"))

    def backup_identity_of(self, customer_id: UUID) -> Identity:
        """The same by the tenant's id alone, sealed by whichever key: when no register says who it is any more."""
        by_module = self.module is not None and sealed_by_module(directory=self.directory, customer_id=customer_id)
        key = self._encryption("pkcs11" if by_module else "local")
        file = KeyFile.load(directory=self.directory, customer_id=customer_id, key=key)
        return identity_from(RootKey(file.index_secret).derived("backup identity"))

    def identities(self, customer: Customer) -> tuple[str, ...]:
        """The secrets that open what is sealed to `customer`; none when the customer holds its keys."""
        return self._file(customer).identities

    def index_key(self, customer: Customer, field: str) -> bytes:
        """The 32-byte key of the blind index over `field`."""
        return RootKey(self._file(customer).index_secret).derived(f"index {field}")

    def ledger_signer(self, customer: Customer) -> LogSigner:
        """What signs the checkpoints of the customer's log; the provider's also countersigns all others."""
        key = Ed25519PrivateKey.from_private_bytes(self._file(customer).log_seed)
        return LogSigner.of(log_id=customer.log_id, key=key)

    def _file(self, customer: Customer) -> KeyFile:
        return KeyFile.load(directory=self.directory, customer_id=customer.id, key=self._encryption(customer.custody))

    def _encryption(self, custody: Custody) -> KeyEncryptionKey:
        if custody != "pkcs11":
            return self.root
        if self.module is None:
            raise KeysUnavailable(
                "no PKCS#11 module is configured",
                remedy="Set keys.module, keys.token and keys.pin_file; or choose local or customer-held keys.",
            )
        return self.module


def keyring() -> Keyring:
    """The keyring of this installation."""
    directory = settings.PARLEY_DATA_DIR / "keys" / "customers"
    return Keyring(directory=directory, root=operator_key(), module=operator_module())


def _checked(recipients: tuple[str, ...]) -> tuple[str, ...]:
    """The recipients of a customer that holds its keys: at least two, different, well formed."""
    try:
        parsed = tuple(dict.fromkeys(parse_recipient(text).text for text in recipients))
    except SealingError as error:
        raise CustomerRefused(f"a recipient cannot be used: {error}", remedy="Give age1... recipients.") from error
    if len(parsed) < CUSTOMER_HELD_RECIPIENTS:
        raise CustomerRefused(
            "a customer that holds its keys names at least two different recipients",
            remedy="Make a second key with age-keygen and keep it elsewhere.",
        )
    return parsed
