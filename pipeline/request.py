"""From the words of a person or a schedule to a request that ``run`` understands.

Here belongs finding folders by name and reading days. Options and exit codes belong to ``cli``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from pipeline.config import SETTINGS_FILE, load_config
from pipeline.errors import InputError
from pipeline.inputs import EVER, RunRequest
from pipeline.model.change import Period
from pipeline.selection import DEFAULT_SENSOR
from pipeline.sites import load_site

ROOT = Path(__file__).resolve().parents[1]
"""The checkout; its aoi/, seeds/ and sample_tiles/ are found from any folder."""


def request_for(
    site: str,
    source: str,
    work: Path,
    *,
    period: tuple[str, str] = ("", ""),
    settings: Path | None = None,
    sensor: str = DEFAULT_SENSOR,
) -> RunRequest:
    """Turn the words of a command line into a request.

    Raises:
        InputError: if the site, its catalogue or a day cannot be read.
    """
    folder = find_folder(site, "aoi")
    seeds = load_site(folder).claims_folder
    return RunRequest(
        site_folder=folder,
        seeds_folder=find_folder(seeds, "seeds") if seeds else None,
        source=source or str(_sample_tiles(folder.name)),
        work=work,
        config=load_config(settings or SETTINGS_FILE),
        period=period_between(*period),
        sensor=sensor,
    )


def find_folder(name: str, shelf: str) -> Path:
    """A folder by path, or by name on a shelf here or in the checkout.

    Raises:
        InputError: if there is none.
    """
    for folder in (Path(name), Path(shelf) / name, ROOT / shelf / name):
        if folder.is_dir():
            return folder
    known = sorted(one.name for one in (ROOT / shelf).glob("*") if one.is_dir())
    remedy = f"name a folder or one of: {', '.join(known)}"
    raise InputError(f"there is no folder of that name in {shelf}/", where=name, remedy=remedy)


def _sample_tiles(site_id: str) -> Path:
    """The catalogue that comes with a site.

    Raises:
        InputError: if none does.
    """
    catalog = ROOT / "sample_tiles" / site_id / "catalog.json"
    if catalog.is_file():
        return catalog
    remedy = "give --source with the address of a STAC API or a folder of items"
    raise InputError("no imagery comes with this site", where=site_id, remedy=remedy)


def sample_lights(site_id: str) -> Path:
    """The folder of night lights that comes with a site.

    Raises:
        InputError: if none does.
    """
    folder = lights_beside(site_id)
    if folder is not None:
        return folder
    remedy = "name a folder of its files with --source"
    what = "light is read from a folder, and none comes with this site"
    raise InputError(what, where=site_id, remedy=remedy)


def lights_beside(site_id: str) -> Path | None:
    """The folder of night lights that comes with a site; None if none does."""
    folder = ROOT / "sample_tiles" / f"{site_id}-lights"
    return folder if folder.is_dir() else None


def period_between(since: str, until: str) -> Period:
    """The time from the start of one UTC day to the end of another; empty is open.

    Raises:
        InputError: if a day is not a day, or the period ends before it starts.
    """
    start = _midnight(since) if since else EVER.start
    last = timedelta(days=1, microseconds=-1)
    end = _midnight(until) + last if until else EVER.end
    if end < start:
        raise InputError("the period ends before it starts", where=f"--from {since} --to {until}")
    return Period(start, end)


def _midnight(text: str) -> datetime:
    """The start of a UTC day."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError as error:
        raise InputError("not a day", where=text, remedy="write it as YYYY-MM-DD") from error
