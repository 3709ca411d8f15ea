"""The few requests of S3 that obstore cannot make, through botocore: uploads that were never completed."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.session import Session

_TIMEOUT_SECONDS = 20


@dataclass
class Requests:
    """Requests about the objects of one store; credentials come from the environment. Raises what botocore raises."""

    bucket: str
    prefix: str
    endpoint: str | None
    region: str

    @cached_property
    def _client(self) -> Any:
        """Made when it is first needed: most processes never do."""
        config = Config(
            s3={"addressing_style": "path"} if self.endpoint else {},
            retries={"mode": "standard", "total_max_attempts": 4},
            connect_timeout=_TIMEOUT_SECONDS,
            read_timeout=_TIMEOUT_SECONDS,
        )
        return Session().create_client("s3", endpoint_url=self.endpoint, region_name=self.region, config=config)

    def abort_incomplete(self, prefix: str, *, before: datetime) -> int:
        """Abort uploads below `prefix` that were begun before that instant; how many."""
        below = "/".join(part for part in (self.prefix, prefix) if part)
        pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=below)
        found = [one for page in pages for one in page.get("Uploads", ()) if one["Initiated"] < before]
        for one in found:
            self._client.abort_multipart_upload(Bucket=self.bucket, Key=one["Key"], UploadId=one["UploadId"])
        return len(found)
