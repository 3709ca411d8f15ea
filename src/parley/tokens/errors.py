"""What can go wrong with tokens."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class TokenError(ParleyError):
    """The base of this package's errors."""

    error_id: ClassVar[str] = "tokens.error"


class TokenRefused(TokenError):
    """A token cannot be made as asked; the remedy says what to change."""

    error_id: ClassVar[str] = "tokens.refused"


class NoSuchToken(TokenError):
    """There is no token of that id."""

    error_id: ClassVar[str] = "tokens.no-such-token"


class ScopeMissing(TokenError):
    """The token that came with a request does not include what the operation asks for."""

    error_id: ClassVar[str] = "tokens.scope-missing"

    def __init__(self, scope: str) -> None:
        super().__init__("this token does not include the operation", remedy=f'Make a token with the scope "{scope}".')
        self.scope = scope
