"""SIPREC bodies for the rest of Parley."""

from parley.wire.siprec.errors import BadBody
from parley.wire.siprec.metadata import MEDIA_TYPES, Metadata, Name, Participant
from parley.wire.siprec.metadata import parse as parse_metadata
from parley.wire.siprec.multipart import Part, split_body

__all__ = ["MEDIA_TYPES", "BadBody", "Metadata", "Name", "Part", "Participant", "parse_metadata", "split_body"]
