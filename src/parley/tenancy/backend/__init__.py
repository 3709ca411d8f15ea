"""Django's PostgreSQL backend, led by the customer in scope."""
