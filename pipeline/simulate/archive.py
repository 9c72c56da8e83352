"""The archives other than Sentinel-2's: which there are, and making one into a folder.

Here belongs the choice of the writer and what is asked of the folder. Each archive belongs to its
own module; Sentinel-2's to ``site``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.errors import ConfigError
from pipeline.simulate.claim_truth import write_claim_truth
from pipeline.simulate.eras import Past
from pipeline.simulate.landsat_items import write_landsat
from pipeline.simulate.light_files import write_months, write_nights, write_years
from pipeline.simulate.radar_items import write_radar
from pipeline.simulate.stac import PAGE, write_page

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.simulate.options import ArchiveOptions

STAC_ARCHIVES: Final = {"landsat": write_landsat, "sentinel-1": write_radar}
LIGHT_ARCHIVES: Final = {
    "dnb-monthly": write_months,
    "dmsp-ols": write_years,
    "black-marble": write_nights,
}
ARCHIVES: Final = (*STAC_ARCHIVES, *LIGHT_ARCHIVES)
TITLE: Final = "SIMULATED tiles of an invented site (kaesong-rehearsal)"


@dataclass(frozen=True)
class SimulatedArchive:
    """What a simulation left behind.

    Attributes:
        n_items: scenes, months, years or nights.
        nbytes: bytes of all files in the folder.
    """

    n_items: int
    nbytes: int


def simulate_archive(
    folder: Path, sensor: str, *, seed: int, options: ArchiveOptions
) -> SimulatedArchive:
    """Write a SIMULATED archive of the invented site, and the truth of the claims.

    Landsat and Sentinel-1 become collections of the catalogue in the folder, night lights files
    beside one another. The same seed, truth and years give the same bytes.

    Args:
        folder: where it goes; a simulated catalogue that is there already keeps its collections.
        sensor: one of ``ARCHIVES``.
        seed: any whole number from 0.
        options: truth and years.

    Raises:
        ConfigError: if there is no such sensor, the seed is negative, or the folder holds a
            catalogue of another kind.
        StoreError: if a file cannot be written.
    """
    require_seed(seed)
    if sensor not in ARCHIVES:
        remedy = f"choose one of {', '.join(ARCHIVES)}"
        raise ConfigError("no such archive is simulated", where=sensor, remedy=remedy)
    make_room(folder, is_page_written=sensor in STAC_ARCHIVES)
    past = Past(seed, options.truth)
    if sensor in LIGHT_ARCHIVES:
        n_items = LIGHT_ARCHIVES[sensor](folder, past, options)
    else:
        n_items = STAC_ARCHIVES[sensor](folder, past, options)
        write_page(folder, TITLE)
    write_claim_truth(folder, past)
    files = (path for path in folder.rglob("*") if path.is_file())
    return SimulatedArchive(n_items, sum(path.stat().st_size for path in files))


def require_seed(seed: int) -> None:
    """Refuse a negative seed.

    Raises:
        ConfigError: if it is one.
    """
    if seed < 0:
        raise ConfigError("a seed is a whole number from 0", where=f"seed {seed}")


def make_room(folder: Path, *, is_page_written: bool = True) -> None:
    """Take an older simulation's first page away if it is written anew; touch nobody else's.

    An interrupted run leaves no page, so that half a collection is never read.

    Raises:
        ConfigError: if the folder holds a catalogue of another kind.
    """
    page = folder / PAGE
    if not page.is_file():
        return
    if b'"zonewatch:simulated":true' not in page.read_bytes():
        remedy = "name a folder that is new or holds an older simulation"
        raise ConfigError("the catalogue there is not simulated", where=str(page), remedy=remedy)
    if is_page_written:
        page.unlink()
