"""What the customer signed: agreements by version, its order, where notices go, the standing that gates ask."""
