"""SIP as bytes in, events out (RFC 3261, 3581, 3326, 4028, 6026). Sans-IO: no socket, no clock; the time is an
argument.
"""
