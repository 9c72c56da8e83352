"""Enemies of the TOML reader: limits, encodings, and the line of every key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import ClaimsError, SiteError
from pipeline.store.document import MAX_BYTES
from pipeline.store.toml import read_toml

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "file.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


TRICKY = """\
top = 1
"quoted key" = 2

[[a]]
x = 1
y = '''
[[a]]
x = 2
''' # the end
z = [
  [1, 2], # ]
  ["[[a]]"],
]

[[a.b]]
x = { inner = "[" }
[[a.b]]
x = "\\\"\\\"\\\" # no comment"
[[ a ]]
x = \"\"\"[[a]] \\\"\"\" \"\"\"
y.deep = 3 # [
[table.inner]
x = 1
"""

LINES = {
    ("top",): 1,
    ("quoted key",): 2,
    ("a",): 4,
    ("a", 0): 4,
    ("a", 0, "x"): 5,
    ("a", 0, "y"): 6,
    ("a", 0, "z"): 10,
    ("a", 0, "z", 1, 0): 10,
    ("a", 0, "b"): 15,
    ("a", 0, "b", 0): 15,
    ("a", 0, "b", 0, "x", "inner"): 16,
    ("a", 0, "b", 1): 17,
    ("a", 0, "b", 1, "x"): 18,
    ("a", 1): 19,
    ("a", 1, "x"): 20,
    ("a", 1, "y", "deep"): 21,
    ("a", 1, "gone"): 19,
    ("table", "inner"): 22,
    ("table", "inner", "x"): 23,
    ("gone",): 1,
    (): 1,
}


@pytest.mark.parametrize("key", LINES)
def test_every_key_has_its_line(tmp_path: Path, key: tuple[str | int, ...]) -> None:
    document = read_toml(written(tmp_path, TRICKY), ClaimsError)
    assert document.line_of(key) == LINES[key]


texts = st.text(max_size=30)
values = st.one_of(texts, st.integers(-5, 5), st.lists(texts, max_size=3))
names = st.text("abcdefgh-_", min_size=1, max_size=6)
records = st.lists(st.dictionaries(names, values, max_size=4), min_size=1, max_size=4)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(records=records, chosen=st.integers(0), multiline=st.booleans())
def test_a_planted_key_is_found_where_it_was_planted(
    tmp_path: Path, records: list[dict[str, Any]], chosen: int, *, multiline: bool
) -> None:
    place = chosen % len(records)
    records[place] |= {"PLANTED": "WITNESS"}
    tables: dict[str, Any] = {"rows": [dict(record) for record in records]}
    text = "".join(
        f"[[rows]]\n{tomli_w.dumps(row, multiline_strings=multiline)}" for row in tables["rows"]
    )
    document = read_toml(written(tmp_path, text), ClaimsError)
    assert len(document.values["rows"]) == len(records)
    lines = text.replace("\r\n", "\n").split("\n")
    assert lines[document.line_of(("rows", place, "PLANTED")) - 1] == 'PLANTED = "WITNESS"'
    assert lines[document.line_of(("rows", place)) - 1] == "[[rows]]"


def test_the_error_type_is_the_callers(tmp_path: Path) -> None:
    for kind in (ClaimsError, SiteError):
        with pytest.raises(kind, match="missing"):
            read_toml(tmp_path / "gone.toml", kind)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ClaimsError, match="missing"):
        read_toml(tmp_path, ClaimsError)


def test_the_size_is_bounded(tmp_path: Path) -> None:
    assert read_toml(written(tmp_path, b"#" * MAX_BYTES), ClaimsError).values == {}
    with pytest.raises(ClaimsError, match="larger than 1000000 bytes"):
        read_toml(written(tmp_path, b"#" * (MAX_BYTES + 1)), ClaimsError)


def test_other_encodings_are_refused_with_their_line(tmp_path: Path) -> None:
    path = written(tmp_path, b"a = 1\nb = 2\nc = '" + "개성".encode("cp949") + b"'\n")
    with pytest.raises(ClaimsError, match=r"file\.toml:3: not UTF-8") as caught:
        read_toml(path, ClaimsError)
    assert caught.value.remedy == "save the file as UTF-8"


def test_a_byte_order_mark_is_accepted_once(tmp_path: Path) -> None:
    document = read_toml(written(tmp_path, b"\xef\xbb\xbfa = 1\r\nb = 2\r\n"), ClaimsError)
    assert document.values == {"a": 1, "b": 2}
    assert document.line_of(("b",)) == 2
    assert document.content.startswith(b"\xef\xbb\xbf")
    with pytest.raises(ClaimsError, match="not valid TOML"):
        read_toml(written(tmp_path, b"\xef\xbb\xbf\xef\xbb\xbfa = 1"), ClaimsError)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = NO\n", 2),
        ("a = 1\nb = 2\na = 3\n", 3),
        ("a = 1\n\n[t]\n[t]\n", 4),
        ("a = 2020-11-31\n", 1),
        ("x = 1\na = 010\n", 2),
        ("x = 1\ny = 2\na = [1,\n", 4),
        ("a = 1\n\tb == 2\n", 2),
        ('a = "no end\n', 1),
    ],
)
def test_bad_syntax_is_named_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(ClaimsError, match=rf"file\.toml:{line}: not valid TOML") as caught:
        read_toml(written(tmp_path, text), ClaimsError)
    assert "at line" not in caught.value.what
    assert caught.value.remedy


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = " + "9" * 5000])
def test_what_breaks_the_parser_itself_is_an_input_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ClaimsError):
        read_toml(written(tmp_path, text), ClaimsError)


def test_what_the_disk_refuses_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(ClaimsError, match="cannot be read"):
        read_toml(tmp_path / ("x" * 300 + ".toml"), ClaimsError)
