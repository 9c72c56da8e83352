"""Evidence comes back from its text number for number, and from nothing but its own text."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import StoreError
from pipeline.model.change import Bracket, Status
from pipeline.model.claim import Observable
from pipeline.model.signal import Evidence, Signal, StandingChange
from pipeline.store import evidence as module
from pipeline.store.evidence import EvidenceHead, decode_evidence, encode_evidence
from pipeline.store.files import canonical_json
from tests.unit.dossier_factory import make_evidence

HEAD = EvidenceHead("ab" * 32, "demo", "sentinel-2", "cd" * 32)
TEXT = encode_evidence(HEAD, make_evidence())
INSTANTS = st.datetimes(datetime(1984, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis takes the zone apart
NUMBERS = st.floats(width=64)
WORDS = st.text(st.characters(codec="utf-8"), max_size=12)


@st.composite
def signals(draw: st.DrawFn) -> Signal:
    """Any line that the noun allows, infinities and signed zeros among its numbers."""
    when = sorted(draw(st.sets(INSTANTS, max_size=8)))
    n_looks = len(when)
    rows = st.lists(NUMBERS, min_size=n_looks, max_size=n_looks)
    counts = st.lists(st.integers(0, 10**9), min_size=n_looks, max_size=n_looks)
    return Signal(
        sensor=draw(WORDS),
        series=draw(WORDS),
        observable=draw(st.sampled_from(Observable)),
        place=draw(WORDS),
        unit=draw(WORDS),
        instants=tuple(when),
        values=np.array(draw(rows), float),
        levels=np.array(draw(rows), float),
        listed=tuple(draw(st.lists(INSTANTS, max_size=4))),
        resolution=draw(NUMBERS),
        native_m=draw(NUMBERS),
        area_m2=draw(NUMBERS),
        n_behind=np.array(draw(counts), np.int64),
        is_control=draw(st.booleans()),
        not_observable=draw(WORDS),
        note=draw(WORDS),
        is_simulated=draw(st.booleans()),
    )


BRACKETS = st.builds(Bracket, st.none() | INSTANTS, INSTANTS)
CHANGES = st.builds(
    StandingChange,
    WORDS,
    WORDS,
    BRACKETS,
    st.none() | BRACKETS,
    st.sampled_from(Status),
    NUMBERS,
    WORDS,
)
EVIDENCE = st.builds(
    Evidence,
    st.lists(signals(), max_size=3).map(tuple),
    st.lists(CHANGES, max_size=3).map(tuple),
    st.booleans(),
)


def bits(value: Any) -> Any:  # noqa: ANN401 - any field
    """A value so that equal means equal in every bit but the payload of NaN."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, [bits(one) for one in value.tolist()]
    if isinstance(value, float):
        return "nan" if math.isnan(value) else (value, math.copysign(1, value))
    return value


def is_same(one: Evidence, other: Evidence) -> bool:
    """Whether two evidences are one in every bit."""
    pairs = zip(one.signals, other.signals, strict=True)
    lines = all(
        bits(getattr(a, field.name)) == bits(getattr(b, field.name))
        for a, b in pairs
        for field in fields(Signal)
    )
    changes = [
        [[bits(getattr(change, field.name)) for field in fields(change)] for change in side.changes]
        for side in (one, other)
    ]
    return lines and changes[0] == changes[1] and one.is_simulated == other.is_simulated


@given(EVIDENCE)
def test_what_is_written_comes_back_in_every_bit(evidence: Evidence) -> None:
    text = encode_evidence(HEAD, evidence)
    head, back = decode_evidence(text, "evidence.json")
    assert head == HEAD
    assert is_same(evidence, back)
    assert encode_evidence(head, back) == text


@given(st.integers(0, len(TEXT) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_says_something_else(place: int, flip: int) -> None:
    damaged = bytearray(TEXT)
    damaged[place] ^= flip
    try:
        head, back = decode_evidence(bytes(damaged), "evidence.json")
    except StoreError as error:
        assert "Remedy" in str(error)  # noqa: PT017 - both outcomes are right
        return
    assert encode_evidence(head, back) == bytes(damaged)
    assert head != HEAD or not is_same(back, make_evidence())


@pytest.mark.parametrize("n_kept", [0, 1, 17, len(TEXT) // 2, len(TEXT) - 1])
def test_a_truncated_file_is_refused_with_a_remedy(n_kept: int) -> None:
    with pytest.raises(StoreError, match=r"evidence.json: the evidence cannot be read.*Remedy"):
        decode_evidence(TEXT[:n_kept], "evidence.json")


def spoilt(**changes: object) -> bytes:
    """The document with some keys replaced."""
    return canonical_json(json.loads(TEXT) | changes)


def line(**changes: object) -> list[dict[str, object]]:
    """The first line alone, spoilt."""
    return [json.loads(TEXT)["signals"][0] | changes]


@pytest.mark.parametrize(
    "data",
    [
        spoilt(format=2),
        spoilt(extra=1),
        spoilt(simulated="yes"),
        spoilt(axes=[["2020-01-01T00:00:00"]]),
        spoilt(axes=[["yesterday"]]),
        spoilt(columns=[["nan"]]),
        spoilt(counts=[[1.5]]),
        spoilt(counts=[[10**30]]),
        spoilt(signals=line(values=99)),
        spoilt(signals=line(values=-1)),
        spoilt(signals=line(observable="dreams")),
        spoilt(signals=line(instants=[1])),
        spoilt(signals={"a": 1}),
        spoilt(columns=[[1.0]] * 9),
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"format":' + b"9" * 5000 + b"}",
        TEXT.replace(b'"axes":', b' "axes":'),
        TEXT[:-1],
        TEXT.replace(b'{"axes"', b'{"format":1,"axes"'),
    ],
)
def test_anything_but_our_own_text_is_refused(data: bytes) -> None:
    with pytest.raises(StoreError, match="the evidence cannot be read") as raised:
        decode_evidence(data, "evidence.json")
    assert raised.value.remedy


def test_an_axis_that_does_not_ascend_is_refused() -> None:
    axes = [list(reversed(axis)) for axis in json.loads(TEXT)["axes"]]
    with pytest.raises(StoreError, match="ascend"):
        decode_evidence(spoilt(axes=axes), "e")


def test_sizes_are_bounded_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", len(TEXT) - 1)
    with pytest.raises(StoreError, match="are allowed"):
        decode_evidence(TEXT, "e")
    with pytest.raises(StoreError, match="are allowed"):
        encode_evidence(HEAD, make_evidence())


def test_lines_share_what_they_have_in_common() -> None:
    document = json.loads(TEXT)
    assert len(document["axes"]) == 1
    assert len(document["counts"]) == 1
    one = make_evidence().signals[0]
    twins = Evidence((one, replace(one, place="twin")))
    assert len(json.loads(encode_evidence(HEAD, twins))["columns"]) == 2


def test_instants_of_other_zones_are_told_in_utc() -> None:
    one = make_evidence().signals[0]
    shifted = tuple(when.astimezone(UTC) + timedelta(microseconds=1) for when in one.instants)
    text = encode_evidence(HEAD, Evidence((replace(one, instants=shifted),)))
    assert b"+00:00" in text
    assert decode_evidence(text, "e")[1].signals[0].instants == shifted
