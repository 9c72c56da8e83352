"""Turn what was fetched into one cube, and burn the zones onto its grid once.

Here belongs the way from digital numbers to reflectance with masks: no resampling, only exact
repetition of 20 m pixels on the 10 m grid. What a class or an offset means belongs to
``sensors``; what a series of values means belongs to ``detect``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import MissingBandError, NothingSeenError
from pipeline.prepare.burn import Burner
from pipeline.prepare.cube import ChipReader, CubeBuilder, Look, Plan, failure_of
from pipeline.sensors.sentinel2 import OPTIONAL_BANDS, REQUIRED_BANDS, SCL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.config import PrepareOptions
    from pipeline.model.cube import DateCube, ZoneMask
    from pipeline.model.grid import Grid
    from pipeline.model.scene import AssetFailure, FetchedScene
    from pipeline.model.site import Site

__all__ = ["ChipReader", "Look", "Prepared", "prepare"]


@dataclass(frozen=True)
class Prepared:
    """A cube, its zones, and how every value was decided.

    Attributes:
        cube: the dates on which enough was seen.
        masks: one per zone whose place is known, in the order of the site.
        radiometry: by scene id of the cube, how numbers became reflectance, in words.
        failures: every asset that did not become data, whether in the fetch or here.
        looks: every date that was looked at, in order of time.
    """

    cube: DateCube
    masks: tuple[ZoneMask, ...]
    radiometry: Mapping[str, str]
    failures: tuple[AssetFailure, ...]
    looks: tuple[Look, ...]


def prepare(
    site: Site, fetched: Sequence[FetchedScene], chips: ChipReader, options: PrepareOptions
) -> Prepared:
    """Build the cube and burn the zones.

    A scene that lacks a required band, lies on another grid or holds pixels that cannot be, is
    left out and recorded. A date on which too little of the site was clear or snow is no look:
    it stays out of the cube and is counted in ``looks``.

    Raises:
        NothingSeenError: if no date is left.
        SiteError: if the boundary or a zone lies outside the pixels.
    """
    ordered = sorted(fetched, key=lambda one: (one.scene.instant, one.scene.id))
    complete = [one for one in ordered if not _missing(one)]
    unrecorded = [failure for one in ordered for failure in _unrecorded(one)]
    if not complete:
        raise _nothing_seen(site, len(ordered), len(ordered))
    grid = _choose_grid([one.chips["red"].grid for one in complete], site.crs)
    burner = Burner(grid)
    plan = Plan(grid, _choose_bands(complete), len(complete), burner.boundary(site))
    builder = CubeBuilder(plan, options, chips)
    for one in complete:
        builder.add(one)
    if not builder.used:
        raise _nothing_seen(site, len(ordered), len(ordered) - len(builder.looks))
    recorded = [failure for one in ordered for failure in one.failures]
    failures = (*recorded, *unrecorded, *builder.failures)
    looks = tuple(builder.looks)
    return Prepared(builder.cube(), burner.zones(site), builder.radiometry, failures, looks)


def _missing(one: FetchedScene) -> tuple[str, ...]:
    """The required bands that did not arrive."""
    return tuple(band for band in (*REQUIRED_BANDS, SCL) if band not in one.chips)


def _unrecorded(one: FetchedScene) -> Iterable[AssetFailure]:
    """A failure for each missing band for which the fetch recorded none."""
    recorded = {failure.band for failure in one.failures}
    if "" in recorded:
        return
    for band in _missing(one):
        if band not in recorded:
            error = MissingBandError(f"the scene has no band {band}", where=one.scene.id)
            yield failure_of(one.scene, band, error)


def _nothing_seen(site: Site, n_scenes: int, n_failed: int) -> NothingSeenError:
    """The error for a series without a single look."""
    what = f"not one clear look at the site in {n_scenes} scenes, {n_failed} of them unreadable"
    remedy = "widen the period, lower prepare.min_clear_share, or run again if fetching failed"
    return NothingSeenError(what, where=site.id, remedy=remedy)


def _choose_bands(scenes: Sequence[FetchedScene]) -> tuple[str, ...]:
    """The required bands, and those optional ones that every scene has."""
    optional = (band for band in OPTIONAL_BANDS if all(band in one.chips for one in scenes))
    return (*REQUIRED_BANDS, *optional)


def _choose_grid(grids: Sequence[Grid], crs: str) -> Grid:
    """The grid that most scenes share, those in the CRS of the site before all others."""
    counts = Counter(grids)
    return max(counts, key=lambda grid: (grid.crs == crs, counts[grid]))
