"""A customer's own console."""
