"""Dossiers that strangers altered: every byte, every number, every trick that a folder can hold."""

from __future__ import annotations

import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.dossier import verify_dossier, write_dossier
from pipeline.dossier.given import name_outside
from pipeline.errors import DossierError, NotVerifiedError, PipelineError
from pipeline.store.bag import read_bag
from pipeline.store.files import canonical_json
from tests.unit.dossier_factory import CLAIM, Made, make_run, remade, resealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.dossier import Verification


@cache
def run() -> Made:
    return make_run(Path(tempfile.mkdtemp()))


@cache
def sound(*, with_chips: bool = False) -> Path:
    """One sound dossier, of which every test takes a copy."""
    wanted = run().wanted(CLAIM, with_chips=with_chips)
    return write_dossier(wanted, Path(tempfile.mkdtemp()) / "dossier").folder


def copy(tmp_path: Path, *, with_chips: bool = False) -> Path:
    return Path(shutil.copytree(sound(with_chips=with_chips), tmp_path / "copy"))


def names(folder: Path) -> list[str]:
    held = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path.relative_to(folder).as_posix() for path in held]


def told(done: Verification) -> str:
    return " ".join(f"{fault.path} {fault.what}" for fault in done.faults)


@pytest.mark.parametrize("with_chips", [False, True])
def test_one_flipped_byte_in_any_file_is_found_and_the_file_named(
    tmp_path: Path, *, with_chips: bool
) -> None:
    folder = copy(tmp_path, with_chips=with_chips)
    for name in names(folder):
        path = folder / name
        before = path.read_bytes()
        for place in {0, len(before) // 2, len(before) - 1}:
            damaged = bytearray(before)
            damaged[place] ^= 1
            path.write_bytes(damaged)
            done = verify_dossier(folder)
            assert not done.is_good
            assert name in told(done), (name, place, told(done))
        path.write_bytes(before)
    assert verify_dossier(folder).is_good


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_byte_changed_to_any_other_is_found(tmp_path: Path, data: st.DataObject) -> None:
    folder = tmp_path / "copy"
    if not folder.exists():
        copy(tmp_path)
    name = data.draw(st.sampled_from(names(folder)))
    before = (folder / name).read_bytes()
    place = data.draw(st.integers(0, len(before) - 1))
    damaged = bytearray(before)
    damaged[place] ^= data.draw(st.integers(1, 255))
    (folder / name).write_bytes(damaged)
    done = verify_dossier(folder)
    (folder / name).write_bytes(before)
    assert not done.is_good
    assert name in told(done)


def edited(name: str, change: Callable[[Any], None]) -> Callable[[dict[str, bytes]], None]:
    """A forger's change of one JSON document."""

    def forge(payload: dict[str, bytes]) -> None:
        values = json.loads(payload[name])
        change(values)
        payload[name] = canonical_json(values)

    return forge


def without(name: str) -> Callable[[dict[str, bytes]], None]:
    """A forger's removal of one file."""

    def forge(payload: dict[str, bytes]) -> None:
        del payload[name]

    return forge


def _verdict(values: Any) -> None:  # noqa: ANN401 - JSON
    values["verdict"] = "corroborated"


def _effect(values: Any) -> None:  # noqa: ANN401 - JSON
    values["tests"][0]["effect"] = 0.9


def _plan(values: Any) -> None:  # noqa: ANN401 - JSON
    values["plan"]["windows"][0]["start_utc"] = "2020-01-01T00:00:00+00:00"


def _neighbour(values: Any) -> None:  # noqa: ANN401 - JSON
    values["assessments"][1]["reason"] = "something else"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("assessment.json", _verdict),
        ("assessment.json", _effect),
        ("plan.json", _plan),
        ("answers.json", _neighbour),
    ],
)
def test_numbers_altered_together_with_the_manifest_are_found(
    tmp_path: Path, name: str, change: Callable[[Any], None]
) -> None:
    folder = copy(tmp_path)
    resealed(folder, edited(name, change))
    assert not read_bag(folder).faults
    done = verify_dossier(folder)
    assert not done.is_good
    assert f"data/{name}" in told(done)


@pytest.mark.parametrize("name", ["index.html", "assessment.csv", "measured.csv", "scenes.csv"])
def test_words_altered_together_with_the_manifest_are_found(tmp_path: Path, name: str) -> None:
    folder = copy(tmp_path)
    resealed(folder, lambda payload: payload.update({name: payload[name] + b" "}))
    assert f"data/{name}" in told(verify_dossier(folder))


def test_charts_altered_together_with_the_manifest_are_found(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    chart = next(name for name in read_bag(folder).payload if name.startswith("charts/"))
    resealed(folder, lambda payload: payload.update({chart: b"<svg/>"}))
    assert f"data/{chart}" in told(verify_dossier(folder))


def test_a_file_that_nothing_accounts_for_is_found(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    resealed(folder, lambda payload: payload.update({"pictures/more.png": b"x", "more.txt": b"x"}))
    assert {"data/pictures/more.png", "data/more.txt"} <= {
        fault.path for fault in verify_dossier(folder).faults
    }


def test_altered_evidence_is_found_by_the_hash_that_the_run_recorded(tmp_path: Path) -> None:
    def forge(values: Any) -> None:  # noqa: ANN401 - JSON
        row = values["columns"][0]
        place = next(place for place, value in enumerate(row) if value is not None)
        row[place] += 0.1

    folder = copy(tmp_path)
    resealed(folder, edited("evidence.json", forge))
    done = told(verify_dossier(folder))
    assert "evidence.json" in done
    assert "data/answers.json" in done or "data/measured.csv" in done


def test_a_whole_dossier_made_anew_from_other_evidence_names_another_run(tmp_path: Path) -> None:
    """A forger who recomputes all still breaks the hashes of the run record."""
    folder = copy(tmp_path)
    remade(folder, edited("evidence.json", lambda values: values["changes"].clear()))
    done = verify_dossier(folder)
    assert [fault.path for fault in done.faults] == ["data/evidence.json", "data/answers.json"]
    assert "not the evidence.json that the run recorded" in told(done)


def test_other_inputs_of_the_run_are_found_by_its_id(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    resealed(
        folder,
        edited("run/SIMULATED-record.json", lambda v: v["inputs"].update({"settings": "0" * 64})),
    )
    assert "the id of the run" in told(verify_dossier(folder))


def test_a_rehearsal_cannot_be_passed_off_as_real(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    resealed(folder, edited("dossier.json", lambda values: values.update(simulated=False)))
    assert "disagree on whether it is simulated" in told(verify_dossier(folder))


def test_a_picture_of_something_else_is_found_where_pixels_are_enclosed(tmp_path: Path) -> None:
    folder = copy(tmp_path, with_chips=True)
    name = json.loads((folder / "data" / "dossier.json").read_bytes())["pictures"][0]["file"]
    with Image.open(folder / "data" / name) as image:
        pixels = np.array(image)
    pixels[0, 0, 0] ^= 4
    Image.fromarray(pixels).save(tmp_path / "other.png")

    data = (tmp_path / "other.png").read_bytes()
    remade(folder, lambda files: files.update({name: data}))
    done = verify_dossier(folder)
    assert [fault.what for fault in done.faults] == ["it is not what the enclosed pixels show"]


def test_a_missing_picture_is_found(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    name = json.loads((folder / "data" / "dossier.json").read_bytes())["pictures"][0]["file"]
    resealed(folder, without(name))
    assert name in told(verify_dossier(folder))


@pytest.mark.parametrize(
    ("key", "value"), [("method", "1"), ("stage:assess", "0"), ("stage:report", "0")]
)
def test_another_method_says_so_and_is_no_verdict(tmp_path: Path, key: str, value: str) -> None:
    def forge(values: Any) -> None:  # noqa: ANN401 - JSON
        held = values if key == "method" else values["versions"]
        held[key] = value

    folder = copy(tmp_path)
    resealed(folder, edited("dossier.json", forge))
    done = verify_dossier(folder)
    assert done.other_method
    assert not done.is_good
    assert f"made by another method: {key} {value}" in told(done)
    shown = CliRunner().invoke(app, ["verify", str(folder)])
    assert isinstance(shown.exception, DossierError)
    assert shown.exception.exit_code == 2
    assert "verify it with zonewatch" in shown.exception.remedy


def test_other_libraries_are_noted_and_no_fault(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    remade(folder, edited("dossier.json", lambda held: held["versions"].update(numpy="0.1")))
    done = verify_dossier(folder)
    assert done.is_good
    assert len(done.libraries) == 1
    assert done.libraries[0].startswith("numpy 0.1 there")


HOSTILE: dict[str, bytes] = {
    "deep": b"[" * 300_000,
    "no json": b"{",
    "twice": b'{"format":1,"format":1}\n',
    "spaces": b'{"format": 1}\n',
    "number": b"9" * 10_000,
    "not a number": b'{"format":NaN}\n',
    "bytes": b"\xff\xfe\x00",
    "empty": b"",
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize(
    "name",
    ["dossier.json", "evidence.json", "SIMULATED-settings.json", "run/SIMULATED-record.json"],
)
def test_hostile_documents_are_refused(tmp_path: Path, name: str, kind: str) -> None:
    folder = copy(tmp_path)
    resealed(folder, lambda payload: payload.update({name: HOSTILE[kind]}))
    with pytest.raises(DossierError) as raised:
        verify_dossier(folder)
    assert name_outside(name) in str(raised.value)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("chips.csv", b"a,b\n1\n"),
        ("chips.csv", b"\xff"),
        ("run/SIMULATED-scenes.csv", b"id\nx,y\n"),
        ("run/SIMULATED-scenes.csv", b'"' * 9),
        ("seeds/SIMULATED-claims.toml", b"x = [" + b"[" * 90_000),
        ("seeds/SIMULATED-claims.toml", b"claims = 1"),
        ("aoi/SIMULATED-zones.geojson", b"[" * 90_000),
        ("aoi/SIMULATED-site.toml", b'id = "../../etc"'),
    ],
)
def test_hostile_tables_and_folders_are_refused(tmp_path: Path, name: str, data: bytes) -> None:
    folder = copy(tmp_path)
    resealed(folder, lambda payload: payload.update({name: data}))
    with pytest.raises(DossierError):
        verify_dossier(folder)


@pytest.mark.parametrize("name", ["evidence.json", "dossier.json", "seeds/SIMULATED-events.toml"])
def test_what_it_rests_on_must_be_there(tmp_path: Path, name: str) -> None:
    folder = copy(tmp_path)
    resealed(folder, without(name))
    with pytest.raises(DossierError, match="is missing"):
        verify_dossier(folder)


def test_years_without_satellites_are_refused(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    old = json.loads((folder / "data" / "evidence.json").read_bytes())["axes"][0][-1]

    def forge(payload: dict[str, bytes]) -> None:
        text = payload["evidence.json"].replace(old.encode(), b"9998" + old[4:].encode())
        payload["evidence.json"] = text

    resealed(folder, forge)
    with pytest.raises(DossierError, match="years without satellites"):
        verify_dossier(folder)


def test_a_picture_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    folder = copy(tmp_path)

    def forge(values: Any) -> None:  # noqa: ANN401 - JSON
        values["pictures"][0]["file"] = "pictures/../../secret.png"

    resealed(folder, edited("dossier.json", forge))
    with pytest.raises(DossierError, match="pictures"):
        verify_dossier(folder)


@pytest.mark.parametrize("place", ["data/index.html", "data/run"])
def test_a_link_in_a_dossier_is_refused(tmp_path: Path, place: str) -> None:
    folder = copy(tmp_path)
    path = folder / place
    shutil.move(path, tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    with pytest.raises(DossierError, match="link"):
        verify_dossier(folder)


PAYLOAD = "<script>window.x=1</script>\"'><img src=http://evil.example/x onerror=x()>{{ 7*7 }}"


def test_hostile_words_stay_words_on_the_page_and_in_the_charts(tmp_path: Path) -> None:
    made = make_run(tmp_path, words=PAYLOAD)
    folder = write_dossier(made.wanted()).folder
    texts = [path.read_text("utf-8") for path in (folder / "data").rglob("*yard*.svg")]
    texts.append((folder / "data" / "index.html").read_text("utf-8"))
    assert len(texts) > 1
    for text in texts:
        assert "&lt;script&gt;" in text
        assert "<script" not in text
        assert "<img" not in text
        assert "49" not in text.partition("&lt;script")[2][:200]


def invoke(*words: str) -> tuple[int, str]:
    """A command as a person calls it: exit code and all that it says."""
    done = CliRunner().invoke(app, list(words))
    error = done.exception
    if isinstance(error, PipelineError):
        return error.exit_code, f"{done.output}\n{error}"
    return done.exit_code, done.output


def test_the_command_line_verifies_and_prints_the_table() -> None:
    code, text = invoke("verify", str(sound()))
    assert code == 0
    assert "Bytes against the manifests" in text
    assert "SIMULATED" in text
    seal = read_bag(sound()).seal
    assert seal in text
    assert invoke("verify", str(sound()), "--seal", seal)[0] == 0


def test_the_command_line_tells_another_seal() -> None:
    code, text = invoke("verify", str(sound()), "--seal", "0" * 64)
    assert code == NotVerifiedError.exit_code == 3
    assert "not the one that was published" in text


def test_the_command_line_names_the_file_and_both_hashes(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    with (folder / "data" / "plan.json").open("ab") as stream:
        stream.write(b" ")
    code, text = invoke("verify", str(folder))
    assert code == 3
    assert "data/plan.json: it was changed" in text
    assert "expected " in text
    assert "found " in text


def test_the_command_line_writes_a_dossier(tmp_path: Path) -> None:
    made = run()
    words = ["--work", str(made.work.root), "--claims", str(made.root / "seeds")]
    target = tmp_path / "out"
    code, text = invoke("dossier", str(made.root / "demo"), CLAIM, *words, "--out", str(target))
    assert code == 0
    assert "Seal" in text
    assert invoke("verify", str(target))[0] == 0
    code, text = invoke("dossier", str(made.root / "demo"), "Z9", *words)
    assert (code, "no such claim" in text) == (2, True)
    assert invoke("verify", str(tmp_path))[0] == 2
