"""The statistics of a window in plain loops, as slow as they are plain.

Here belongs what the fast code is held against. Nothing of the arithmetic of ``pipeline.assess``
is used; its nouns are.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.assess.memory import MEMORY_DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.assess.slide import Question

YEAR = 365.2425


def pair_sum(
    days: Sequence[float], phi: float, ours: Sequence[int], theirs: Sequence[int]
) -> float:
    """Sum of the resemblance of each look of one set with each of another."""
    total = 0.0
    for one in ours:
        for other in theirs:
            total += 1.0 if one == other else phi ** abs(days[one] - days[other])
    return total


def rows_of(day: float) -> list[float]:
    """The season at a day."""
    turns = [2 * math.pi * part * day / YEAR for part in (1, 2)]
    return [math.cos(turn) for turn in turns] + [math.sin(turn) for turn in turns]


def n_rows_of(days: Sequence[float]) -> int:
    """Rows of the season that a series can hold."""
    years = max(1.0, (days[-1] - days[0]) / YEAR)
    return 4 if len(days) / years > 5 else 0


def labels_of(question: Question, days: Sequence[float], low: float, high: float) -> list[str]:
    """Regime and side of each look, empty within window and guard."""
    found = []
    for day in days:
        regime = sum(edge <= day for edge in question.breaks)
        side = "before" if day < low else "after" if day > high else ""
        found.append(f"{side} {regime}" if side else "")
    return found


def fitted(
    days: Sequence[float], values: Sequence[float], labels: Sequence[str], n_rows: int
) -> tuple[list[float], float, float]:
    """Weights of the season, square of what is left, and freedom, by a solver for any matrix."""
    names = sorted({label for label in labels if label})
    used = [i for i, label in enumerate(labels) if label]
    rows = [rows_of(days[i])[:n_rows] for i in used]
    levels = [[float(labels[i] == name) for name in names] for i in used]
    trace = 0.0
    for name in names:
        members = [row for row, i in zip(rows, used, strict=True) if labels[i] == name]
        for column in range(n_rows):
            mean = sum(row[column] for row in members) / len(members)
            trace += sum((row[column] - mean) ** 2 for row in members)
    ridge = math.sqrt(1e-9 * (1 + trace))
    table = [row + level for row, level in zip(rows, levels, strict=True)]
    table += [[ridge * (i == j) for j in range(n_rows)] + [0.0] * len(names) for i in range(n_rows)]
    target = [values[i] for i in used] + [0.0] * n_rows
    matrix = np.array(table).reshape(len(target), n_rows + len(names))
    weights = np.linalg.lstsq(matrix, np.array(target), rcond=None)[0]
    left = float(((np.array(target) - matrix @ weights) ** 2).sum())
    return weights[:n_rows].tolist(), left, len(used) - len(names) - n_rows


def left_over(question: Question, labels: Sequence[str]) -> dict[int, float]:
    """What season and levels leave of the looks outside, by look."""
    days, values = question.line.days.tolist(), question.line.values.tolist()
    weights, _, _ = fitted(days, values, labels, n_rows_of(days))
    left = {}
    for i, label in enumerate(labels):
        if label:
            season = sum(w * r for w, r in zip(weights, rows_of(days[i]), strict=False))
            left[i] = values[i] - season
    for name in set(labels) - {""}:
        members = [i for i in left if labels[i] == name]
        mean = sum(left[i] for i in members) / len(members)
        for i in members:
            left[i] -= mean
    return left


def unlikelihood(
    days: Sequence[float], left: dict[int, float], labels: Sequence[str], phi: float
) -> float:
    """Twice the negative logarithm of the likelihood of a memory, but for a constant."""
    squares, logs = 0.0, 0.0
    for i, value in left.items():
        if i - 1 in left and labels[i - 1] == labels[i]:
            alike = phi ** max(days[i] - days[i - 1], 1.0)
            squares += (value - alike * left[i - 1]) ** 2 / (1 - alike**2)
            logs += math.log(1 - alike**2)
        else:
            squares += value**2
    return len(left) * math.log(squares) + logs


def memory(question: Question) -> float:
    """The likeliest memory of the looks outside the asked window."""
    days = question.line.days.tolist()
    labels = labels_of(question, days, *question.guarded)
    left = left_over(question, labels)
    if len(left) == len({labels[i] for i in left}) or not any(left.values()):
        return 0.0
    memories = [math.exp(-1 / tau) if tau else 0.0 for tau in MEMORY_DAYS.tolist()]
    return min(memories, key=lambda phi: unlikelihood(days, left, labels, phi))


def contrast(
    question: Question, looks: tuple[list[float], list[float]], offset: float, phi: float
) -> tuple[float, float] | None:
    """Difference and error of the window at an offset; nothing if there are too few looks."""
    days, values = looks
    start, end = question.window.start + offset, question.window.end + offset
    low, high = start - question.guard_days, end + question.guard_days
    labels = labels_of(question, days, low, high)
    inside = [i for i, day in enumerate(days) if start <= day <= end]
    regime = sum(edge <= next((day for day in days if day >= start), math.inf)
                 for edge in question.breaks)  # fmt: skip
    reference = []
    for i, day in enumerate(days):
        if question.reference is not None:
            first, last = question.reference.start + offset, question.reference.end + offset
            is_in = first <= day <= last
        else:
            is_in = sum(edge <= day for edge in question.breaks) == regime
        if labels[i] and is_in:
            reference.append(i)
    if len(inside) < question.min_looks or len(reference) < question.min_reference:
        return None
    n_rows = n_rows_of(question.line.days.tolist())
    weights, left, freedom = fitted(days, values, labels, n_rows)
    sigma = max(math.sqrt(max(left, 0.0) / max(freedom, 1)), question.line.resolution / 2, 1e-12)

    def mean(members: list[int]) -> float:
        total = 0.0
        for i in members:
            season = sum(w * r for w, r in zip(weights, rows_of(days[i]), strict=False))
            total += values[i] - season
        return total / len(members)

    m, n = len(inside), len(reference)
    variance = pair_sum(days, phi, inside, inside) / m**2
    variance += pair_sum(days, phi, reference, reference) / n**2
    variance -= 2 * pair_sum(days, phi, inside, reference) / (m * n)
    return mean(inside) - mean(reference), sigma * math.sqrt(max(variance, 1e-12))


def moved(question: Question, offset: float, phi: float) -> tuple[float, float] | None:
    """The same for a moved window, the asked one cut out of the series."""
    low, high = question.guarded
    kept = [i for i, day in enumerate(question.line.days) if not low <= day <= high]
    days = [float(question.line.days[i]) for i in kept]
    values = [float(question.line.values[i]) for i in kept]
    spans = [question.window] + ([question.reference] if question.reference else [])
    start = min(span.start for span in spans) + offset
    end = max(span.end for span in spans) + offset
    edges = list(question.breaks)
    if question.reference:
        edges.append(question.window.start)
    if start < days[0] or end > days[-1] or (start <= high and end >= low):
        return None
    if any(start < edge <= end for edge in edges):
        return None

    return contrast(replace(question, breaks=tuple(sorted(edges))), (days, values), offset, phi)


def p_value(z: float, others: Sequence[float]) -> float:
    """Share of places, the asked one counted, that depart at least as far."""
    known = [one for one in others if not math.isnan(one)]
    return (1 + sum(abs(one) >= abs(z) for one in known)) / (1 + len(known))


def as_strong(strength: float, others: Sequence[float]) -> float:
    """Share of places, the asked one counted, that are at least as strong."""
    known = [one for one in others if not math.isnan(one)]
    return (1 + sum(one >= strength for one in known)) / (1 + len(known))


def family_p(
    strengths: Sequence[float], others: Sequence[Sequence[float]], groups: Sequence[str]
) -> float:
    """p-value of the strongest of all windows."""
    found = []
    for name in set(groups):
        members = [i for i, group in enumerate(groups) if group == name]
        places = range(len(others[members[0]]))
        together = [k for k in places if not any(math.isnan(others[i][k]) for i in members)]
        most = max(sum(not math.isnan(one) for one in others[i]) for i in members)
        if 2 * len(together) >= most:
            largest = [max(others[i][k] for i in members) for k in together]
            found.append(as_strong(max(strengths[i] for i in members), largest))
        else:
            alone = min(as_strong(strengths[i], others[i]) for i in members)
            found.append(min(1.0, len(members) * alone))
    best = 1.0
    for p in found:
        best = min(best, len(found) * p / sum(other <= p for other in found))
    return best
