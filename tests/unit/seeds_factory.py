"""A small sound seeds folder, and the means to spoil one line of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ARTICLES = {"first.txt": b"What the first paper wrote.\n", "second.txt": b"And the second.\n"}

SOURCES = f"""
[[sources]]
id = "first"
publisher = "First Paper"
title = "A headline"
published = "2020-12"
file = "first.txt"
sha256 = "{hashlib.sha256(ARTICLES["first.txt"]).hexdigest()}"

[[sources]]
id = "second"
publisher = "Second Paper"
title = "Another headline"
published = "2020-12-03"
file = "second.txt"
sha256 = "{hashlib.sha256(ARTICLES["second.txt"]).hexdigest()}"
note = "late edition"
"""

CLAIMS = """# opening comment with [[claims]] and id = "A001-09" in it

[[claims]]
id = "A001-01"
source = "first"
statement = "goods stood in rows"
speaker = "somebody"
remove = 2
reliability = "R3"
place = "the yards"
zones = ["yard", "depot"]
testability = "T2"
note = '''
[[claims]]
id = "A001-08" is only the text of a note, and so is \"\"\" here
'''
from_imagery = true

[[claims.times]]
edtf = "2020-11-25"
kind = "image"
asserted_by = ["First Paper"]

[[claims.times]]
edtf = "2020-10-25"
kind = "image"
asserted_by = [
  "Second Paper", # with a comment: [ not a bracket
  "Third Paper",
]

[[claims.predictions]]
observable = "surface-change"
sensors = ["sentinel-2"]
direction = "increase"
basis = "rows on concrete"
min_area_m2 = 2400

[[claims.alternatives]]
id = "grain"
predicts = "the same every autumn"

[[claims]]
id = "A001-02"
source = "second"
statement = "orders came from abroad"
speaker = "somebody else"
remove = 1
reliability = "R4"
place = "nowhere"
zones = []
testability = "T0"
derived_from = ["A001-01"]

[[claims.times]]
edtf = "2017-04~/.."
kind = "event"
asserted_by = ["somebody else"]

[[claims]]
id = "plain-id"
source = "second"
statement = "it stayed dark"
speaker = "somebody else"
remove = 0
reliability = "R1"
place = "the yards"
zones = ["yard"]
testability = "T1"
derived_from = ["A001-02"]

[[claims.times]]
edtf = "2017-10"
kind = "event"
asserted_by = ["somebody else"]

[[claims.predictions]]
observable = "night-light"
sensors = []
direction = "no-change"
basis = "curtains"
"""

EVENTS = """[[events]]
id = "E01"
edtf = "2016-10-19/2017-10-17"
precision = "two dates"
place = "the yards"
zones = ["yard"]
what = "nothing moved"
observer = "an institute"
basis = "fine imagery"
signature = "no change"
sensors = "Sentinel-2"
grade = "T1"
urls = ["https://example.org/report"]
"""

SOUND = {"sources.toml": SOURCES, "claims.toml": CLAIMS, "events.toml": EVENTS}
MARK = "# HERE"


def write_seeds(root: Path, **texts: str) -> Path:
    """A seeds folder, sound but for the texts given by the stem of their file."""
    folder = root / "seeds"
    folder.mkdir(exist_ok=True)
    for name, text in SOUND.items():
        (folder / name).write_text(texts.get(name.removesuffix(".toml"), text), encoding="utf-8")
    return folder


def write_articles(root: Path) -> Path:
    """The articles that the sources of the sound folder name."""
    folder = root / "articles"
    folder.mkdir(exist_ok=True)
    for name, content in ARTICLES.items():
        (folder / name).write_bytes(content)
    return folder


def spoil(text: str, old: str, new: str) -> str:
    """A text with one passage replaced; the passage must stand there exactly once."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
    return text.replace(old, new)


def marked_lines(text: str) -> list[int]:
    """Numbers of the lines that bear the mark."""
    return [number for number, line in enumerate(text.split("\n"), 1) if line.endswith(MARK)]
