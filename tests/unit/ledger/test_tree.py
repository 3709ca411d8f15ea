"""The tree against the vectors of Certificate Transparency, the RFC's own definition, and an independent peer."""

import hashlib
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.ledger_peer import aics_tlog

from parley.ledger import tree
from parley.ledger.tree import TileId
from parley.ledger.verifier import EMPTY_ROOT, leaf_hash, node_hash, verify_consistency, verify_inclusion

# The leaves, roots and paths of the Certificate Transparency project's merkletree tests.
CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CT_CONSISTENCY = {
    (1, 1): [],
    (1, 8): CT_INCLUSION[(0, 8)],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def grow(hashes: list[bytes], *batches: int) -> dict[TileId, bytes]:
    """The tiles after adding `hashes` in batches of those sizes, the rest at once."""
    tiles: dict[TileId, bytes] = {}
    size = 0
    for count in (*batches, len(hashes)):
        batch = hashes[size : size + count]
        edge = {place: tiles[place] for place in tree.edge_tiles(size)}
        tiles |= tree.extend(size=size, edge=edge, leaves=batch)
        size += len(batch)
    return tiles


@cache
def numbered(count: int) -> tuple[bytes, ...]:
    return tuple(leaf_hash(b"%d" % number) for number in range(count))


def definition(hashes: tuple[bytes, ...]) -> bytes:
    """MTH as RFC 9162 section 2.1.1 writes it."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    return node_hash(definition(hashes[:half]), definition(hashes[half:]))


def inclusion(tiles: dict[TileId, bytes], index: int, size: int) -> list[bytes]:
    spans = tree.inclusion_spans(index=index, size=size)
    return tree.hashes(spans=spans, tiles={place: tiles[place] for place in tree.tiles_for(spans)})


def consistency(tiles: dict[TileId, bytes], old: int, new: int) -> list[bytes]:
    spans = tree.consistency_spans(old=old, new=new)
    return tree.hashes(spans=spans, tiles={place: tiles[place] for place in tree.tiles_for(spans)})


def root(tiles: dict[TileId, bytes], size: int) -> bytes:
    return tree.root(size=size, tiles=tiles)


def test_roots_are_those_of_certificate_transparency():
    tiles = grow([leaf_hash(leaf) for leaf in CT_LEAVES])
    assert [root(tiles, size).hex() for size in range(9)] == CT_ROOTS


@pytest.mark.parametrize(("index", "size"), CT_INCLUSION)
def test_inclusion_proofs_are_those_of_certificate_transparency(index, size):
    tiles = grow([leaf_hash(leaf) for leaf in CT_LEAVES])
    path = inclusion(tiles, index, size)
    assert [value.hex() for value in path] == CT_INCLUSION[index, size]
    leaf = leaf_hash(CT_LEAVES[index])
    assert verify_inclusion(leaf=leaf, index=index, size=size, path=path, root=bytes.fromhex(CT_ROOTS[size]))


@pytest.mark.parametrize(("old", "new"), CT_CONSISTENCY)
def test_consistency_proofs_are_those_of_certificate_transparency(old, new):
    tiles = grow([leaf_hash(leaf) for leaf in CT_LEAVES])
    path = consistency(tiles, old, new)
    assert [value.hex() for value in path] == CT_CONSISTENCY[old, new]
    old_root, new_root = (bytes.fromhex(CT_ROOTS[size]) for size in (old, new))
    assert verify_consistency(old_size=old, old_root=old_root, new_size=new, new_root=new_root, path=path)


@given(st.lists(st.integers(0, 300), max_size=8), st.integers(0, 300))
@settings(max_examples=40, deadline=None)
def test_any_batches_give_the_same_tree(batches, rest):
    size = sum(batches) + rest
    hashes = list(numbered(size))
    tiles = grow(hashes, *batches)
    assert tiles == grow(hashes)
    assert {place: len(data) // 32 for place, data in tiles.items()} == {
        place: tree.tile_width(size=size, tile=place) for place in tiles
    }
    assert root(tiles, size) == definition(tuple(hashes))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_proofs_hold_and_agree_with_the_peer(data):
    peer = aics_tlog()
    new = data.draw(st.integers(1, 700))
    old, index = data.draw(st.integers(0, new)), data.draw(st.integers(0, new - 1))
    later = data.draw(st.integers(0, 300))
    hashes = numbered(new)
    tiles = grow(list(numbered(new + later)), old)  # proofs at an older head, from tiles that grew since
    new_root, old_root = definition(hashes), definition(hashes[:old])
    path = inclusion(tiles, index, new)
    assert verify_inclusion(leaf=hashes[index], index=index, size=new, path=path, root=new_root)
    assert peer.verify_inclusion(hashes[index], index, new, path, new_root)
    growth = consistency(tiles, old, new)
    assert verify_consistency(old_size=old, old_root=old_root, new_size=new, new_root=new_root, path=growth)
    assert peer.verify_consistency(old, new, old_root, new_root, growth)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_proof_of_anything_else_is_refused(data):
    size = data.draw(st.integers(2, 300))
    index, other = (data.draw(st.integers(0, size - 1)) for _ in range(2))
    hashes = numbered(size)
    tiles, top = grow(list(hashes)), definition(hashes)
    path = inclusion(tiles, index, size)
    leaf = hashes[index]
    if other != index:
        assert not verify_inclusion(leaf=leaf, index=other, size=size, path=path, root=top)
    assert not verify_inclusion(leaf=leaf, index=index, size=size, path=path[:-1], root=top)
    assert not verify_inclusion(leaf=leaf, index=index, size=size, path=[*path, leaf], root=top)
    old = data.draw(st.integers(1, size - 1))
    growth = consistency(tiles, old, size)
    for wrong in {max(old - 1, 1), old + 1} - {old}:
        assert not verify_consistency(
            old_size=wrong, old_root=definition(hashes[:old]), new_size=size, new_root=top, path=growth
        )
    for cut in (growth[:-1], growth[1:], [*growth, leaf]):
        assert not verify_consistency(
            old_size=old, old_root=definition(hashes[:old]), new_size=size, new_root=top, path=cut
        )


def test_proofs_across_three_levels_of_tiles():
    size = 66_000
    hashes = numbered(size)
    tiles = grow(list(hashes), 65_535, 1, 1, 200)
    peer = aics_tlog()
    top = root(tiles, size)
    assert max(place.level for place in tiles) == 2
    assert top == peer.tree_root_from_tiles(_Reader(tiles), size)
    for index in (0, 255, 256, 65_535, 65_536, size - 1):
        path = inclusion(tiles, index, size)
        assert peer.verify_inclusion(hashes[index], index, size, path, top)
        assert path == peer.inclusion_proof_from_tiles(_Reader(tiles), index, size)
    for old in (1, 256, 65_535, 65_536, 65_999):
        growth = consistency(tiles, old, size)
        assert growth == peer.consistency_proof_from_tiles(_Reader(tiles), old, size)
        assert peer.verify_consistency(old, size, root(tiles, old), top, growth)


def test_the_empty_tree_and_bad_questions():
    assert tree.root(size=0, tiles={}) == EMPTY_ROOT
    assert tree.edge_tiles(0) == []
    assert tree.extend(size=0, edge={}, leaves=[]) == {}
    with pytest.raises(ValueError, match="no leaf"):
        tree.inclusion_spans(index=3, size=3)
    with pytest.raises(ValueError, match="does not follow"):
        tree.consistency_spans(old=4, new=3)
    with pytest.raises(ValueError, match="too short"):
        tree.root(size=3, tiles={TileId(0, 0): b"\x00" * 64})
    assert not verify_inclusion(leaf=EMPTY_ROOT, index=0, size=0, path=[], root=EMPTY_ROOT)
    assert verify_consistency(old_size=0, old_root=EMPTY_ROOT, new_size=5, new_root=b"r" * 32, path=[])
    assert not verify_consistency(old_size=0, old_root=b"x" * 32, new_size=5, new_root=b"r" * 32, path=[])
    assert not verify_consistency(old_size=5, old_root=EMPTY_ROOT, new_size=3, new_root=EMPTY_ROOT, path=[])


class _Reader:
    """Our tiles as the peer reads them."""

    def __init__(self, tiles: dict[TileId, bytes]) -> None:
        self.tiles = tiles

    def read_tile(self, level: int, index: int, width: int | None) -> bytes | None:
        data = self.tiles.get(TileId(level, index), b"")
        wanted = 32 * (width or 256)
        return data[:wanted] if len(data) >= wanted else None

    def read_entry_bundle(self, index: int, width: int | None) -> bytes | None:
        return None
