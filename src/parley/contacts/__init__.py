"""The contact manager: people outside, in directories."""
