"""Session descriptions (RFC 8866) and answers to offers (RFC 3264), as far as a recorder of telephone audio needs
them.
"""
