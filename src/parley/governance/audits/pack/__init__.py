"""The audit pack: everything that shows how an agreement was kept, in one file that verifies without Parley."""
