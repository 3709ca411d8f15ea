"""Session descriptions for the rest of Parley."""

from parley.wire.sdp.answer import AUDIO, Origin, build, is_held, recordable
from parley.wire.sdp.description import BadDescription, Codec, Description, Media, parse

__all__ = [
    "AUDIO",
    "BadDescription",
    "Codec",
    "Description",
    "Media",
    "Origin",
    "build",
    "is_held",
    "parse",
    "recordable",
]
