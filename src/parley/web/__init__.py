"""What people and integrators see: console, provider console, REST, events, public log."""
