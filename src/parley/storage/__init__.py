"""Sealed objects at rest: one interface over local files (synced) and S3."""
