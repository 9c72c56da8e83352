"""Exit codes and one-line errors of the command line, as a shell sees them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def zonewatch(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *words]
    return subprocess.run(  # noqa: S603 - our own command
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120
    )


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


def test_help_names_every_command() -> None:
    done = zonewatch("--help")
    for command in ("run", "simulate", "pair", "sites", "claims"):
        assert command in done.stdout


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("run", "atlantis"), "atlantis"),
        (("run", "kaesong"), "--source"),
        (("run", "kaesong-rehearsal", "--source", "no-such-folder"), "no-such-folder"),
        (("run", "kaesong-rehearsal", "--from", "tomorrow"), "tomorrow"),
        (("run", "kaesong-rehearsal", "--settings", "none.toml"), "none.toml"),
        (("run", "kaesong-rehearsal", "--sensor", "sputnik"), "sputnik"),
        (("pair", "a.tif", "b.tif", "--out", "c.tif"), "a.tif"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(words: tuple[str, ...], named: str) -> None:
    done = zonewatch(*words)
    assert done.returncode == 2
    assert named in one_line(done)


def test_the_shipped_folders_pass_their_checks() -> None:
    for words in (
        ("sites", "check", "aoi/kaesong"),
        ("sites", "check", "aoi/kaesong-rehearsal"),
        ("claims", "check", "seeds/kaesong", "--site", "kaesong"),
        ("claims", "check", "seeds/kaesong", "--site", "kaesong-rehearsal"),
    ):
        done = zonewatch(*words)
        assert done.returncode == 0, done.stderr
        assert "good" in done.stdout


def test_a_broken_site_names_each_problem_and_counts_them(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text("id = 'x'\n", encoding="utf-8")
    done = zonewatch("sites", "check", str(tmp_path))
    assert done.returncode == 2
    assert "problem" in done.stderr.splitlines()[-1]


def test_sites_and_claims_can_be_listed() -> None:
    assert "kaesong-rehearsal" in zonewatch("sites", "list").stdout
    listed = zonewatch("claims", "list", "seeds/kaesong").stdout
    assert "K000-10" in listed
    assert "2020-10-25" in listed


def test_importing_the_pipeline_loads_no_heavy_library() -> None:
    code = (
        "import sys, pipeline; print(sorted({'numpy', 'rasterio', 'prefect'} & set(sys.modules)))"
    )
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_source_without_radar_says_which_collection_it_lacks(tmp_path: Path) -> None:
    done = zonewatch(
        "run", "kaesong-rehearsal", "--sensor", "opera-rtc", "--work", str(tmp_path / "work")
    )
    assert done.returncode == 3
    assert "none of the collections OPERA_L2_RTC-S1_V1_1" in done.stderr.splitlines()[-1]
