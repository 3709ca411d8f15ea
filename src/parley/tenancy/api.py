"""What other packages may use of tenancy: customers, the scope that selects one, trunks, keys, wakes.

with scope(customer):
    ...  # every query through the alias `default` goes to that customer's database, as its own role
"""

from parley.tenancy.custody import Keyring, keyring
from parley.tenancy.customers import (
    by_handle,
    by_id,
    by_log_id,
    connect,
    connection_parameters,
    create_customer,
    current,
    customers,
    enrol_with,
    make_root_key,
    prepare,
    provider,
    scope,
    sign_with,
)
from parley.tenancy.departing import depart, destroy_database, known, mark_destroyed, traces
from parley.tenancy.embedded import EmbeddedPostgres, dies_with_parent
from parley.tenancy.errors import (
    AgreementTextRefused,
    CustomerChangedInTransaction,
    CustomerRefused,
    DatabaseUnavailable,
    KeysUnavailable,
    NoCustomerInScope,
    TenancyError,
    TrunkRefused,
    UnknownCustomer,
)
from parley.tenancy.keys import KeyInModule
from parley.tenancy.rotation import rotate_keys
from parley.tenancy.selection import embedded, operator_module, provider_beside
from parley.tenancy.standing import agreement_text, agreement_versions, keep_agreement_text, set_standing, standing
from parley.tenancy.statements import Answer, Asked, Later, Statements, run_beside, run_later, run_together
from parley.tenancy.trunks import TrunkDirectory, add_trunk, set_policies, trunk_directory, trunks
from parley.tenancy.types import Custody, Customer, NewUser, Role, Trunk, TrunkEntry, Work
from parley.tenancy.wakes import due_wakes, rest, wake, wake_soon

__all__ = [
    "AgreementTextRefused",
    "Answer",
    "Asked",
    "Custody",
    "Customer",
    "CustomerChangedInTransaction",
    "CustomerRefused",
    "DatabaseUnavailable",
    "EmbeddedPostgres",
    "KeyInModule",
    "Keyring",
    "KeysUnavailable",
    "Later",
    "NewUser",
    "NoCustomerInScope",
    "Role",
    "Statements",
    "TenancyError",
    "Trunk",
    "TrunkDirectory",
    "TrunkEntry",
    "TrunkRefused",
    "UnknownCustomer",
    "Work",
    "add_trunk",
    "agreement_text",
    "agreement_versions",
    "by_handle",
    "by_id",
    "by_log_id",
    "connect",
    "connection_parameters",
    "create_customer",
    "current",
    "customers",
    "depart",
    "destroy_database",
    "dies_with_parent",
    "due_wakes",
    "embedded",
    "enrol_with",
    "keep_agreement_text",
    "keyring",
    "known",
    "make_root_key",
    "mark_destroyed",
    "operator_module",
    "prepare",
    "provider",
    "provider_beside",
    "rest",
    "rotate_keys",
    "run_beside",
    "run_later",
    "run_together",
    "scope",
    "set_policies",
    "set_standing",
    "sign_with",
    "standing",
    "traces",
    "trunk_directory",
    "trunks",
    "wake",
    "wake_soon",
]
