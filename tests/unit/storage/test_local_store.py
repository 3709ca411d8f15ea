"""The local store: whole or not at all, durable, and inside its directory."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from parley.storage.api import (
    KeyRefusedError,
    ObjectHead,
    ObjectNotFoundError,
    ObjectStore,
    StoreAddressError,
    StoredObject,
    StoreFullError,
    open_store,
)

KEY = "customer/recordings/one/000.age"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def store(root: Path) -> ObjectStore:
    return open_store(root.as_uri())


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
@pytest.mark.parametrize("source", ["bytes", "file"])
def test_an_object_comes_back_with_its_hash(store: ObjectStore, tmp_path: Path, size: int, source: str) -> None:
    data = os.urandom(size)
    path = tmp_path / "part"
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    assert store.put(KEY, path if source == "file" else data) == StoredObject(key=KEY, size=size, sha256=digest)
    assert store.head(KEY) == ObjectHead(key=KEY, size=size)
    assert store.sha256(KEY) == digest
    with store.open(KEY) as file:
        assert file.read(size + 1) == data
        assert file.seek(size // 2) == size // 2
        assert file.read(10) == data[size // 2 :][:10]
    assert store.get_range(KEY, size // 3, size // 3 + 1000) == data[size // 3 :][:1000]
    assert store.get_range(KEY, size, size + 10) == b""
    assert store.get_range(KEY, 5, 2) == b""


def test_putting_again_replaces_the_object(store: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "part"
    path.write_bytes(b"sealed")
    store.put(KEY, path)
    assert store.put(KEY, path).size == 6
    assert store.put(KEY, b"another").size == 7
    assert store.get_range(KEY, 0, 100) == b"another"
    assert path.read_bytes() == b"sealed"


def test_a_file_on_another_file_system_is_copied(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "part"
    path.write_bytes(b"sealed" * 500_000)

    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "another file system")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert store.put(KEY, path).sha256 == hashlib.sha256(b"sealed" * 500_000).hexdigest()
    assert store.head(KEY).size == 3_000_000


def test_file_and_directories_are_synced_before_the_answer(
    store: ObjectStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    real = os.fsync

    def watch(descriptor: int) -> None:
        synced.append((str(Path(f"/proc/self/fd/{descriptor}").readlink()), (root / KEY).exists()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    store.put(KEY, b"sealed")
    names = [name for name, _ in synced]
    temporary = next(name for name in names if "/.incoming/" in name)
    assert not dict(synced)[temporary], "the file is synced before it has its name"
    assert synced[-1] == (str((root / KEY).parent), True), "the directory is synced after it has"
    assert {str(root), str(root / "customer"), str(root / "customer/recordings")} <= set(names)


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_a_failed_put_leaves_what_was_there(
    store: ObjectStore, root: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store.put(KEY, b"before")

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(*((os, "fsync", full) if step == "fsync" else (Path, "rename", full)))
        with pytest.raises(StoreFullError):
            store.put(KEY, b"after")
    assert store.get_range(KEY, 0, 100) == b"before"
    assert list((root / ".incoming").iterdir()) == []


def test_delete_says_whether_there_was_something_and_leaves_no_empty_directories(
    store: ObjectStore, root: Path
) -> None:
    store.put(KEY, b"sealed")
    store.put("customer/other", b"sealed")
    assert store.delete(KEY)
    assert not store.delete(KEY)
    assert [entry.name for entry in (root / "customer").iterdir()] == ["other"]
    for read in (store.head, store.open, store.sha256):
        with pytest.raises(ObjectNotFoundError):
            read(KEY)
    with pytest.raises(ObjectNotFoundError):
        store.get_range(KEY, 0, 1)


def test_directories_that_a_killed_process_emptied_go_with_their_prefix(store: ObjectStore, root: Path) -> None:
    for number in range(3):
        store.put(f"customer/recordings/{number}/000.age", b"sealed")
    (root / "customer/recordings/0/000.age").unlink()
    (root / "customer/recordings/1/000.age").unlink()
    assert store.delete_many(["customer"]) == 0
    assert [entry.name for entry in (root / "customer/recordings").iterdir()] == ["2"]
    (root / "customer/recordings/2/000.age").unlink()
    assert store.delete_many(["customer", "nobody"]) == 0
    assert [entry.name for entry in root.iterdir()] == [".incoming"]


def test_list_is_by_whole_segments_and_in_order(store: ObjectStore, root: Path) -> None:
    for key in ("a/2", "a/1/x", "ab/1", "c"):
        store.put(key, key.encode())
    (root / ".incoming" / "left").write_bytes(b"by a killed process")
    assert [found.key for found in store.list()] == ["a/1/x", "a/2", "ab/1", "c"]
    assert [found.key for found in store.list("a")] == ["a/1/x", "a/2"]
    assert [found.key for found in store.list("a/")] == ["a/1/x", "a/2"]
    assert list(store.list("c")) == [ObjectHead(key="c", size=1)]
    assert list(store.list("nothing")) == []


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".incoming/x", "a/.x", "a b", "ä", "x" * 600]
)
def test_a_key_that_could_leave_the_store_is_refused(store: ObjectStore, key: str) -> None:
    with pytest.raises(KeyRefusedError):
        store.put(key, b"sealed")
    with pytest.raises(KeyRefusedError):
        store.get_range(key, 0, 1)


def test_objects_are_for_their_owner_only(store: ObjectStore, root: Path) -> None:
    store.put(KEY, b"sealed")
    assert (root / KEY).stat().st_mode & 0o777 == 0o600
    assert (root / "customer").stat().st_mode & 0o777 == 0o700


def test_what_a_killed_process_left_is_cleared_a_day_later(root: Path, store: ObjectStore) -> None:
    old, new = root / ".incoming" / "old", root / ".incoming" / "new"
    old.write_bytes(b"x")
    new.write_bytes(b"x")
    os.utime(old, (0, 0))
    open_store(root.as_uri())
    assert not old.exists()
    assert new.exists()


@pytest.mark.parametrize(
    "url",
    ["", "objects", "file://", "file://elsewhere/x", "http://x/y", "s3://", "s3://key:secret@bucket", "s3://b?ssl=no"],
)
def test_an_address_that_is_not_understood_is_refused(url: str) -> None:
    with pytest.raises(StoreAddressError):
        open_store(url)
