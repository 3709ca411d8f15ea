"""From captured packets to sound: order, timeline, concealment, encoding. Pure; works in windows of bounded memory."""
