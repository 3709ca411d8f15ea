"""Finished recordings sealed anew to other keys."""
