"""Sealing recordings anew from a machine of one's own, by the interface of a console.

Headers come and go over HTTP; the key stays here. The token goes to that console alone: no redirect is followed, and
only to this machine itself is anything said without TLS.
"""

import http.client
import json
import time
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import SplitResult, quote, urlsplit

from parley.foundation.errors import ParleyError
from parley.sealing.api import Identity, SealingError, parse_identity, parse_recipient, rewritten_header

_PATIENCE: Final = (1.0, 3.0, 9.0, 27.0)
_LATER: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_OF_ONE: Final = {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}
_TIMEOUT: Final = 120.0
_PAGE: Final = 50
_HERE: Final = {"localhost", "127.0.0.1", "::1"}
_AGAIN: Final = "What was done stays done; do it again to go on."


class ConsoleRefused(ParleyError):
    """A console does not do what it was asked for: the message has its words."""

    error_id = "project.console-refused"


class OneRefused(ConsoleRefused):
    """It refused one recording; others may go."""

    error_id = "project.recording-refused"


@dataclass(kw_only=True)
class Resealed:
    """What came of it: keys of names and notes, recordings, and how many stay for which reason."""

    fields: int = 0
    recordings: int = 0
    stay: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Console:
    """A console at its address ("https://host/c/name/"), with an API token of the scope recordings:reseal."""

    address: str
    token: str = field(repr=False)

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer. Waits where the console is busy. Raises ConsoleRefused, OneRefused."""
        for pause in _PATIENCE:
            status, answer = self._asked(path, body)
            if status not in _LATER:
                break
            time.sleep(pause)
        else:
            status, answer = self._asked(path, body)
        if status != HTTPStatus.OK or not isinstance(answer, dict):
            words = answer.get("detail") if isinstance(answer, dict) else None
            kind = OneRefused if status in _OF_ONE else ConsoleRefused
            raise kind(str(words or f"HTTP {status}"), remedy=_AGAIN)
        return answer

    def _asked(self, path: str, body: Mapping[str, Any] | None) -> tuple[int, object]:
        """Status and JSON of one answer, None for what is none. Raises ConsoleRefused where there is no answer."""
        place = _place(self.address)
        kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        connection = kind(place.hostname or "", place.port, timeout=_TIMEOUT)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(
                "GET" if body is None else "POST", f"{place.path.rstrip('/')}/{path}",
                body=None if body is None else json.dumps(body), headers=headers,
            )  # fmt: skip
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ConsoleRefused("the console does not answer", remedy=_AGAIN) from error
        finally:
            connection.close()
        try:
            return response.status, json.loads(content)
        except ValueError:
            return response.status, None


def reseal(
    console: Console,
    *,
    identities: Sequence[str],
    recipients: Sequence[str],
    progress: Callable[[int, int], object] | None = None,
) -> Resealed:
    """Seal all that is left anew to `recipients`, which must be the console's own word for the present keys.

    Safe to interrupt and to repeat. Raises ConsoleRefused, KeyFormatError.
    """
    held = [parse_identity(one) for one in identities]
    to = [parse_recipient(one).text for one in recipients]
    beginning = console.ask("api/v1/former-keys?limit=1")
    if set(beginning["recipients"]) != set(to):
        raise ConsoleRefused(
            f"the console names other keys than you do: {', '.join(beginning['recipients'])}",
            remedy="Rotate on its page of keys first, or name exactly these if they are yours.",
        )
    done = Resealed()
    _fields(console, held, to, done)
    for item in _items(console):
        try:
            files = [{"name": one["name"], **_anew(one["header"], held, to)} for one in item["files"] if one["header"]]
            console.ask(f"api/v1/recordings/{item['id']}/reseal", {"recipients": to, "files": files})
            done.recordings += 1
        except (OneRefused, SealingError) as error:
            done.stay[str(error.args[0])] += 1
        if progress is not None:
            progress(done.recordings + done.stay.total(), beginning["left"])
    return done


def _fields(console: Console, held: Sequence[Identity], to: Sequence[str], done: Resealed) -> None:
    after = ""
    while items := console.ask(f"api/v1/former-keys/fields{after}")["items"]:
        keys = []
        for one in items:
            try:
                keys.append({"id": one["id"], **_anew(one["header"] or "", held, to)})
            except SealingError as error:
                done.stay[f"names and notes: {error.args[0]}"] += 1
        if keys:
            done.fields += console.ask("api/v1/former-keys/fields", {"recipients": to, "keys": keys})["resealed"]
        after = f"?after={items[-1]['id']}"


def _items(console: Console) -> Iterator[dict[str, Any]]:
    after = ""
    while True:
        page = console.ask(f"api/v1/former-keys?limit={_PAGE}{after}")
        yield from page["items"]
        if not page["next"]:
            return
        after = f"&after={quote(page['next'])}"


def _anew(header: str, held: Sequence[Identity], to: Sequence[str]) -> dict[str, str]:
    made = rewritten_header(b64decode(header), identities=held, recipients=to)
    return {"header": b64encode(made.header).decode(), "proof": b64encode(made.proof).decode()}


def _place(address: str) -> SplitResult:
    """The parts of a console's address. Raises ConsoleRefused where a token must not be sent."""
    refused = ConsoleRefused("a console has an address with https://", remedy="Copy it from the browser.")
    try:
        place, _port = (parts := urlsplit(address)), parts.port
    except ValueError as error:
        raise refused from error
    here = place.scheme == "http" and place.hostname in _HERE
    if not place.hostname or not (here or place.scheme == "https"):
        raise refused
    return place
