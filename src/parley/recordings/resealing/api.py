"""What other packages may use of sealing finished recordings anew, for the customer in scope.

`former` counts what is sealed to former keys. Where the customer holds its keys: `headers` are handed out, `reseal`
puts the new ones in place; `field_keys` and `reseal_fields` are the same for names, notes and tags. No key and no
content is asked for. Where the provider keeps them: `start`, `newest` and
`stop` a run.
"""

from parley.recordings.resealing.anew import with_headers as reseal
from parley.recordings.resealing.fields import MOST as MOST_FIELDS
from parley.recordings.resealing.fields import keys as field_keys
from parley.recordings.resealing.fields import with_headers as reseal_fields
from parley.recordings.resealing.left import MOST, as_text, former, headers, place_of, shifted
from parley.recordings.resealing.running import RESEAL, long_handlers, newest, start, stop
from parley.recordings.resealing.types import FieldKey, FileHeader, Former, HeldHeaders, RunView

__all__ = [
    "MOST",
    "MOST_FIELDS",
    "RESEAL",
    "FieldKey",
    "FileHeader",
    "Former",
    "HeldHeaders",
    "RunView",
    "as_text",
    "field_keys",
    "former",
    "headers",
    "long_handlers",
    "newest",
    "place_of",
    "reseal",
    "reseal_fields",
    "shifted",
    "start",
    "stop",
]
