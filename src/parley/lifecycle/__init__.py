"""The end of a contract: blocked, exported, kept in backup, destroyed, certified."""
