"""Customers: a database, a role and keys for each, and which of them the present work is for."""
