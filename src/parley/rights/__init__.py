"""Requests of persons: received, forwarded, verified, answered (GDPR Art. 12 to 22)."""
