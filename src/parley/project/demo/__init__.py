"""`parley demo`: two customers, real calls over SIP and RTP from a small caller in a process of its own."""
