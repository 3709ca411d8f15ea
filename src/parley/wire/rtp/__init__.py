"""RTP headers and the arithmetic of sequence numbers (RFC 3550)."""
