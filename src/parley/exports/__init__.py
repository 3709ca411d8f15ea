"""Saved exports: packages of records that wait behind a link that expires."""
