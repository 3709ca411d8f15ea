"""What provider and customer owe each other while the contract runs, room by room: see docs/architecture.md."""
