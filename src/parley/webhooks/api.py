"""What other packages may use of webhooks.

`announce` writes an event in the transaction of what happened; the worker's couriers deliver it (`Courier`, `sweep`).
`post` and `checked` are for whoever else calls addresses that others name.
"""

from parley.webhooks.announcing import HEARD, announce, announce_all
from parley.webhooks.delivering import Courier, backlog, sweep
from parley.webhooks.egress import Answer, Fetched, checked, fetch, post
from parley.webhooks.endpoints import (
    change_endpoint,
    deliveries,
    delivery,
    disable_endpoint,
    enable_endpoint,
    endpoint,
    endpoints,
    make_endpoint,
    remove_endpoint,
    replay,
    replay_range,
    rotate_secret,
    send_test,
)
from parley.webhooks.errors import (
    AddressRefused,
    BadPlace,
    EndpointRefused,
    NoAnswer,
    NoSuchDelivery,
    NoSuchEndpoint,
    WebhookError,
)
from parley.webhooks.types import (
    KINDS,
    TEST_KIND,
    AttemptView,
    Backlog,
    DeliveryPage,
    DeliveryState,
    DeliveryView,
    EndpointView,
    MadeEndpoint,
    News,
)

__all__ = [
    "HEARD",
    "KINDS",
    "TEST_KIND",
    "AddressRefused",
    "Answer",
    "AttemptView",
    "Backlog",
    "BadPlace",
    "Courier",
    "DeliveryPage",
    "DeliveryState",
    "DeliveryView",
    "EndpointRefused",
    "EndpointView",
    "Fetched",
    "MadeEndpoint",
    "News",
    "NoAnswer",
    "NoSuchDelivery",
    "NoSuchEndpoint",
    "WebhookError",
    "announce",
    "announce_all",
    "backlog",
    "change_endpoint",
    "checked",
    "deliveries",
    "delivery",
    "disable_endpoint",
    "enable_endpoint",
    "endpoint",
    "endpoints",
    "fetch",
    "make_endpoint",
    "post",
    "remove_endpoint",
    "replay",
    "replay_range",
    "rotate_secret",
    "send_test",
    "sweep",
]
