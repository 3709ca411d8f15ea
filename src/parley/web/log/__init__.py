"""The logs over HTTP, read-only, for whoever has a log's address: c2sp.org/tlog-tiles."""
