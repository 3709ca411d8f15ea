"""Words every part shares: identifiers, telephone numbers, errors. Pure: no clock, no I/O."""
