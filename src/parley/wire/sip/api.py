"""SIP for the rest of Parley."""

from parley.wire.sip.dialog import Dialog, DialogId, accept, contact_target
from parley.wire.sip.endpoint import (
    MAGIC,
    AckArrived,
    AckMissing,
    Cancelled,
    Endpoint,
    Event,
    Flow,
    Refused,
    RequestArrived,
    ResponseArrived,
    ResponseMissing,
    Send,
)
from parley.wire.sip.errors import BadMessage
from parley.wire.sip.framing import Lost, Ping, StreamFramer, Whole
from parley.wire.sip.headers import NameAddress, Target, Via, quoted, reason_header
from parley.wire.sip.message import MAX_MESSAGE, Answer, Headers, Request, Response, build_response, parse_message

__all__ = [
    "MAGIC",
    "MAX_MESSAGE",
    "AckArrived",
    "AckMissing",
    "Answer",
    "BadMessage",
    "Cancelled",
    "Dialog",
    "DialogId",
    "Endpoint",
    "Event",
    "Flow",
    "Headers",
    "Lost",
    "NameAddress",
    "Ping",
    "Refused",
    "Request",
    "RequestArrived",
    "Response",
    "ResponseArrived",
    "ResponseMissing",
    "Send",
    "StreamFramer",
    "Target",
    "Via",
    "Whole",
    "accept",
    "build_response",
    "contact_target",
    "parse_message",
    "quoted",
    "reason_header",
]
