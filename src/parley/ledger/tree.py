"""The Merkle tree of RFC 9162 section 2.1 over C2SP tiles of height 8. Pure: tiles are handed in.

A tile holds up to 256 hashes of 32 bytes. Hash `i` of tile number N of level L is the root of the complete subtree over
the leaves [(256*N + i) * 256**L, (256*N + i + 1) * 256**L); level 0 holds leaf hashes (c2sp.org/tlog-tiles). Only the
rightmost tile of a level is partial, and it only ever grows: a shorter tile is a prefix of the longer one.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from parley.ledger.verifier import EMPTY_ROOT, node_hash

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
HASH: Final = 32
FULL: Final = WIDTH * HASH


class TileId(NamedTuple):
    """Where a tile stands: `level` counts in steps of 8 tree levels, `number` from the left."""

    level: int
    number: int


class Span(NamedTuple):
    """The leaves [start, stop) under one node of a tree; `start` is a multiple of the largest power of two within."""

    start: int
    stop: int


Tiles = Mapping[TileId, bytes]


def tile_width(*, size: int, tile: TileId) -> int:
    """How many hashes (0 to 256) the tile has in a tree of `size` leaves."""
    held = size >> (HEIGHT * tile.level)
    return max(0, min(WIDTH, held - tile.number * WIDTH))


def edge_tiles(size: int) -> list[TileId]:
    """The partial tiles of a tree of `size` leaves, lowest level first: enough to extend it and to know its root."""
    tiles = []
    level = 0
    while held := size >> (HEIGHT * level):
        if held % WIDTH:
            tiles.append(TileId(level, held // WIDTH))
        level += 1
    return tiles


def extend(*, size: int, edge: Tiles, leaves: Sequence[bytes]) -> dict[TileId, bytes]:
    """The tiles that are new or longer once `leaves` (leaf hashes) follow a tree of `size` leaves.

    `edge` holds the tiles named by `edge_tiles(size)`, at exactly the width they have there.
    """
    changed: dict[TileId, bytes] = {}
    level, start, hashes = 0, size, b"".join(leaves)
    while hashes:
        index = start // WIDTH
        if start % WIDTH:
            hashes = edge[TileId(level, index)] + hashes
        full_roots = []
        for offset in range(0, len(hashes), FULL):
            data = hashes[offset : offset + FULL]
            changed[TileId(level, index + offset // FULL)] = data
            if len(data) == FULL:
                full_roots.append(_fold(data))
        level, start, hashes = level + 1, index, b"".join(full_roots)
    return changed


def _fold(data: bytes) -> bytes:
    """The root of a power of two of hashes."""
    hashes = [data[offset : offset + HASH] for offset in range(0, len(data), HASH)]
    while len(hashes) > 1:
        hashes = [
            sha256(b"\x01" + left + right).digest() for left, right in zip(hashes[::2], hashes[1::2], strict=True)
        ]
    return hashes[0]


def root_span(size: int) -> list[Span]:
    """The span whose hash is the root of a tree of `size` leaves; none for the empty tree."""
    return [Span(0, size)] if size else []


def inclusion_spans(*, index: int, size: int) -> list[Span]:
    """The spans whose hashes are PATH(index, D[size]), in its order, nearest the leaf first (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    spans: list[Span] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            spans.append(Span(middle, stop))
            stop = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(*, old: int, new: int) -> list[Span]:
    """The spans whose hashes are PROOF(old, D[new]), in its order (RFC 9162, 2.1.4.1); none from 0 or to itself."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves does not follow one of {old}")
    if old in (0, new):
        return []
    spans: list[Span] = []
    start, stop, known = 0, new, True
    while stop != old:
        middle = start + _split(stop - start)
        if old <= middle:
            spans.append(Span(middle, stop))
            stop = middle
        else:
            spans.append(Span(start, middle))
            start, known = middle, False
    if not known:
        spans.append(Span(start, stop))
    return spans[::-1]


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _complete(span: Span) -> list[tuple[int, int]]:
    """The span as complete subtrees (height, number from the left at that height), left to right, each lower."""
    subtrees = []
    start = span.start
    while start < span.stop:
        height = (span.stop - start).bit_length() - 1
        subtrees.append((height, start >> height))
        start += 1 << height
    return subtrees


def tiles_for(spans: Iterable[Span]) -> set[TileId]:
    """The tiles from which the hashes of `spans` follow: fetch them all at once, then ask `hashes`."""
    return {_place(height, number)[0] for span in spans for height, number in _complete(span)}


def _place(height: int, number: int) -> tuple[TileId, int, int]:
    """(tile, levels above the tile's own hashes, position at that level inside the tile) of a complete subtree."""
    level, rise = divmod(height, HEIGHT)
    per_tile = WIDTH >> rise
    return TileId(level, number // per_tile), rise, number % per_tile


def hashes(*, spans: Iterable[Span], tiles: Tiles) -> list[bytes]:
    """The hash of each span. KeyError or ValueError when `tiles` lacks, or holds too little of, what it needs."""
    return [_hash(span, tiles) for span in spans]


def root(*, size: int, tiles: Tiles) -> bytes:
    """The root of a tree of `size` leaves, from the tiles of `root_span` (the edge tiles) or more."""
    return hashes(spans=root_span(size), tiles=tiles)[0] if size else EMPTY_ROOT


def _hash(span: Span, tiles: Tiles) -> bytes:
    result = b""
    for height, number in reversed(_complete(span)):
        tile, rise, position = _place(height, number)
        level = _pyramid(tiles[tile])[rise] if rise else tiles[tile]
        node = level[position * HASH : (position + 1) * HASH]
        if len(node) != HASH:
            raise ValueError(f"tile {tile.level}/{tile.number} is too short for this proof")
        result = node_hash(node, result) if result else node
    return result


@lru_cache(maxsize=256)
def _pyramid(tile: bytes) -> tuple[bytes, ...]:
    """The tile's hashes, then the complete nodes of each of the 8 levels above them.

    Remembered by content, never by place: a tile that changed is another key. The upper tiles of a log serve nearly
    every proof, so the last 256 tiles (about 6 MB) save two thirds of the hashing.
    """
    levels = [tile]
    for _ in range(HEIGHT):
        below = levels[-1]
        pairs = range(0, len(below) - 2 * HASH + 1, 2 * HASH)
        levels.append(b"".join([sha256(b"\x01" + below[at : at + 2 * HASH]).digest() for at in pairs]))
    return tuple(levels)
