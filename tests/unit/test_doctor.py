"""``zonewatch doctor``: every trouble is found, named, and has a remedy; secrets stay secret."""

from __future__ import annotations

import http.server
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import pytest

from pipeline import doctor
from pipeline.doctor import (
    Finding,
    Light,
    check_coordinates,
    check_credentials,
    check_disk,
    check_environment,
    check_libraries,
    check_network,
    check_rasters,
    examine,
    is_fit,
    reach,
)
from pipeline.errors import StoreError
from pipeline.terminal.health import finding_table, health_line
from tests.unit.test_terminal import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parents[2]


class Usage(NamedTuple):
    """What ``shutil.disk_usage`` gives."""

    total: int
    used: int
    free: int


def lights(findings: Iterable[Finding]) -> dict[str, Light]:
    found = list(findings)
    assert all(one.remedy for one in found if one.light is not Light.GREEN)
    return {one.name: one.light for one in found}


@contextmanager
def answering(code: int) -> Iterator[str]:
    """A server that says one thing only."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            self.send_header("location", "http://127.0.0.1:9/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


def test_this_machine_can_run_locally(tmp_path: Path) -> None:
    findings = examine(tmp_path / "work", timeout_s=1, hosts={})
    groups = {one.group for one in findings}
    assert groups == {"libraries", "coordinates", "environment", "disk", "credentials"}
    assert is_fit(findings)
    assert list(tmp_path.iterdir()) == []


def test_a_library_that_does_not_load_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LIBRARIES", {"numpy": "numpy", "nonesuch": "none_such"})
    found = list(check_libraries())
    assert lights(found)["nonesuch"] is Light.RED
    assert not is_fit(found)


def test_coordinates_that_come_out_wrong_are_red(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(lights(check_coordinates()).values()) == {Light.GREEN}
    monkeypatch.setattr(doctor, "KNOWN_POINT", (129.0, 0.0, 500_000.0, 111.0))
    monkeypatch.setenv("PROJ_DATA", "/nowhere")
    found = list(check_coordinates())
    assert set(lights(found).values()) == {Light.RED}
    assert "unset PROJ_DATA" in found[0].remedy


def test_a_raster_that_cannot_be_written_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(lights(check_rasters()).values()) == {Light.GREEN}

    def fail(*_: object, **__: object) -> NoReturn:
        raise StoreError("no space")

    monkeypatch.setattr(doctor, "write_cog", fail)
    (found,) = check_rasters()
    assert found.light is Light.RED
    assert "(no space)" in found.what
    assert "Remedy" not in found.what


def test_tables_of_proj_that_are_not_found_are_one_cause_and_one_remedy(tmp_path: Path) -> None:
    """In a process of its own, since PROJ looks for its tables once."""
    command = [sys.executable, "-m", "pipeline", "doctor", "--offline", "--work", str(tmp_path)]
    environ = {**os.environ, "PROJ_DATA": str(tmp_path), "COLUMNS": "200"}
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True)  # noqa: S603, PLW1510 - ourselves; the exit code is looked at
    assert done.returncode == 3
    assert "PROJ in rasterio" in done.stdout
    assert "unset PROJ_DATA" in done.stdout
    assert "GeoTIFF" not in done.stdout
    assert "space and faults" not in done.stdout
    assert "Not fit: 1 must be put right" in done.stdout


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_is_named_and_its_value_is_not(name: str) -> None:
    found = list(check_environment({name: "http://user:CANARY@proxy"}))
    assert lights(found)[name] is Light.YELLOW
    assert "CANARY" not in repr(found)


def test_folders_of_data_are_looked_at(tmp_path: Path) -> None:
    there, gone = str(tmp_path), str(tmp_path / "gone")
    assert "PROJ_DATA" not in lights(check_environment({"PROJ_DATA": there}))
    assert lights(check_environment({"GDAL_DATA": gone}))["GDAL_DATA"] is Light.YELLOW


def test_closed_variables_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "closed_names", lambda: ("GDAL_DRIVER_PATH",))
    found = list(check_environment({}))
    assert [(one.name, one.light) for one in found] == [("GDAL_DRIVER_PATH", Light.YELLOW)]
    monkeypatch.setattr(doctor, "closed_names", tuple)
    assert [one.light for one in check_environment({"HOME": "/"})] == [Light.GREEN]


def test_credentials_are_told_by_name_only() -> None:
    both = dict.fromkeys(doctor.CREDENTIALS["cdse"].variables, "CANARY")
    found = list(check_credentials(both))
    assert lights(found)["cdse"] is Light.GREEN
    assert "CANARY" not in repr(found)
    for name in both:
        found = list(check_credentials({**both, name: "  "}))
        assert lights(found)["cdse"] is Light.YELLOW
        assert found[0].what.startswith("half set: ")
        assert found[0].what.endswith(f"{name} is not")
        assert "CANARY" not in repr(found)
    (found_none,) = check_credentials({})
    assert all(name in found_none.what for name in both)
    assert "dataspace.copernicus.eu" in found_none.remedy


def test_a_folder_that_cannot_be_written_is_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    assert lights(check_disk(tmp_path)) == {"work folder": Light.RED}


@pytest.mark.parametrize("name", ["a", "a/below"])
def test_a_file_where_the_work_folder_should_be_is_red(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").write_bytes(b"")
    (found,) = check_disk(tmp_path / name)
    assert (found.name, found.light) == ("work folder", Light.RED)
    assert "a file is in its way" in found.what


@pytest.mark.parametrize(
    ("free", "light"),
    [(10**12, Light.GREEN), (10**9, Light.YELLOW), (10**6, Light.RED)],
)
def test_room_on_the_disk_has_its_light(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, light: Light
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free, 0, free))
    found = list(check_disk(tmp_path / "not" / "yet"))[-1]
    assert (found.name, found.light) == ("free space", light)
    assert ("MB" in found.what) is (light is not Light.GREEN)
    assert bool(found.remedy) is (light is not Light.GREEN)


@pytest.mark.parametrize("code", [200, 401, 404])
def test_a_host_that_answers_is_reached(code: int) -> None:
    with answering(code) as url:
        assert lights(check_network({"it": url}, 5)) == {"it": Light.GREEN}


def test_a_host_that_does_not_is_a_finding_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(503) as url:
        assert reach(url, 5) == "the server answered 503"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert "did not arrive" in reach(f"http://127.0.0.1:{port}/", 0.2)
    assert "connection failed" in reach(f"http://127.0.0.1:{port}/", 5)
    with answering(200) as url:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        assert reach(url, 5) == ""
    found = list(check_network({"gone": f"http://127.0.0.1:{port}/"}, 5))
    assert lights(found) == {"gone": Light.YELLOW}
    assert is_fit(found)
    assert list(check_network({}, 5)) == []


def test_the_table_has_words_beside_its_lights() -> None:
    findings = [
        Finding("a", "good one", Light.GREEN, "fine"),
        Finding("a", "odd one", Light.YELLOW, "odd [red]", "look here"),
        Finding("b", "bad one", Light.RED, "broken", "mend it"),
    ]
    lines = text_of(finding_table(findings)).splitlines()
    for words in (("good one", "good", "fine"), ("odd one", "look", "odd [red]"),
                  ("bad one", "BAD", "broken"), ("mend it",)):  # fmt: skip
        assert any(all(word in line for word in words) for line in lines)
    assert "Not fit: 1" in health_line(findings)
    assert "Fit" in health_line(findings[:2])
    assert "1 to look at" in health_line(findings[:2])
