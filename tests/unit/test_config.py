"""The settings file: read whole, bounded, unknown keys refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.config import SETTINGS_FILE, RunConfig, load_config
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def altered(tmp_path: Path, old: str, new: str) -> Path:
    text = SETTINGS_FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "settings.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_committed_file_is_whole_and_hashes_stably() -> None:
    assert load_config() == load_config()
    assert load_config().sha256 == load_config().sha256
    assert len(load_config().sha256) == 64


def test_another_value_is_another_hash(tmp_path: Path) -> None:
    other = load_config(altered(tmp_path, "pad_days = 10", "pad_days = 12"))
    assert other.assess.pad_days == 12
    assert other.sha256 != load_config().sha256


def test_a_comment_changes_no_hash(tmp_path: Path) -> None:
    assert load_config(altered(tmp_path, "[search]", "# note\n[search]")) == load_config()


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("pad_days = 10", "pad_dayz = 10", "assess.pad"),
        ("pad_days = 10", "pad_days = -1", "assess.pad_days"),
        ("max_p_value = 0.05", "max_p_value = 5", "assess.max_p_value"),
        ("concurrency = 32", "concurrency = 'many'", "fetch.concurrency"),
        ("[objects]", "[things]", "objects"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    path = altered(tmp_path, old, new)
    with pytest.raises(ConfigError, match=named) as caught:
        load_config(path)
    assert str(path) in str(caught.value)
    assert "Remedy" in str(caught.value)


def test_a_missing_file_and_broken_toml_are_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("a = = 1", encoding="utf-8")
    for path in (tmp_path / "none.toml", broken):
        with pytest.raises(ConfigError, match=path.name):
            load_config(path)


def test_settings_cannot_be_altered_afterwards() -> None:
    config: RunConfig = load_config()
    with pytest.raises(ValueError, match="frozen"):
        config.assess.pad_days = 3
