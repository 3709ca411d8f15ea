"""From sockets to sealed parts: every packet that reaches the machine is in the recording, once, in order."""
