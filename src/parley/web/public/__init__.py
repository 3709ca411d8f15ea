"""Pages that anybody may read without signing in: no cookie, no script, kept by caches, limited per address."""
