"""REST for integrators: the same things as the pages, as JSON and problem details."""
