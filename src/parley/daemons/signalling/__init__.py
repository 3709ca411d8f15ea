"""The SIP side of the recorder: `transport` hears, `calls` keeps what stands, `ports` says what it wants of media."""
