"""The signs as tables: every look with its numbers or its reason, every silence with its own."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipeline.publish import publish_products
from pipeline.publish.sign_rows import (
    LOOK_COLUMNS,
    PLACE_COLUMNS,
    look_rows,
    place_rows,
    sign_document,
)
from pipeline.publish.tables import to_csv
from pipeline.store.files import canonical_json
from tests.unit.activity_factory import (
    ALONE,
    BARE_FROM,
    CLOUDED,
    UNIT,
    make_activity,
    share_series,
    signed_findings,
)
from tests.unit.findings_factory import INSTANTS, N_BASELINE, make_findings

if TYPE_CHECKING:
    from pathlib import Path


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def looks(place: str) -> list[dict[str, str]]:
    table = read(to_csv(look_rows(signed_findings()), LOOK_COLUMNS))
    return [row for row in table if row["place"] == place]


def test_every_look_has_its_numbers_with_unit_error_and_smallest_change() -> None:
    rows = looks("north-vacant")
    assert len(rows) == len(INSTANTS)
    bare = rows[BARE_FROM]
    assert float(bare["value"]) == 0.8
    assert float(bare["controls"]) == 0.01
    assert float(bare["expected_difference"]) == 0
    assert float(bare["departure"]) == pytest.approx(0.79)
    assert float(bare["error"]) == 0.02
    assert float(bare["score"]) == pytest.approx(39.5)
    assert float(bare["smallest_change"]) == 0.06
    assert float(bare["stands_out_from"]) > 0.06
    assert bare["unit"] == UNIT
    assert bare["companions"] == f"n_looks={BARE_FROM}"
    assert bare["simulated"] == "true"


def test_what_departs_is_said_by_look() -> None:
    rows = looks("north-vacant")
    assert [k for k, row in enumerate(rows) if row["departs"] == "single"] == [ALONE]
    lasting = [k for k, row in enumerate(rows) if row["departs"] == "lasting"]
    assert lasting == [k for k in range(BARE_FROM, len(INSTANTS)) if k != CLOUDED]
    assert not [row for row in looks("control-field") if row["departs"]]


def test_a_look_without_a_number_says_why() -> None:
    row = looks("north-vacant")[CLOUDED]
    assert row["missing"] == "too little of the place was seen"
    assert row["value"] == row["departure"] == row["score"] == ""
    assert not [one for k, one in enumerate(looks("north-vacant")) if one["missing"] and k != 33]


def test_the_baseline_and_what_comes_after_are_told_apart() -> None:
    periods = [row["period"] for row in looks("control-field")]
    assert periods == ["baseline"] * N_BASELINE + ["monitoring"] * (len(INSTANTS) - N_BASELINE)


def test_every_place_and_sign_has_a_row_and_every_silence_a_reason() -> None:
    rows = read(to_csv(place_rows(signed_findings()), PLACE_COLUMNS))
    by_place = {row["place"]: row for row in rows}
    assert set(by_place) == {"whole-complex", "north-vacant", "control-field", "electronics", ""}
    assert by_place["whole-complex"]["why_not"] == "it holds no green ground"
    assert by_place["electronics"]["why_not"] == "position not established"
    assert by_place[""]["sign"] == "night-light-step"
    assert "night light" in by_place[""]["why_not"]
    assert all((row["observable"] == "true") == (not row["why_not"]) for row in rows)
    plot = by_place["north-vacant"]
    assert (plot["n_looks"], plot["n_single"]) == ("15", "1")
    assert plot["lasting"].endswith("to stands by +0.79")
    assert plot["n_missing"] == "too little of the place was seen=1"
    assert by_place["whole-complex"]["resolution"] == ""


def test_a_series_without_a_number_has_no_looks_in_the_tables() -> None:
    assert not looks("whole-complex")


def test_the_document_holds_the_same() -> None:
    document = json.loads(canonical_json(sign_document(signed_findings())))
    assert document["simulated"] is True
    assert document["run_alpha"] == 0.05
    by_place = {one["place"]: one for one in document["signs"]}
    assert len(by_place["north-vacant"]["looks"]) == len(INSTANTS)
    assert by_place["whole-complex"]["looks"] == []
    assert document["silent_zones"] == [
        {"place": "electronics", "reason": "position not established"}
    ]
    assert [one["sign"] for one in document["not_shown"]] == ["night-light-step"]
    first = by_place["north-vacant"]["looks"][0]
    assert "value" in first
    assert "unit" not in first


def test_findings_without_signs_give_empty_tables(tmp_path: Path) -> None:
    found = make_findings()
    assert look_rows(found) == place_rows(found) == []
    assert sign_document(found)["signs"] == []
    publish_products(tmp_path / "products", found)
    text = (tmp_path / "products" / "sign-series.csv").read_text(encoding="utf-8")
    assert text.splitlines() == [",".join(LOOK_COLUMNS)]


def test_the_products_hold_the_signs_and_are_the_same_bytes_again(tmp_path: Path) -> None:
    one = publish_products(tmp_path / "one", signed_findings())
    two = publish_products(tmp_path / "two", signed_findings())
    assert one == two
    assert {"sign-series.csv", "signs.csv", "signs.json"} <= {artifact.name for artifact in one}


def test_simulated_signs_taint_findings_of_real_scenes() -> None:
    assert not signed_findings(is_simulated=False).is_simulated
    assert signed_findings(make_activity(), is_simulated=False).is_simulated


def test_a_reason_that_looks_like_a_formula_is_defused() -> None:
    nasty = share_series("north-vacant", [0.0] * len(INSTANTS), why="=1+1")
    readings = make_activity().readings
    activity = make_activity(readings=(replace(readings[1], series=nasty, lasting=()),))
    rows = read(to_csv(place_rows(signed_findings(activity)), PLACE_COLUMNS))
    assert rows[0]["why_not"] == "'=1+1"
