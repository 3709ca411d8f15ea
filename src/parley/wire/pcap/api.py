"""What other packages may use of captures."""

from .frames import FILE_HEADER, HEADERS, PAYLOAD_MAXIMUM, UdpHeaders, udp_record
from .reader import MalformedCapture, UdpFrame, read_udp

__all__ = [
    "FILE_HEADER",
    "HEADERS",
    "PAYLOAD_MAXIMUM",
    "MalformedCapture",
    "UdpFrame",
    "UdpHeaders",
    "read_udp",
    "udp_record",
]
