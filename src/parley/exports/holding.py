"""Saved exports as a store: copies of records, found by whoever is in them, erased whole."""
