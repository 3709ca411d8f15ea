"""The recordings offering: calls become sealed originals, rows that can be searched, renditions that can be heard."""
