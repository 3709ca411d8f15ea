"""Keyrings sealed by a key inside a PKCS#11 module: a real SoftHSM2 token in a folder of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pkcs11
import pytest
from django.conf import settings
from tests.support.installation import MakeCustomer

from parley.sealing.api import open_bytes, seal_bytes
from parley.tenancy import api as tenancy
from parley.tenancy.module import ModuleKey, pin_reader
from parley.tenancy.selection import operator_module

LIBRARY = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "7-of-nine-pins"


@dataclass(frozen=True)
class Token:
    """A SoftHSM2 token and the file with its PIN."""

    folder: Path
    pin_file: Path

    def key(self, *, token: str = "parley", library: Path = LIBRARY, pin: str = "") -> ModuleKey:
        read = pin_reader(file="" if pin else str(self.pin_file), pin=pin)
        return ModuleKey(library=library, token=token, pin=read)

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """`parley` with the module in its settings."""
        known = {
            "PARLEY_KEYS_MODULE": str(LIBRARY), "PARLEY_KEYS_TOKEN": "parley",
            "PARLEY_KEYS_PIN_FILE": str(self.pin_file), "PARLEY_DATA_DIR": str(settings.PARLEY_DATA_DIR),
        }  # fmt: skip
        return subprocess.run(
            [sys.executable, "-m", "parley.project.cli", *words],
            env={**os.environ, **known, **more}, capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    """A token with the key that `parley keys make` made."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    made = ["softhsm2-util", "--init-token", "--free", "--label", "parley", "--pin", PIN, "--so-pin", "so-1234"]
    subprocess.run(made, check=True, capture_output=True)
    (folder / "pin").write_text(f"{PIN}\n")
    found = Token(folder, folder / "pin")
    try:
        lacking = found.run("keys", "check")
        assert lacking.returncode == 1 and "has no key parley-keyring" in lacking.stderr
        told = found.run("keys", "make")
        assert told.returncode == 0, told.stderr
        assert PIN not in told.stdout + told.stderr
        yield found
    finally:
        if before is None:
            del os.environ["SOFTHSM2_CONF"]
        else:
            os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture
def module(token: Token, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The installation has this module."""
    for name, value in (("MODULE", LIBRARY), ("TOKEN", "parley"), ("PIN_FILE", token.pin_file), ("PIN", "")):
        monkeypatch.setattr(settings, f"PARLEY_KEYS_{name}", str(value))
    operator_module.cache_clear()
    yield
    operator_module.cache_clear()


def keyring_file(customer: tenancy.Customer) -> Path:
    directory: Path = settings.PARLEY_DATA_DIR / "keys" / "customers"
    return directory / f"{customer.id}.keyring"


def test_a_customer_whose_keyring_the_module_seals(token: Token, module: None, make_customer: MakeCustomer) -> None:
    made = make_customer(custody="pkcs11")
    sealed = seal_bytes(b"a call", made.recipients)
    assert open_bytes(sealed, tenancy.keyring().identities(made)) == b"a call"
    assert keyring_file(made).read_bytes()[:1] == b"\x02"
    assert tenancy.keyring().backup_identity_of(made.id) == tenancy.keyring().backup_identity(made)

    # The module is restarted under the open session, as a network HSM does: the next deed opens another.
    pkcs11.lib(str(LIBRARY)).reinitialize()
    assert open_bytes(sealed, tenancy.keyring().identities(made)) == b"a call"

    recipients = tenancy.rotate_keys(made)
    assert recipients != made.recipients
    assert open_bytes(sealed, tenancy.keyring().identities(made)) == b"a call"

    other = make_customer(custody="pkcs11")
    keyring_file(other).write_bytes(keyring_file(made).read_bytes())
    with pytest.raises(tenancy.KeysUnavailable, match="does not open"):
        tenancy.keyring().identities(other)
    altered = bytearray(keyring_file(made).read_bytes())
    altered[-1] ^= 1
    keyring_file(made).write_bytes(altered)
    with pytest.raises(tenancy.KeysUnavailable, match="does not open"):
        tenancy.keyring().identities(made)


def test_the_key_never_leaves_the_module(token: Token) -> None:
    token.key().check()
    library = pkcs11.lib(str(LIBRARY))
    library.reinitialize()  # one process, one login: ours is over
    with library.get_token(token_label="parley").open(user_pin=PIN) as session:
        key = next(iter(session.get_objects({pkcs11.Attribute.LABEL: "parley-keyring"})))
        assert key[pkcs11.Attribute.SENSITIVE] and not key[pkcs11.Attribute.EXTRACTABLE]
        with pytest.raises(pkcs11.AttributeSensitive):
            key[pkcs11.Attribute.VALUE]


def test_a_second_key_is_not_made(token: Token) -> None:
    told = token.run("keys", "make")
    assert told.returncode == 1
    assert "has a key parley-keyring already" in told.stderr
    assert token.run("keys", "check").returncode == 0


def test_what_is_wrong_is_said_without_the_pin(token: Token) -> None:
    wrong = token.key(pin="wrong-pin-1234")
    for words in ("refuses the PIN: PinIncorrect", "refused this PIN before"):
        with pytest.raises(tenancy.KeysUnavailable, match=words) as caught:
            wrong.check()
        assert "wrong-pin" not in str(caught.value) + repr(wrong)
    with pytest.raises(tenancy.KeysUnavailable, match="no token elsewhere"):
        token.key(token="elsewhere").check()
    told = token.run("keys", "check", PARLEY_KEYS_MODULE="/nowhere/module.so")
    assert told.returncode == 1
    assert "the PKCS#11 module cannot be used" in told.stderr
    with pytest.raises(tenancy.KeysUnavailable, match="PIN cannot be read"):
        ModuleKey(library=LIBRARY, token="parley", pin=pin_reader(file="/nowhere/pin", pin="")).check()
    for given, words in (
        ({"PARLEY_KEYS_PIN": "x"}, "keys.module needs its PIN once"),
        ({"PARLEY_KEYS_PIN_FILE": ""}, "keys.module needs its PIN once"),
        ({"PARLEY_KEYS_TOKEN": ""}, "keys.module has no token"),
        ({"PARLEY_KEYS_MODULE": ""}, "no PKCS#11 module is configured"),
    ):
        told = token.run("keys", "check", **given)
        assert told.returncode == 1 and words in told.stderr
