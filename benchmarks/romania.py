"""The unchanged pass on a real series, over real servers, scored against two truths.

Here belong the wiring of servers and pass, and the print-out. The data set is described in
``romania_site``, the truths in ``romania_truth``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.range_server import serve_folder
from benchmarks.romania_site import (
    GRID,
    Series,
    data_folder,
    read_series,
    write_items,
    write_seeds,
    write_site,
)
from benchmarks.romania_truth import (
    LOSS,
    SUMMER,
    TRUTHS,
    Share,
    fall_while_changed,
    score,
    truth_by,
)
from benchmarks.stac_server import serve_items
from pipeline.config import load_config
from pipeline.run import RunRequest, run_site

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.findings import Findings


LAST_YEAR = 2020
STANDING_SHARE = 0.5
"""A change stands in a summer if the record says so on half of its dates: what was felled and grew
again, or a run of missed clouds, is confirmed once and stands no more."""


def run_pass(series: Series, folder: Path) -> Findings:
    """Serve the series and run the pass on it.

    Raises:
        RuntimeError: if not every date arrived whole on the frame of the data set.
    """
    cogs = folder / "cogs"
    cogs.mkdir()
    with serve_folder(cogs) as files:
        items = write_items(series, cogs, files.url)
        with serve_items(items) as source:
            request = RunRequest(
                site_folder=write_site(folder / "aoi"),
                seeds_folder=write_seeds(folder / "seeds"),
                source=source,
                work=folder / "work",
                config=load_config(),
            )
            findings = run_site(request).findings
        print(f"served        {sum(files.counts.values())} requests, {files.nbytes / 1e6:.1f} MB")
    if findings is None or findings.failures or findings.cube.grid != GRID:
        raise RuntimeError("the pass did not get the whole series")
    return findings


def print_score(series: Series, findings: Findings) -> None:
    """Print what was found, against both truths."""
    changes = findings.changes
    confirmed = changes.confirmed_index >= 0
    summer = [one.year == LAST_YEAR and one.month in SUMMER for one in findings.cube.instants]
    standing = changes.changed[summer].mean(axis=0) >= STANDING_SHARE
    print(f"settings      {findings.settings_sha256}")
    print(f"dates         {len(findings.cube.instants)} used of {len(findings.scenes)} listed")
    print(
        f"baseline      {findings.changes.n_baseline} dates, rule {findings.changes.n_looks} looks"
    )
    for name, statistic in TRUTHS.items():
        truth = truth_by(series, statistic)
        for called, label in ((confirmed, "ever confirmed"), (standing, "stands in summer 2020")):
            result = score(called, truth)
            print(f"truth by {name}, {label}")
            print(f"  recall      {result.recall}")
            print(f"  false alarm {result.false_alarms}")
        print(
            f"  of those ever confirmed {fallen_share(findings, confirmed & truth.negative)} had an"
        )
        print(f"  index more than {LOSS} below the same season of the baseline while changed")
    for one in findings.assessments:
        print(f"claim {one.claim_id}    {one.verdict}: {one.sentence}")


def fallen_share(findings: Findings, alarmed: NDArray[np.bool_]) -> Share:
    """How many of the alarmed pixels really had fallen for a while, as far as leaves go."""
    cube = findings.cube
    red, nir = (cube.values[:, cube.bands.index(band)].astype(float) for band in ("red", "nir"))
    total = np.where(cube.clear & (red + nir > 0), red + nir, np.nan)
    record = findings.changes
    fall = fall_while_changed((nir - red) / total, cube.instants, record.changed, record.n_baseline)
    return Share(int((fall[alarmed] > LOSS).sum()), int(alarmed.sum()))


def main() -> int:
    """Run and print; 0, or 2 if the data set is missing."""
    folder = data_folder()
    if not folder.is_dir():
        print(f"romania: no data at {folder}; set ZONEWATCH_REAL", file=sys.stderr)
        return 2
    series = read_series(folder)
    with tempfile.TemporaryDirectory(prefix="zonewatch-romania-") as scratch:
        started = time.monotonic()
        findings = run_pass(series, Path(scratch))
        print(f"the pass took {time.monotonic() - started:.1f} s")
    print_score(series, findings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
