"""Access by the provider's staff: none by default, break-glass with an end; access reviews; key procedures."""
