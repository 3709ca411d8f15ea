"""API tokens: what a program may do for a person, by name, for a while, and no more."""
