"""Write-once of S3 (object lock): uploads that are locked from their first moment, locks that are read and lengthened.

obstore sends no lock with an upload, and to lock afterwards would leave a moment in which the object can be deleted.
"""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

from botocore.exceptions import ClientError

from .errors import NotLockableError, ObjectLockedError, StoreUnavailableError
from .s3_requests import Requests
from .types import LockMode

_PIECE: Final = 16 << 20
"""Bytes of a part of a large upload, and of memory; S3 takes 10,000 parts."""
_UNKNOWN: Final = {"ObjectLockConfigurationNotFoundError", "NoSuchBucket", "NotImplemented", "MethodNotAllowed"}


@dataclass
class Locks:
    """The locks that Parley sets in one store, in `mode`. Raises what botocore raises, and as each method says."""

    requests: Requests
    mode: LockMode

    @cached_property
    def possible(self) -> bool:
        """Whether the bucket was made with object lock: asked once."""
        try:
            answer = self.requests.client.get_object_lock_configuration(Bucket=self.requests.bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] in _UNKNOWN:
                return False
            raise
        return bool(answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled")

    def require_possible(self) -> None:
        """Raises NotLockableError."""
        if not self.possible:
            raise NotLockableError(self.requests.bucket)

    def put(self, key: str, content: Path | bytes, *, size: int, until: datetime) -> None:
        """Upload an object that is locked until then, and see that it is. Each piece carries its SHA-256.

        Raises NotLockableError before anything is sent, StoreUnavailableError when it is not there, or not locked.
        """
        self.require_possible()
        place = {"Bucket": self.requests.bucket, "Key": self.requests.full(key)}
        lock = {"ObjectLockMode": self.mode.upper(), "ObjectLockRetainUntilDate": _whole_seconds(until)}
        with BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
            if size <= _PIECE:
                whole = file.read(_PIECE)
                stored = self.requests.client.put_object(**place, **lock, Body=whole, ChecksumSHA256=_sha256(whole))
            else:
                stored = self._put_large(file, place, lock)
        head = self.requests.client.head_object(**place, VersionId=stored["VersionId"])
        if head["ContentLength"] != size or not _reaches(head, _whole_seconds(until)):
            raise StoreUnavailableError("the object store did not lock what was sent", remedy="send it again")

    def _put_large(self, file: BinaryIO, place: dict[str, str], lock: dict[str, Any]) -> Any:
        """In parts; one that is killed is aborted like every upload that nobody completed."""
        client = self.requests.client
        begun = client.create_multipart_upload(**place, **lock, ChecksumAlgorithm="SHA256")
        upload = {**place, "UploadId": begun["UploadId"]}
        parts: list[dict[str, Any]] = []
        while piece := file.read(_PIECE):
            number, digest = len(parts) + 1, _sha256(piece)
            sent = client.upload_part(**upload, PartNumber=number, Body=piece, ChecksumSHA256=digest)
            parts.append({"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": digest})
        return client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    def lengthen(self, key: str, *, until: datetime) -> bool:
        """Lock an object that is there until then, if its lock ends earlier or it has none; whether that was so.

        Raises NotLockableError, and ClientError (404) when there is no such object.
        """
        self.require_possible()
        place = {"Bucket": self.requests.bucket, "Key": self.requests.full(key)}
        head, wanted = self.requests.client.head_object(**place), _whole_seconds(until)
        if _reaches(head, wanted):
            return False
        lock = {"Mode": head.get("ObjectLockMode", self.mode.upper()), "RetainUntilDate": wanted}
        self.requests.client.put_object_retention(**place, VersionId=head["VersionId"], Retention=lock)
        return True

    def until(self, key: str) -> datetime | None:
        """Until when an object is kept by a lock that Parley may lift: one of its own, in governance. None: by none.

        Raises ObjectLockedError when anything else keeps it.
        """
        found: datetime | None = None
        for version in self.requests.versions(key)[0]:
            try:
                self.requests.require_version_free(key, version)
            except ObjectLockedError as locked:
                self.requests.require_version_free(key, version, lift=self.mode == "governance")
                found = max(found, locked.until) if found and locked.until else locked.until
        return found


def _reaches(head: Any, until: datetime) -> bool:
    kept = head.get("ObjectLockRetainUntilDate")
    return kept is not None and kept >= until


def _whole_seconds(until: datetime) -> datetime:
    """S3 keeps seconds: never a moment too short."""
    return (until + timedelta(microseconds=999_999)).astimezone(UTC).replace(microsecond=0)


def _sha256(content: bytes) -> str:
    return b64encode(hashlib.sha256(content).digest()).decode()
