"""The people of a customer and of the provider: who they are, what they may see, how they sign in."""
