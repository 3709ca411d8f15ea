"""Documented instructions, transfers that were confirmed, acceptable use."""
