"""S15: a poisoned environment changes no result, and nobody asks it for libraries."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.environment import CLOSED, REMOVED, close_environment, closed_names, is_dangerous

ROOT = Path(__file__).resolve().parents[2]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
POISON = {
    "PROJ_NETWORK": "ON",
    "PROJ_NETWORK_ENDPOINT": "http://127.0.0.1:9",
    "GDAL_SKIP": "GTiff",
    "GDAL_NUM_THREADS": "2",
    "GDAL_HTTP_UNSAFESSL": "YES",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif",
    "GTIFF_SRS_SOURCE": "GEOKEYS",
    **dict.fromkeys(PROXIES, "http://127.0.0.1:9"),
}
CHILD = """
import sys
from pathlib import Path
from pipeline.harvest import harvest
from pipeline.request import request_for
days = ("2019-01-01", "2019-01-20")
request = request_for("kaesong-rehearsal", "", Path(sys.argv[1]), period=days)
done = harvest(request)
assert not done.failures, done.failures
for chip in done.chips:
    print(chip.scene_id, chip.band, chip.sha256, chip.grid)
print([line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()
       if "gdal_evil" in line])
"""


def chips_in_child(work: Path, **environ: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not is_dangerous(name, value)}
    command = [sys.executable, "-c", CHILD, str(work)]
    done = subprocess.run(  # noqa: S603 - ourselves
        command, cwd=ROOT, env=clean | environ, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_s15_a_poisoned_environment_changes_nothing(tmp_path: Path) -> None:
    drivers = tmp_path / "drivers"
    drivers.mkdir()
    # Any library will do: that it is loaded at all is the harm.
    library = next(Path(sys.prefix).glob("lib/python*/site-packages/markupsafe/*.so"))
    shutil.copy(library, drivers / "gdal_evil.so")
    settings = tmp_path / "gdalrc"
    settings.write_text("[configoptions]\nGDAL_SKIP=GTiff\n", encoding="utf-8")
    paths = {"GDAL_DRIVER_PATH": str(drivers), "GDAL_CONFIG_FILE": str(settings)}
    clean = chips_in_child(tmp_path / "a")
    assert chips_in_child(tmp_path / "b", **POISON, **paths) == clean
    assert clean.splitlines()[-1] == "[]"
    assert len(clean.splitlines()) > 6


def test_closing_is_complete_and_repeatable() -> None:
    environ = dict(POISON) | {"GDAL_DRIVER_PATH": "/evil", "HOME": "/root", "GDAL_DATA": "/x"}
    close_environment(environ)
    once = dict(environ)
    assert CLOSED.items() <= environ.items()
    assert not set(REMOVED) & set(environ)
    assert (environ["HOME"], environ["GDAL_DATA"]) == ("/root", "/x")
    close_environment(environ)
    assert environ == once
    assert {"GDAL_DRIVER_PATH", "PROJ_NETWORK", "GDAL_HTTP_UNSAFESSL"} <= set(closed_names())
    assert "HOME" not in closed_names()


@given(st.dictionaries(st.sampled_from([*CLOSED, *REMOVED, "VSI_CACHE", "PATH"]), st.text()))
def test_nothing_dangerous_is_left(environ: dict[str, str]) -> None:
    path = environ.get("PATH")
    close_environment(environ)
    assert not [name for name, value in environ.items() if is_dangerous(name, value)]
    assert environ.get("PATH") == path
