"""Webhooks: what happens to recordings, told to the customer's own programs: signed, tried for days, never lost."""
