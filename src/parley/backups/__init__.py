"""Sealed backups of each customer, and their restoration."""
