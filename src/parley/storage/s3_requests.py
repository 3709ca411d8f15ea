"""The few requests of S3 that obstore cannot make, through botocore: incomplete uploads, versions, what keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.session import Session

from .errors import ObjectLockedError

_TIMEOUT_SECONDS = 20


@dataclass
class Requests:
    """Requests about the objects of one store; credentials come from the environment. Raises what botocore raises."""

    bucket: str
    prefix: str
    endpoint: str | None
    region: str

    @cached_property
    def client(self) -> Any:
        """botocore's. Made when it is first needed: most processes never do."""
        config = Config(
            s3={"addressing_style": "path"} if self.endpoint else {},
            retries={"mode": "standard", "total_max_attempts": 4},
            connect_timeout=_TIMEOUT_SECONDS,
            read_timeout=_TIMEOUT_SECONDS,
        )
        return Session().create_client("s3", endpoint_url=self.endpoint, region_name=self.region, config=config)

    @cached_property
    def versioned(self) -> bool:
        """Whether the bucket keeps versions, as every bucket with object lock does: asked once."""
        return self.client.get_bucket_versioning(Bucket=self.bucket).get("Status") in {"Enabled", "Suspended"}

    def delete_versions(self, keys: Sequence[str], *, lift: bool = False) -> int:
        """Delete every version of these objects; how many of them there were. Raises ObjectLockedError before any is
        touched, should the store keep one; with `lift` a lock in governance mode does not count, and ends."""
        found = self.require_free(keys, lift=lift)
        lifted = {"BypassGovernanceRetention": True} if lift else {}
        for key, (versions, markers) in found.items():
            for version in [*versions, *markers]:
                self.client.delete_object(Bucket=self.bucket, Key=self.full(key), VersionId=version, **lifted)
        return sum(bool(versions) for versions, _markers in found.values())

    def require_free(self, keys: Sequence[str], *, lift: bool = False) -> dict[str, tuple[list[str], list[str]]]:
        """The versions of these objects, and the markers that hide them. Raises ObjectLockedError when the store keeps
        one."""
        found = {key: self.versions(key) for key in keys}
        for key, (versions, _markers) in found.items():
            for version in versions:
                self.require_version_free(key, version, lift=lift)
        return found

    def versions(self, key: str) -> tuple[list[str], list[str]]:
        """Ids of the versions of an object, and of the markers that hide it."""
        full = self.full(key)
        versions: list[str] = []
        markers: list[str] = []
        for page in self.client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=full):
            versions += [one["VersionId"] for one in page.get("Versions", ()) if one["Key"] == full]
            markers += [one["VersionId"] for one in page.get("DeleteMarkers", ()) if one["Key"] == full]
        return versions, markers

    def require_version_free(self, key: str, version: str, *, lift: bool = False) -> None:
        """Raises ObjectLockedError when this version is kept; with `lift` a lock in governance mode does not count."""
        head = self.client.head_object(Bucket=self.bucket, Key=self.full(key), VersionId=version)
        if head.get("ObjectLockLegalHoldStatus") == "ON":
            raise ObjectLockedError(None)
        if lift and head.get("ObjectLockMode") == "GOVERNANCE":
            return
        until = head.get("ObjectLockRetainUntilDate")
        if until is not None and until > datetime.now(UTC):
            raise ObjectLockedError(until.astimezone(UTC))

    def full(self, key: str) -> str:
        """The key as the bucket has it."""
        return f"{self.prefix}/{key}" if self.prefix else key

    def abort_incomplete(self, prefix: str, *, before: datetime) -> int:
        """Abort uploads below `prefix` that were begun before that instant; how many."""
        below = "/".join(part for part in (self.prefix, prefix) if part)
        pages = self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=below)
        found = [one for page in pages for one in page.get("Uploads", ()) if one["Initiated"] < before]
        for one in found:
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=one["Key"], UploadId=one["UploadId"])
        return len(found)
