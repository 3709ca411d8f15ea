"""Tables of lifecycle."""
