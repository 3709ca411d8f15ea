"""Where the parts meet: settings, wiring, the command line. Nothing below imports from here."""
