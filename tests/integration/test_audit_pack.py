"""A pack from a running Parley: asked for on the page, made by its worker, proven with the key of its log."""

import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.support.peers import wait_for
from tests.support.system import Console, running, short_folder


@pytest.mark.timeout(180)
def test_a_pack_of_a_running_system_verifies(tmp_path: Path) -> None:
    with running(short_folder("pack"), media_ports=2) as system:
        console = system.add_customer("packed", source="127.0.0.7").sign_in()
        page = ask(console)
        found = wait_for(
            "the worker made the pack",
            lambda: re.search(r'href="[^"]*/(audits/packs/[0-9a-f-]+/file)"', console._open(page).decode()),
            seconds=60,
            every=0.5,
        )
        content = console._open(found[1])
        key = re.search(r"--log-key '([^']+)'", console._open(page).decode())
        assert key
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        made.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-P", str(tmp_path / "verify_pack.py"), str(tmp_path), "--log-key", key[1]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and done.stdout.endswith("VERIFIED\n"), done.stderr


def ask(console: Console) -> str:
    """Press the button; the address of the pack's page within the console."""
    page = console._open("audits/").decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    answer = console._open("audits/", {"csrfmiddlewaretoken": token[1], "deed": "pack", "scope": "all"}).decode()
    address = re.search(r"audits/packs/[0-9a-f-]+/", answer)
    assert address, answer[:2000]
    return address[0]
