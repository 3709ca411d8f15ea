"""Sealing with a customer's public keys: age v1 files, journal frames, small fields, blind indexes. Pure."""
