"""A real S3 server for tests: SeaweedFS from PyPI, on free ports, with its files in a directory; killed, started again.

The console script unpacks to one program; telemetry is off, nothing but 127.0.0.1 is listened on.
"""

import json
import random
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

ACCESS, SECRET, REGION = "KEY", "SECRET", "eu-south-1"
BUCKET, LOCKED = "parley", "parley-locked"
_PATIENCE = 90.0


def free_ports(count: int) -> list[int]:
    """Ports below the ephemeral range whose twin (+ 10000, which the server takes as well) is free too."""
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            port = random.randrange(20_000, 29_000)
            try:
                for one in (port, port + 10_000):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", one))
            except OSError:
                continue
            found.append(port)
    return found


@dataclass
class ObjectServer:
    """SeaweedFS on `directory`. `kill` ends it as a power cut would; `start` brings it back at the same address."""

    directory: Path
    ports: list[int] = field(default_factory=lambda: free_ports(4))
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    def url(self, prefix: str, *, bucket: str = BUCKET) -> str:
        """The address of a store in a bucket of this server, for `open_store`."""
        return f"s3://{bucket}/{prefix}?endpoint={self.endpoint}&region={REGION}"

    def client(self) -> Any:
        """Somebody with the store's own credentials who does not go through Parley."""
        config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, connect_timeout=2)
        return Session().create_client(
            "s3", endpoint_url=self.endpoint, region_name=REGION, aws_access_key_id=ACCESS,
            aws_secret_access_key=SECRET, config=config,
        )  # fmt: skip

    def start(self) -> None:
        """Returns when objects can be written."""
        identity = {"name": "t", "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}], "actions": ["Admin"]}
        (self.directory / "identities.json").write_text(json.dumps({"identities": [identity]}))
        files = self.directory / "files"
        files.mkdir(exist_ok=True)
        s3, master, volume, filer = self.ports
        options = {
            "ip": "127.0.0.1", "ip.bind": "127.0.0.1", "dir": files, "filer": "true", "filer.port": filer, "s3": "true",
            "s3.port": s3, "s3.config": self.directory / "identities.json", "volume.port": volume, "volume.max": 16,
            "master.port": master, "master.volumeSizeLimitMB": 64, "master.telemetry": "false",
            "s3.port.iceberg": 0, "s3.port.lance": 0, "master.electionTimeout": "1s",
            "master.heartbeatInterval": "100ms",
        }  # fmt: skip
        weed = Path(sys.executable).parent / "weed"
        command = [str(weed), f"-logdir={self.directory}", "server", *(f"-{one}={put}" for one, put in options.items())]
        self._process = subprocess.Popen(
            command, cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + _PATIENCE
        while not self._ready():
            if time.monotonic() > until or self._process.poll() is not None:
                raise RuntimeError("the S3 server did not start")
            time.sleep(0.1)

    def kill(self) -> None:
        """At once, in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=30)
            self._process = None

    def _ready(self) -> bool:
        client = self.client()
        try:
            there = {one["Name"] for one in client.list_buckets()["Buckets"]}
            for bucket, locked in ((BUCKET, False), (LOCKED, True)):
                if bucket not in there:
                    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=locked)
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"yes")
        except (BotoCoreError, ClientError):
            return False
        return True
