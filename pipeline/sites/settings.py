"""The table of ``site.toml``: what a site is called and how its space and time are counted.

Here belong the keys, their bounds and the meaning of CRS and time zone. Outlines do not.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pyproj import CRS
from pyproj.exceptions import CRSError

from pipeline.sites.checked import Checked, schema_faults
from pipeline.sites.documents import read_toml
from pipeline.sites.names import find_name_fault
from pipeline.sites.wording import PlainText  # noqa: TC001 - pydantic needs it at run time

if TYPE_CHECKING:
    from pathlib import Path


def _known_id(name: str) -> str:
    """Pass a good id on."""
    fault = find_name_fault(name)
    if fault:
        raise ValueError(f"the id {fault}")
    return name


def _known_timezone(name: str) -> str:
    """Pass the name of a time zone on that this machine's tz database holds."""
    try:
        ZoneInfo(name)
    # A folder of the database ("America") raises OSError, a path ("../x") ValueError.
    except (ZoneInfoNotFoundError, OSError, ValueError) as error:
        raise ValueError("not an IANA time zone such as 'Asia/Pyongyang'") from error
    return name


def _metric_crs(name: str) -> str:
    """Pass a CRS on that is projected and counts in metres."""
    if re.fullmatch(r"EPSG:\d{4,6}", name) is None:
        raise ValueError("not of the form 'EPSG:32652'")
    try:
        crs = CRS.from_user_input(name)
    except CRSError as error:
        raise ValueError("no such CRS is known; a UTM zone is EPSG:326nn (north)") from error
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info):
        raise ValueError("not a projected CRS in metres; take the UTM zone, EPSG:326nn (north)")
    return name


Id = Annotated[str, AfterValidator(_known_id)]


class SiteSettings(BaseModel):
    """The keys of ``site.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    id: Id
    """Lower-case kebab slug; the name of the folder."""
    label: PlainText
    """The site's name in words."""
    timezone: Annotated[str, AfterValidator(_known_timezone)]
    """IANA name of the zone in which its civil days are counted."""
    crs: Annotated[str, AfterValidator(_metric_crs)]
    """EPSG code of the projected CRS, in metres, of its grids and areas."""
    baseline_end: date
    """Last civil day of the period that counts as the site's normal state."""
    claims: Id | None = None
    """Name of the folder of seeds that speaks of the site."""
    simulated: bool = False
    """Whether the layout is made up."""
    whole: Id | None = None
    """Zone that means the site as a whole, for sensors that see it as one place."""
    cell_size_m: float | None = Field(default=None, ge=20, le=10_000)
    """Edge of the cells to compute, in metres; none are computed without it."""


REMEDY = "see aoi/kaesong/site.toml for every key and its form"

# Stand-ins let the outlines be checked although some other key is at fault; a site is never made
# of them. Without a usable CRS or cell size the outlines cannot be checked.
STAND_INS = {
    "id": "site",
    "label": "site",
    "timezone": "UTC",
    "baseline_end": date.min,
    "claims": None,
    "simulated": True,
    "whole": None,
}


def read_settings(path: Path) -> Checked[SiteSettings]:
    """The checked table of ``site.toml``.

    With faults in keys that outlines do not depend on, the value holds stand-ins for those keys.
    """
    table = read_toml(path)
    if table.value is None:
        return Checked(None, table.faults)
    try:
        return Checked(SiteSettings.model_validate(table.value))
    except ValidationError as error:
        faults = schema_faults(error, str(path), REMEDY)
        at_fault = {str(item["loc"][0]) for item in error.errors()}
        return Checked(_with_stand_ins(table.value, at_fault), faults)


def _with_stand_ins(table: dict[str, Any], at_fault: set[str]) -> SiteSettings | None:
    """The settings with stand-ins for the keys at fault; None if one of them has none."""
    known = set(SiteSettings.model_fields)
    if not at_fault & known <= set(STAND_INS):
        return None
    sound = {key: value for key, value in table.items() if key in known - at_fault}
    return SiteSettings.model_validate(STAND_INS | sound)
