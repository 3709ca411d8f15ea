"""The outboxes of all customers and of the provider, for an operator who wonders what has not left."""

from collections.abc import Iterator

from parley.mail import api as mail
from parley.tenancy import api as tenancy


def waiting() -> Iterator[tuple[str, mail.MessageView]]:
    """Messages that wait or were refused, with the handle of whose they are; 100 of each kind and outbox at most."""
    for customer in (tenancy.provider(), *tenancy.customers()):
        with tenancy.scope(customer):
            found = [*mail.messages(state="failed"), *mail.messages(state="queued")]
        yield from ((customer.handle, one) for one in found)
