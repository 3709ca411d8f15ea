"""What other packages may use of tokens: make, list, revoke, recognise. All in the customer's scope."""

from parley.tokens.errors import NoSuchToken, ScopeMissing, TokenError, TokenRefused
from parley.tokens.issuing import LONGEST, PREFIX, bearer, make, revoke, tokens
from parley.tokens.types import SCOPES, Bearer, MadeToken, Scope, TokenView

__all__ = [
    "LONGEST",
    "PREFIX",
    "SCOPES",
    "Bearer",
    "MadeToken",
    "NoSuchToken",
    "Scope",
    "ScopeMissing",
    "TokenError",
    "TokenRefused",
    "TokenView",
    "bearer",
    "make",
    "revoke",
    "tokens",
]
