"""All is lost but keys and backups: another server, an empty directory, and the customer is back."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core import serializers
from tests.integration.backups.conftest import Office
from tests.support.installation import settings

from parley.backups import api as backups
from parley.backups.models import Backup, BackupObject
from parley.recordings.models import Part, Recording
from parley.tenancy import models

CELL = """
import json, sys, time
import django
django.setup()
from datetime import UTC, datetime
from uuid import UUID
from django.core import serializers
from parley.tenancy import api as tenancy
from parley.backups import api as backups
server = tenancy.embedded()
child = server.start()
try:
    tenancy.prepare()
    for row in serializers.deserialize("json", open(sys.argv[1]).read(), using="provider"):
        row.save(using="provider")
    customer = tenancy.known(UUID(sys.argv[2]))
    began = time.monotonic()
    backups.restore_in_place(customer, at=datetime.now(UTC))
    seconds = time.monotonic() - began
    from parley.recordings.models import Part, Recording
    from parley.recordings.api import installed_store
    with tenancy.scope(tenancy.by_id(customer.id)):
        parts = sorted(Part.objects.values_list("object_key", "sha256"))
        whole = all(installed_store().sha256(key) == sha256 for key, sha256 in parts)
        print(json.dumps({"recordings": Recording.objects.count(), "parts": parts, "whole": whole, "rto": seconds}))
finally:
    server.stop(child)
"""


@pytest.fixture
def cell() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="parley-cell-", dir="/tmp"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.mark.soak
def test_a_customer_comes_back_in_an_empty_cell(office: Office, cell: Path) -> None:
    office.record(20)
    began = time.monotonic()
    backups.take(office.customer, reason="asked", at=datetime.now(UTC))
    taking = time.monotonic() - began
    rows = [
        *models.AgreementText.objects.all(),
        *models.Customer.objects.filter(id=office.customer.id),
        *Backup.objects.filter(customer=office.customer.id),
        *BackupObject.objects.filter(customer=office.customer.id),
    ]
    register = cell / "register.json"
    register.write_text(serializers.serialize("json", rows))
    data = cell / "data"
    data.mkdir(mode=0o711)
    for name in ("keys", "backups"):
        shutil.copytree(settings.PARLEY_DATA_DIR / name, data / name)
    done = subprocess.run(
        [sys.executable, "-c", CELL, str(register), str(office.customer.id)],
        env={**os.environ, "PARLEY_DATA_DIR": str(data)}, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["recordings"] == Recording.objects.count() == 23
    assert [tuple(one) for one in found["parts"]] == sorted(Part.objects.values_list("object_key", "sha256"))
    assert found["whole"]
    print(f"taken in {taking:.1f} s, back in {found['rto']:.1f} s")
