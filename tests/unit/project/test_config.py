"""Settings: one file, the environment, clear refusals."""

from dataclasses import fields
from pathlib import Path

import pytest

from parley.project.config import Config, ConfigError, load


def _file(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "parley.toml"
    file.write_text(text)
    return file


def test_the_file_sets_and_the_environment_wins(tmp_path: Path) -> None:
    file = _file(tmp_path, 'data_dir = "/srv/parley"\n[web]\nport = 9000\nworkers = 3\n[database]\ndurable = false\n')
    config = load(environment={"PARLEY_WEB_PORT": "9001", "PARLEY_DATABASE_PORT": "5433"}, file=file)
    assert (config.web_port, config.web_workers) == (9001, 3)
    assert config.database_durable is False
    assert config.database_port == 5433
    assert config.data_dir == Path("/srv/parley")
    assert config.objects_url == "file:///srv/parley/objects"
    assert config.root_key_file == Path("/srv/parley/keys/root.key")


def test_settings_survive_being_handed_to_a_process() -> None:
    config = Config(
        data_dir=Path("/srv/parley"), web_port=9000, database_durable=False, store_url="s3://b?endpoint=http://h"
    )
    assert load(environment=config.environment(), file=Path("/dev/null")) == config


def test_a_relative_directory_becomes_absolute() -> None:
    assert load(environment={"PARLEY_DATA_DIR": "there", "PARLEY_CONFIG": "/dev/null"}).data_dir == Path.cwd() / "there"


def test_media_ports_are_the_even_ones() -> None:
    assert Config(media_first=30000, media_last=30005).media_ports == (30000, 30002, 30004)
    assert len(Config().media_ports) == 256


def test_places_that_callbacks_may_reach_are_separated_by_spaces() -> None:
    config = load(environment={"PARLEY_CALLBACK_ALLOW": "10.0.0.7:9443 Platform.lan:80", "PARLEY_CONFIG": "/dev/null"})
    assert config.callback_places == ("10.0.0.7:9443", "platform.lan:80")
    assert Config().callback_places == ()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[web]\nprot = 1", "web.prot"),
        ('[web]\nport = "many"', "web.port"),
        ("[web]\nport = 70000", "web.port"),
        ('[database]\ndurable = "perhaps"', "database.durable"),
        ("[media]\nfirst = 30001", "media.first"),
        ("[media]\nfirst = 30000\nlast = 29000", "media.last"),
        ('[callback]\nallow = "platform"', "callback.allow"),
        ('[proxy]\ntrusted = "10.0.0.1 everybody"', "proxy.trusted"),
        ('[proxy]\ntrusted = "10.0.0.1/8"', "proxy.trusted"),
        ('[proxy]\nheader = "x-real-ip"', "proxy.header"),
        ("[store]\ncold_days = -1", "store.cold_days"),
        ('[store]\nurl = "s3://b"\ncold_url = "s3://b"', "store.cold_url"),
        ('[store]\nurl = "s3://b"\nlock = "worm"', "store.lock"),
        ('[store]\nlock = "compliance"', "store.lock"),
        ("web = [", "parley.toml"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named.replace(".", r"\.")) as refusal:
        load(environment={}, file=_file(tmp_path, text))
    assert refusal.value.remedy


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load(environment={"PARLEY_CONFIG": str(tmp_path / "none.toml")})


def test_every_setting_can_be_set_by_the_environment() -> None:
    names = {f"PARLEY_{field.name.upper()}" for field in fields(Config)}
    assert names == set(Config().environment())
