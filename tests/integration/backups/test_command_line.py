"""The operator's commands: take, list, drill, restore."""

from pathlib import Path

import pytest
from tests.integration.backups.conftest import Office
from typer.testing import CliRunner

from parley.backups import api as backups
from parley.backups import files
from parley.project.cli import app
from parley.tenancy import api as tenancy

RUN = CliRunner()


def said(*arguments: str, status: int = 0) -> str:
    result = RUN.invoke(app, list(arguments))
    assert result.exit_code == status, (result.output, result.exception)
    return " ".join(result.output.split())


def test_take_list_drill_and_restore(office: Office) -> None:
    handle = office.customer.handle
    assert "there is no backup yet" in said("drill", "restore", handle, status=1)
    assert "there are no backups" in said("backup", "list", handle)
    taken = said("backup", "take", handle)
    assert f"{handle}: " in taken
    assert "by schedule" not in said("backup", "list", handle)
    drilled = said("drill", "restore", handle)
    assert f"{handle}: kept" in drilled
    assert "back in" in drilled
    refused = RUN.invoke(app, ["backup", "restore", handle, "--confirm", "another"])
    assert refused.exit_code != 0
    restored = said("backup", "restore", handle, "--confirm", handle)
    assert "is back as it was" in restored
    assert tenancy.by_handle(handle) is not None


@pytest.mark.parametrize("wrong", ["not-an-id", "1"])
def test_a_wrong_id_is_refused_before_anything_is_touched(office: Office, wrong: str) -> None:
    assert RUN.invoke(app, ["backup", "restore", office.customer.handle, "--backup", wrong]).exit_code != 0


def test_the_provider_is_backed_up_too_and_opens_with_the_keys_alone(office: Office, tmp_path: Path) -> None:
    assert "provider: " in said("backup", "take", "provider")
    assert "provider: kept" in said("drill", "restore", "provider")
    provider = tenancy.provider()
    newest = backups.backups(provider)[0]
    clear = tmp_path / "provider.dump"
    said("backup", "open", str(office.file(files.dump_key(provider.id, newest.id))), "--output", str(clear))
    assert clear.read_bytes().startswith(b"PGDMP")
    assert clear.stat().st_mode & 0o777 == 0o600
    refused = RUN.invoke(app, ["backup", "open", str(clear), "--output", str(tmp_path / "other")])
    assert refused.exit_code != 0
