"""The provider's console: customers and counts, never content."""
