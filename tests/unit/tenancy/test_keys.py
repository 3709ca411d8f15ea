"""The root key and what it seals."""

from pathlib import Path
from uuid import UUID

import pytest

from parley.tenancy.errors import KeysUnavailable
from parley.tenancy.keys import KeyFile, RootKey, root_key

ROOT = RootKey(bytes(range(32)))
ID = UUID(int=7)


def test_a_root_key_is_made_once_and_private(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "root.key"
    with pytest.raises(KeysUnavailable):
        root_key(file)
    made = root_key(file, create=True)
    assert root_key(file) == root_key(file, create=True) == made
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["root.key"]


def test_a_file_of_another_size_is_no_root_key(tmp_path: Path) -> None:
    (tmp_path / "root.key").write_bytes(b"short")
    with pytest.raises(KeysUnavailable):
        root_key(tmp_path / "root.key")


def test_purposes_never_share_a_key() -> None:
    derived = {ROOT.derived(purpose) for purpose in ("a", "b", "database role a", "index a")}
    assert len(derived) == 4
    assert ROOT.derived("a") == RootKey(bytes(range(32))).derived("a")


def test_secrets_show_in_no_representation() -> None:
    assert "00010203" not in repr(ROOT) + str(ROOT)
    assert "AGE-SECRET" not in repr(KeyFile.fresh(identities=("AGE-SECRET-KEY-1X",)))


def test_a_key_file_opens_again_and_only_unchanged(tmp_path: Path) -> None:
    made = KeyFile.fresh(identities=("AGE-SECRET-KEY-1X",))
    made.save(directory=tmp_path, customer_id=ID, key=ROOT)
    assert KeyFile.load(directory=tmp_path, customer_id=ID, key=ROOT) == made
    file = tmp_path / f"{ID}.keyring"
    whole = file.read_bytes()
    for position in range(len(whole)):
        file.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(KeysUnavailable):
            KeyFile.load(directory=tmp_path, customer_id=ID, key=ROOT)
    file.write_bytes(whole)
    with pytest.raises(KeysUnavailable):
        KeyFile.load(directory=tmp_path, customer_id=ID, key=RootKey(bytes(32)))
