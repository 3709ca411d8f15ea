"""What other packages may use of RTP."""

from .headers import RtpColumns, RtpHeader, is_rtp, parse_header, parse_payloads
from .sequence import WINDOW, Account, count_packet, extend

__all__ = [
    "WINDOW",
    "Account",
    "RtpColumns",
    "RtpHeader",
    "count_packet",
    "extend",
    "is_rtp",
    "parse_header",
    "parse_payloads",
]
