"""Nothing passes for something on real series about as often as it is told to.

The windows of a series overlap and so do the bands of an image: shares of single sources wander.
The bar is on all of them together.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.evidence_real import Placebo, placebos, real_folder, sources

pytestmark = pytest.mark.real
N_WINDOWS = 150


@pytest.fixture(scope="module")
def found() -> dict[str, list[Placebo]]:
    """Placebo windows by source; the tests are skipped where no series lies."""
    if not real_folder().is_dir():
        pytest.skip(f"no real series in {real_folder()}; set ZONEWATCH_REAL")
    return {
        name: [
            one for seed, member in enumerate(members) for one in placebos(member, N_WINDOWS, seed)
        ]
        for name, members in sources().items()
    }


def share(some: list[Placebo], level: float = 0.05) -> float:
    """How many pass a level."""
    return float(np.mean([one.p_value <= level for one in some]))


def test_all_placebos_together_hold_the_level(found: dict[str, list[Placebo]]) -> None:
    pooled = [one for some in found.values() for one in some]
    assert len(pooled) > 1000
    assert 0.02 <= share(pooled) <= 0.10
    assert 0.35 <= share(pooled, 0.5) <= 0.60


def test_both_kinds_of_comparison_hold_the_level(found: dict[str, list[Placebo]]) -> None:
    pooled = [one for some in found.values() for one in some]
    for is_lasting in (True, False):
        assert 0.02 <= share([one for one in pooled if one.is_lasting is is_lasting]) <= 0.10


def test_the_share_that_departs_for_the_real_detector_is_no_exception(
    found: dict[str, list[Placebo]],
) -> None:
    departing = [one for name, some in found.items() if "departing" in name for one in some]
    assert len(departing) > 100
    assert share(departing) <= 0.10


def test_both_signs_pass_alike(found: dict[str, list[Placebo]]) -> None:
    pooled = [one for some in found.values() for one in some]
    passing = [one for one in pooled if one.p_value <= 0.05]
    up = sum(one.z > 0 for one in passing)
    assert 0.2 <= up / len(passing) <= 0.8
