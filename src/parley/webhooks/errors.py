"""What can go wrong with webhooks."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class WebhookError(ParleyError):
    """The base of this package's errors."""

    error_id: ClassVar[str] = "webhooks.error"


class AddressRefused(WebhookError):
    """An address that nothing is sent to: not https, not public, or not plain. The caller's mistake."""

    error_id: ClassVar[str] = "webhooks.address-refused"


class EndpointRefused(WebhookError):
    """An endpoint cannot be made or changed as asked; the remedy says what to change."""

    error_id: ClassVar[str] = "webhooks.endpoint-refused"


class NoSuchEndpoint(WebhookError):
    """There is no endpoint of that id."""

    error_id: ClassVar[str] = "webhooks.no-such-endpoint"


class NoSuchDelivery(WebhookError):
    """There is no delivery of that id to that endpoint."""

    error_id: ClassVar[str] = "webhooks.no-such-delivery"


class BadPlace(WebhookError):
    """The place in the list that was asked for does not exist: the caller's mistake."""

    error_id: ClassVar[str] = "webhooks.bad-place"


class NoAnswer(WebhookError):
    """A place does not answer, or not within what is waited for and read."""

    error_id: ClassVar[str] = "webhooks.no-answer"
