"""SIPREC bodies: what travels beside the SDP of a recording session (RFC 7865, RFC 7866, RFC 2046). Sans-IO."""
