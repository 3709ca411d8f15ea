"""The agreement is code: agreement files, their clauses and terms, and the gate that decides from them. Pure."""
