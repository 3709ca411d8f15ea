"""Audits, audit packs, attestations of what only people can keep."""
