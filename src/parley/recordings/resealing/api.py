"""What other packages may use of sealing finished recordings anew, for the customer in scope.

`former` counts what is sealed to former keys. Where the customer holds its keys: `headers` are handed out, `reseal`
puts the new ones in place; no key and no content is asked for. Where the provider keeps them: `start`, `newest` and
`stop` a run.
"""

from parley.recordings.resealing.anew import with_headers as reseal
from parley.recordings.resealing.left import MOST, as_text, former, headers, place_of
from parley.recordings.resealing.running import RESEAL, long_handlers, newest, start, stop
from parley.recordings.resealing.types import FileHeader, Former, HeldHeaders, RunView

__all__ = [
    "MOST",
    "RESEAL",
    "FileHeader",
    "Former",
    "HeldHeaders",
    "RunView",
    "as_text",
    "former",
    "headers",
    "long_handlers",
    "newest",
    "place_of",
    "reseal",
    "start",
    "stop",
]
