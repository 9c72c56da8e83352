"""The record of what became of each claim: what was planted, when, and how large, without noise.

Here belongs measuring the planted sizes in the unit of each observable, and the truth file of the
claims. What of Sentinel-2's changes could be seen belongs to ``truth``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import ndimage

from pipeline.simulate.changes import planted_changes
from pipeline.simulate.claimed import CLAIMS, NULLS, POSITIVE_CONTROLS
from pipeline.simulate.eras import ZONE_OF_BLOCK, Past
from pipeline.simulate.ground import FINE_M
from pipeline.simulate.lamps import COMPLEX, SOURCES, levels
from pipeline.simulate.layout import PARCELS
from pipeline.simulate.lights import NightSky
from pipeline.simulate.outcome import STEP_LOG, STEP_REFLECTANCE, Outcome
from pipeline.simulate.places import CITY, SITE_LAT_DEG, SITE_LON_DEG, TOWNS
from pipeline.simulate.thermal import HEAT_OF_A_ROOF_K, NATIVE_M
from pipeline.store.files import canonical_json, publish_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.simulate.claimed import Claimed, Span
    from pipeline.simulate.fields import Flags, Floats

FILE: Final = "claims-truth.json"
_SAMPLE_DAYS = 15
_HALF_SITE_DEG = (0.0113, 0.0090)
"""Half of the frame's 2 km, in degrees of longitude and latitude."""
UNITS: Final = {
    "light": "nW/cm2/sr, mean radiance of the place above the sky's own",
    "heat": "kelvin, mean of the zone's roofs as seen at 100 m",
    "built": "share of the park that is built (city: m2 of new roof)",
    "vegetation": "share of the park that is bared",
    "goods": "m2 covered by goods, on the day on which most of them stand",
    "snow": "share of the park's yards in use, and swept when it snows",
}


def _sampled(span: Span) -> tuple[date, ...]:
    """Every fifteenth day of a span."""
    n_days = (span[1] - span[0]).days
    return tuple(span[0] + timedelta(days=k) for k in range(0, n_days + 1, _SAMPLE_DAYS))


@dataclass(frozen=True)
class Sizes:
    """What is planted in one simulated world, measured without noise.

    Attributes:
        past: its ground.
    """

    past: Past

    @cached_property
    def _nights(self) -> NightSky:
        """Its nights."""
        return NightSky(self.past.seed, self.past.truth)

    @cached_property
    def _light_of(self) -> dict[str, float]:
        """Mean radiance over its own place of each source that shines as ever."""
        lamps = self._nights.viirs
        lon = lamps.grid.left_deg + (np.arange(lamps.grid.width) + 0.5) * lamps.grid.step_x_deg
        lat = lamps.grid.top_deg - (np.arange(lamps.grid.height) + 0.5) * lamps.grid.step_y_deg
        middles = [(SITE_LON_DEG, SITE_LAT_DEG, *_HALF_SITE_DEG)]
        middles += [(town.lon_deg, town.lat_deg, 0.028, 0.0225) for town in TOWNS]
        found = {}
        for source, image, (x, y, across, up) in zip(SOURCES, lamps.full, middles, strict=True):
            inside = np.ix_(np.abs(lat - y) < up, np.abs(lon - x) < across)
            found[source] = float(image[inside].mean())
        return found

    def light(self, zone_id: str, span: Span) -> float:
        """Mean light of a place over some days."""
        source = CITY if zone_id == CITY else COMPLEX
        shine = np.mean([levels(self.past.operation, day) for day in _sampled(span)], axis=0)
        return float(shine[SOURCES.index(source)] * self._light_of[source])

    def heat(self, zone_id: str, span: Span) -> float:
        """Mean heat of the roofs of a zone over some days."""
        rows, cols = _park_window(self.past)
        roofs = self._roofs_of(zone_id)[rows, cols]
        if not roofs.any():
            return 0.0
        distinct: dict[bytes, float] = {}
        found = []
        for day in _sampled(span):
            heat = self.past.heat(day)[rows, cols]
            key = heat.tobytes()
            if key not in distinct:
                spread = NATIVE_M["LC08"] / 2.355 / FINE_M
                seen = ndimage.gaussian_filter(heat, spread, mode="constant")
                distinct[key] = float(seen[roofs].mean())
            found.append(distinct[key])
        return HEAT_OF_A_ROOF_K * float(np.mean(found))

    def _roofs_of(self, zone_id: str) -> Flags:
        """The roofs of a zone, (y, x)."""
        places = list(PARCELS)
        wanted = [
            number
            for number, place in enumerate(places, start=1)
            if zone_id == "whole-complex" or ZONE_OF_BLOCK.get(place) == zone_id
        ]
        roofs: Flags = self.past.is_roof & np.isin(self.past.number_of_block, wanted)
        return roofs

    def built(self, zone_id: str, span: Span) -> float:
        """Share of the park that is built in the end, or area of the city's new hall."""
        if zone_id == "kaesong-city":
            return self._planted_m2("new_roof", ("kaesong-city", "panmun-station"), span)
        return self._share_of_park(self.past.is_built(span[1]))

    def vegetation(self, zone_id: str, span: Span) -> float:
        """Share of the park that is bared at the end of some days."""
        del zone_id
        return self._share_of_park(self.past.is_bared(span[1]))

    def _share_of_park(self, flags: Flags | Floats) -> float:
        """Share of the park's cells with a flag."""
        return float(flags[self.past.number_of_block > 0].mean())

    def goods(self, zone_id: str, span: Span) -> float:
        """Largest area of goods in the claimed zones over some days."""
        del zone_id
        return self._planted_m2("goods_rows", ("electronics", "textile"), span)

    def _planted_m2(self, kind: str, zones: tuple[str, ...], span: Span) -> float:
        """Largest area that changes of a kind cover on one of some days."""
        changes = [
            change
            for change in planted_changes(self.past.seed, self.past.truth)
            if change.kind == kind and change.zone_id in zones
        ]
        area = {
            change.id: sum((r.u1 - r.u0) * (r.v1 - r.v0) for r in change.rects)
            for change in changes
        }
        days = (span[0] + timedelta(days=k) for k in range((span[1] - span[0]).days + 1))
        return max(sum(area[c.id] for c in changes if c.stands(day)) for day in days)

    def snow(self, zone_id: str, span: Span) -> float:
        """Share of the yards in use over the winter days of a span."""
        del zone_id
        days = [day for day in _sampled(span) if day.month in (12, 1, 2)] or [span[1]]
        return float(np.mean([self._share_of_park(self.past.in_use(day)) for day in days]))


def _park_window(past: Past) -> tuple[slice, slice]:
    """The block of the fine grid that holds the park, with a rim."""
    rows, cols = np.nonzero(past.number_of_block)
    rim = 30
    return (
        slice(max(0, rows.min() - rim), rows.max() + rim),
        slice(max(0, cols.min() - rim), cols.max() + rim),
    )


def _entry(sizes: Sizes, claim_id: str, claimed: Claimed) -> dict[str, Any]:
    """One claim as it stands in the truth file."""
    truth = sizes.past.truth
    outcome = truth.of(claim_id)
    words = claimed.planted if truth.has(claim_id) else claimed.otherwise
    measured = [
        {"observable": one, "unit": UNITS[one], **_sizes(sizes, one, claimed)}
        for one in claimed.observables
    ]
    return {
        "claim": claim_id,
        "happened": truth.has(claim_id),
        "outcome": str(outcome),
        "is_null": claim_id in NULLS,
        "is_positive_control": claim_id in POSITIVE_CONTROLS,
        "zone_id": claimed.zone_id,
        "elsewhere": claimed.elsewhere if outcome is Outcome.ELSEWHERE else "",
        "planted": words if outcome in _PLAIN else f"as if absent, {_TURNS[outcome]}",
        "window": [day.isoformat() for day in claimed.window],
        "compared_with": [day.isoformat() for day in claimed.compared_with],
        "sizes": measured,
    }


_PLAIN: Final = (Outcome.HAPPENED, Outcome.ABSENT, Outcome.CLOUDED)
_TURNS: Final = {
    Outcome.ELSEWHERE: "and the same at the other place where one is named",
    Outcome.WRONG_MONTH: "and the same some months off where that means something",
}


def _sizes(sizes: Sizes, observable: str, claimed: Claimed) -> dict[str, float]:
    """A quantity before and in the window of a claim, and the difference."""
    measure = getattr(sizes, observable)
    before = measure(claimed.zone_id, claimed.compared_with)
    during = measure(claimed.zone_id, claimed.window)
    return {
        "before": round(before, 4),
        "during": round(during, 4),
        "size": round(during - before, 4),
    }


def claim_entries(past: Past) -> Iterator[dict[str, Any]]:
    """Every claim as it stands in the truth file."""
    sizes = Sizes(past)
    for claim_id, claimed in CLAIMS.items():
        yield _entry(sizes, claim_id, claimed)


def claim_truth_document(past: Past) -> dict[str, Any]:
    """The truth file of the claims: SIMULATED."""
    step = past.truth.step_on
    return {
        "zonewatch:simulated": True,
        "note": "SIMULATED. Nothing here happened anywhere; every size is made up.",
        "truth": past.truth.name,
        "seed": past.seed,
        "common_step": None
        if step is None
        else {"from": step.isoformat(), "reflectance": STEP_REFLECTANCE, "log": STEP_LOG},
        "claims": list(claim_entries(past)),
    }


def write_claim_truth(folder: Path, past: Past) -> None:
    """Write the truth file of the claims.

    Raises:
        StoreError: if it cannot be written.
    """
    publish_bytes(folder / FILE, canonical_json(claim_truth_document(past)))
