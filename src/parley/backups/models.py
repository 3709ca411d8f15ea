"""Tables of backups."""
