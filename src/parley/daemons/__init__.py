"""Long-running shells: recorder, worker, sequencer, supervisor. Thin: what to do is decided elsewhere, purely."""
