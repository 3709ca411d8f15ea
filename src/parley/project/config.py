"""What an operator can set: one TOML file, and PARLEY_* in the environment, which wins.

`[web] port = 8470` in the file, `PARLEY_WEB_PORT=8470` in the environment and `Config.web_port` are one setting: the
names follow from the field names, so there is no second list.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any, ClassVar

from parley.foundation.errors import ParleyError

ENVIRONMENT_PREFIX = "PARLEY_"


class ConfigError(ParleyError):
    """A setting that cannot be used: it names the setting, never a secret value."""

    error_id: ClassVar[str] = "project.config"


@dataclass(frozen=True, kw_only=True)
class Config:
    """Every setting with its default; see docs/architecture.md for the layout below `data_dir`."""

    data_dir: Path = Path("var")
    region: str = "eu"
    recorder_id: str = "recorder-1"
    log_level: str = "info"

    database_url: str = ""  # an administrator's DSN; empty: the embedded PostgreSQL
    database_port: int = 0  # embedded only: 0 listens on a Unix socket and on no TCP port
    database_durable: bool = True  # embedded only: False turns fsync off, for tests
    store_url: str = ""  # empty: files below data_dir
    store_cold_url: str = ""  # where what is large of older recordings moves; empty: there is no such store
    store_cold_days: int = 90  # how old they are then; 0: nothing is moved any more, what was moved is read there
    store_lock: str = ""  # object lock on S3 of what a law keeps: "governance" or "compliance"; empty: none is set
    store_scrub_megabytes: int = 50  # a second, that the nightly reading of all objects takes of the store
    keys_root: str = ""  # the operator's root key file; empty: below data_dir
    keys_module: str = ""  # library of a PKCS#11 module, for customers with pkcs11 keys; empty: there is none
    keys_token: str = ""  # the label of the token in it
    keys_pin_file: str = ""  # a file with the PIN of its user
    keys_pin: str = field(default="", repr=False)  # the PIN itself, better from the environment than from the file
    backup_url: str = ""  # where sealed backups go, another disk at best; empty: files below data_dir
    backup_keep_days: int = 30

    web_host: str = "127.0.0.1"
    web_port: int = 8470
    web_url: str = ""  # how browsers reach it; empty: from host and port
    web_workers: int = 1
    proxy_trusted: str = ""  # addresses and networks of proxies before the web, with spaces; empty: none is believed
    proxy_header: str = "forwarded"  # the header that they write: "forwarded" (RFC 7239) or "x-forwarded-for"
    events_host: str = "127.0.0.1"
    events_port: int = 8471
    events_url: str = ""

    sip_host: str = "0.0.0.0"  # noqa: S104 - session border controllers are other machines
    sip_port: int = 5090
    media_host: str = "0.0.0.0"  # noqa: S104
    media_address: str = ""  # what SDP answers advertise; empty: the address the request came to
    media_first: int = 30000
    media_last: int = 30511

    mail_host: str = ""  # the provider's own mail server; empty: mail waits in the outbox, visible
    mail_port: int = 587
    mail_tls: str = "starttls"  # "starttls" or "implicit"; "none" for a server on this machine alone
    mail_user: str = ""  # empty: the server wants no name and password
    mail_password: str = ""
    mail_from: str = "parley@localhost"
    mail_dkim_domain: str = ""  # empty: mail is not signed
    mail_dkim_selector: str = "parley"

    intake_host: str = "127.0.0.1"  # the provider's mail server hands e-mail for requests to this machine
    intake_port: int = 8472  # 0: none is taken in
    intake_domain: str = ""  # of rights+<handle>@<domain>; empty: any, and the portal names no address

    monitor_host: str = "127.0.0.1"  # /metrics, /healthz, /readyz; another machine's needs monitor.token
    monitor_port: int = 8473  # 0: nobody is answered; the web's own /healthz and /readyz stay
    monitor_token: str = ""  # what Prometheus sends as a bearer token; empty: whoever is on this machine may ask

    token_rate: int = 600  # requests a minute of one API token, in each process of the web

    callback_allow: str = ""  # "host:port ...": own places that callbacks may reach besides public https

    def __post_init__(self) -> None:
        for name in ("web_port", "events_port", "sip_port", "media_first", "media_last", "mail_port"):
            if not 1 <= getattr(self, name) <= 65535:
                raise ConfigError(f"{_spoken(name)} is not a port", remedy="Give a number from 1 to 65535.")
        if self.media_first % 2 or self.media_last < self.media_first:
            raise ConfigError(
                "media.first and media.last are not a range of ports",
                remedy="Start at an even port, end at a higher one.",
            )
        if not 0 <= self.intake_port <= 65535:
            raise ConfigError("intake.port is not a port", remedy="Give a number from 1 to 65535, or 0 for none.")
        if self.intake_host not in {"localhost", "127.0.0.1", "::1"}:
            raise ConfigError(
                "intake.host is not this machine",
                remedy="Have the mail server on this machine hand e-mail over: it never goes in clear over a network.",
            )
        for place in self.callback_places:
            host, _, port = place.rpartition(":")
            if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
                raise ConfigError("callback.allow names no place", remedy="Write host:port, separated by spaces.")
        self._check_proxies()
        if self.keys_module and not self.keys_token:
            raise ConfigError("keys.module has no token", remedy="Give the token's label as keys.token.")
        if self.keys_module and bool(self.keys_pin_file) == bool(self.keys_pin):
            raise ConfigError("keys.module needs its PIN once", remedy="Give keys.pin_file or PARLEY_KEYS_PIN.")
        self._check_monitor()
        if self.token_rate < 1:
            raise ConfigError("token.rate lets no program in", remedy="Give a number of requests a minute, 1 or more.")
        self._check_storage()
        if self.mail_tls not in {"starttls", "implicit", "none"}:
            raise ConfigError("mail.tls is no way to protect mail", remedy="Write starttls, implicit or none.")
        if self.mail_tls == "none" and self.mail_host not in {"", "localhost", "127.0.0.1", "::1"}:
            raise ConfigError(
                "mail.tls is none, and the mail server is another machine",
                remedy="Use starttls or implicit: notices are never sent in clear over a network.",
            )

    def _check_storage(self) -> None:
        if self.store_scrub_megabytes < 1:
            raise ConfigError("store.scrub_megabytes reads nothing", remedy="Give megabytes a second, 1 or more.")
        if self.store_lock not in {"", "governance", "compliance"}:
            raise ConfigError("store.lock is no way to lock", remedy="Write governance or compliance, or nothing.")
        if self.store_lock and not self.objects_url.startswith("s3://"):
            raise ConfigError(
                "store.lock locks nothing: store.url is not on S3",
                remedy="Set store.url to s3://bucket, a bucket with object lock enabled, or take store.lock away.",
            )
        if self.store_cold_days < 0:
            raise ConfigError("store.cold_days is no age", remedy="Give a number of days, or 0 to move nothing.")
        if self.store_cold_url and self.store_cold_url in {self.objects_url, self.backups_url}:
            raise ConfigError("store.cold_url is a place in use", remedy="Give it a place of its own.")
        if self.backup_keep_days < 1:
            raise ConfigError("backup.keep_days is no time to keep", remedy="Give a number of days, 1 or more.")
        if self.backup_url and self.backup_url == self.objects_url:
            raise ConfigError("backups would lie over what they are of", remedy="Give backup.url a place of its own.")

    def _check_monitor(self) -> None:
        if not 0 <= self.monitor_port <= 65535:
            raise ConfigError("monitor.port is not a port", remedy="Give a number from 1 to 65535, or 0 for none.")
        if not self.monitor_token and self.monitor_host not in {"localhost", "127.0.0.1", "::1"}:
            raise ConfigError("monitor.host answers other machines, and anybody", remedy="Set monitor.token as well.")
        if self.monitor_token and (len(self.monitor_token) < 16 or not self.monitor_token.isascii()):
            raise ConfigError("monitor.token can be guessed", remedy="Give 16 characters or more: openssl rand -hex 24")

    def _check_proxies(self) -> None:
        for network in self.proxy_networks:
            try:
                ip_network(network)
            except ValueError as error:
                raise ConfigError(
                    f"proxy.trusted has what is no address and no network: {network}",
                    remedy="Write 192.0.2.7, 10.0.0.0/24 or 2001:db8::/64, separated by spaces.",
                ) from error
        if self.proxy_header not in {"forwarded", "x-forwarded-for"}:
            raise ConfigError("proxy.header is no header that we read", remedy="Write forwarded or x-forwarded-for.")

    @property
    def media_ports(self) -> tuple[int, ...]:
        """The even ports of the range: RTP uses even numbers (RFC 3550 section 11)."""
        return tuple(range(self.media_first, self.media_last + 1, 2))

    @property
    def proxy_networks(self) -> tuple[str, ...]:
        """The addresses and networks of `proxy.trusted`."""
        return tuple(self.proxy_trusted.split())

    @property
    def callback_places(self) -> tuple[str, ...]:
        """The places of `callback.allow`."""
        return tuple(self.callback_allow.lower().split())

    @property
    def objects_url(self) -> str:
        return self.store_url or (self.data_dir / "objects").as_uri()

    @property
    def backups_url(self) -> str:
        return self.backup_url or (self.data_dir / "backups").as_uri()

    @property
    def public_url(self) -> str:
        return self.web_url or f"http://{self.web_host}:{self.web_port}"

    @property
    def public_events_url(self) -> str:
        return self.events_url or f"http://{self.events_host}:{self.events_port}"

    @property
    def monitoring_dir(self) -> Path:
        """Where processes count and show that they live; forgotten whenever Parley starts afresh."""
        return self.data_dir / "run"

    @property
    def root_key_file(self) -> Path:
        return Path(self.keys_root).absolute() if self.keys_root else self.data_dir / "keys" / "root.key"

    def environment(self) -> dict[str, str]:
        """These settings as PARLEY_* variables: how the supervisor hands them to its processes."""
        return {_variable(f.name): str(getattr(self, f.name)) for f in fields(self)}


def load(*, environment: Mapping[str, str] | None = None, file: Path | None = None) -> Config:
    """The settings of this process; paths are made absolute.

    The file is `file`, else the one that PARLEY_CONFIG names, else ./parley.toml when there is one. Raises ConfigError
    for an unknown setting in the file, a value of the wrong kind, or a file that cannot be read.
    """
    environment = os.environ if environment is None else environment
    named = file or (Path(environment["PARLEY_CONFIG"]) if environment.get("PARLEY_CONFIG") else None)
    path = named or Path("parley.toml")
    values = dict(_from_file(path)) if named or path.exists() else {}
    for one in fields(Config):
        text = environment.get(_variable(one.name))
        if text is not None:
            values[one.name] = text
    known = {one.name: one for one in fields(Config)}
    settings = {
        name: _converted(name, value, type(known[name].default)) for name, value in values.items() if name in known
    }
    unknown = sorted(_spoken(name) for name in values.keys() - known.keys())
    if unknown:
        raise ConfigError(
            f"{path} has settings that do not exist: {', '.join(unknown)}", remedy="Remove or correct them."
        )
    settings["data_dir"] = Path(settings.get("data_dir", Config.data_dir)).expanduser().absolute()
    return Config(**settings)


def _from_file(path: Path) -> Iterator[tuple[str, object]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", remedy="Correct the file, or name another.") from error
    for name, value in document.items():
        if isinstance(value, dict):
            yield from ((f"{name}_{inner}", setting) for inner, setting in value.items())
        else:
            yield name, value


def _converted(name: str, value: object, kind: type) -> Any:
    """`value` as the kind of setting that `name` is. bool is checked before int, of which it is a subclass."""
    if kind is bool:
        if isinstance(value, bool):
            return value
        if str(value).lower() in {"1", "true", "yes", "0", "false", "no"}:
            return str(value).lower() in {"1", "true", "yes"}
        raise ConfigError(f"{_spoken(name)} is neither true nor false", remedy="Write true or false.")
    if kind is int:
        try:
            return int(str(value))
        except ValueError as error:
            raise ConfigError(f"{_spoken(name)} is not a whole number", remedy="Write digits only.") from error
    return str(value)


def _variable(name: str) -> str:
    return ENVIRONMENT_PREFIX + name.upper()


def _spoken(name: str) -> str:
    return name.replace("_", ".", 1)
