"""E-mail that leaves Parley: written once, sent once, signed, with proof of dispatch."""
