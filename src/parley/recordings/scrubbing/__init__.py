"""Scrub: what is stored is read again each night and held against the ledger; what differs becomes an incident."""
