"""Contact files: CSV, XLSX, vCard (2.1, 3, 4) and LDIF, read and written as streams. Pure: bytes and file objects only.

A reader gives rows one by one, the good and the broken: a broken row never costs another one. Whatever a file claims,
memory stays within `Limits`.
"""
