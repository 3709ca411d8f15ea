"""Evidence that cannot be altered unseen: a Merkle log per customer, provable offline. Import `parley.ledger.api`."""
