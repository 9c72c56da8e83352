"""The bars for the code itself, measured on the code as it stands."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median
from typing import TypeAlias

ROOT = Path(__file__).resolve().parents[2]
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

SOURCES = sorted([*ROOT.glob("pipeline/**/*.py"), *ROOT.glob("flows/**/*.py")])
CHECKED = sorted([*SOURCES, *ROOT.glob("benchmarks/**/*.py")])


def functions(path: Path) -> list[Function]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def n_lines(function: Function) -> int:
    """Code lines: from def to the end, without the docstring, which is meant to be long."""
    assert function.end_lineno is not None
    total = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is None:
        return total
    doc = function.body[0]
    assert doc.end_lineno is not None
    return total - (doc.end_lineno - doc.lineno + 1)


def n_parameters(function: Function) -> int:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return len([one for one in named if one.arg not in ("self", "cls")])


def name_of(path: Path, function: Function) -> str:
    return f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"


def test_functions_are_short() -> None:
    sizes = sorted(n_lines(one) for path in SOURCES for one in functions(path))
    assert median(sizes) <= 8
    assert sizes[int(0.9 * len(sizes))] <= 20


def test_no_function_is_longer_than_forty_lines() -> None:
    long = [name_of(p, one) for p in CHECKED for one in functions(p) if n_lines(one) > 40]
    assert not long


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = [str(p) for p in CHECKED if len(p.read_text(encoding="utf-8").splitlines()) > 400]
    assert not long


def test_no_function_takes_more_than_six_parameters() -> None:
    wide = [name_of(p, one) for p in CHECKED for one in functions(p) if n_parameters(one) > 6]
    assert not wide


def test_every_module_says_what_belongs_in_it_and_what_does_not() -> None:
    silent = []
    for path in SOURCES:
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        is_entry = path.name == "__main__.py"
        if not is_entry and "belong" not in doc:
            silent.append(str(path.relative_to(ROOT)))
    assert not silent


def test_nothing_is_called_helpers() -> None:
    banned = {"utils", "helpers", "common", "misc", "manager"}
    assert not [str(p) for p in SOURCES if banned & {p.stem, *p.parent.parts[-1:]}]


def test_rooms_are_one_level_deep() -> None:
    deep = [p for p in SOURCES if len(p.relative_to(ROOT).parts) > 3]
    assert not deep


def n_code_lines(path: Path) -> int:
    """Lines of code: no blank line, no comment, no docstring; docstrings are meant to be long."""
    text = path.read_text(encoding="utf-8")
    prose: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            assert node.end_lineno is not None
            prose |= set(range(node.lineno, node.end_lineno + 1))
    lines = enumerate(text.splitlines(), start=1)
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in prose
        for number, line in lines
    )


def test_there_is_at_least_as_much_test_code_as_code() -> None:
    tests = sum(n_code_lines(path) for path in sorted(ROOT.glob("tests/**/*.py")))
    assert tests >= sum(n_code_lines(path) for path in SOURCES)


def test_importing_the_package_loads_nothing_heavy() -> None:
    text = (ROOT / "pipeline" / "__init__.py").read_text(encoding="utf-8")
    assert not [node for node in ast.parse(text).body if isinstance(node, ast.Import)]
    assert not [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)]
