"""What exports hold about people."""

from parley.inventory.api import Declaration

DECLARATIONS: tuple[Declaration, ...] = ()
