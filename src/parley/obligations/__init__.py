"""Dated duties and work to be done: one engine, exactly once, whatever dies."""
