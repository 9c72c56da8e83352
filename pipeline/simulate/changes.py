"""What is planted: where, when, and what it looks like.

Here belongs the list of planted changes. Their rendering belongs to ``surface``, the record of
what could be seen of them to ``truth``. All of it is invented; the manner follows what public
analysts have reported of such sites (rows of goods, clearing, a gate taken down, a new hall).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from pipeline.simulate.blocks import west_gate_hall, yard
from pipeline.simulate.fields import stream
from pipeline.simulate.layout import Rect, block, lots, zone_rect
from pipeline.simulate.materials import Spectrum
from pipeline.simulate.outcome import REHEARSAL_TRUTH, Truth

PALE_WRAP = Spectrum(0.275, 0.335, 0.375, 0.420, 0.340)
DRYING_GRAIN = Spectrum(0.150, 0.275, 0.345, 0.445, 0.400)
FRESH_EARTH = Spectrum(0.128, 0.175, 0.232, 0.305, 0.375)
NEW_SHEET_ROOF = Spectrum(0.290, 0.308, 0.318, 0.335, 0.290)
RAW_GROUND = Spectrum(0.108, 0.158, 0.224, 0.310, 0.370)
PALE_WALL = Spectrum(0.300, 0.335, 0.350, 0.375, 0.330)
SNOW_CLEARED = "snow_cleared"
GOODS, GOODS_ZONES, CITY_WORKS = "K000-12", ("electronics", "textile"), "K000-13"
_EARLIER = timedelta(days=62)
"""By how much goods stand earlier where the month is wrong."""


@dataclass(frozen=True)
class Change:
    """One planted change.

    Attributes:
        id: its name in the truth file.
        kind: goods_rows, cleared_plot, removed_roof, new_roof, small_object or snow_cleared.
        zone_id: the zone that holds it.
        first_day: first civil day on which it stands.
        last_day: last civil day on which it stands; None if it stays.
        rects: its parts, in park coordinates.
        after: reflectance while it stands; None for cleared snow, which shows what lies below.
        height_m: height above ground while it stands.
    """

    id: str
    kind: str
    zone_id: str
    first_day: date
    last_day: date | None
    rects: tuple[Rect, ...]
    after: Spectrum | None
    height_m: float = 0.0

    def stands(self, day: date) -> bool:
        """Whether it stands on that day."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


def _goods(zone_id: str, name: str, days: tuple[date, date], rects: tuple[Rect, ...]) -> Change:
    """Rows of goods in a yard."""
    cover = DRYING_GRAIN if zone_id == "textile" else PALE_WRAP
    return Change(f"{zone_id}-{name}", "goods_rows", zone_id, *days, rects, cover, 1.5)


def _goods_in_yards() -> tuple[Change, ...]:
    """Goods in the yards of two zones in the autumn of 2020, and a few days of them elsewhere."""
    parts, cloth = lots(block(3, 0), 2), lots(block(3, 3), 2)
    north, south = yard(parts[0]), yard(parts[3])
    east, west = yard(cloth[1]), yard(cloth[2])
    depot = zone_rect("bus-depot")
    first = (north.part(14, 4, 98, 16), north.part(14, 28, 98, 16))
    second = (south.part(12, 14, 74, 20),)
    third = (east.part(14, 5, 92, 15), east.part(14, 28, 92, 15))
    hidden = (depot.part(30, 60, 112, 18), depot.part(30, 92, 112, 18))
    autumn, late = date(2020, 10, 18), date(2020, 11, 28)
    return (
        _goods("electronics", "rows-north", (autumn, date(2020, 12, 1)), first),
        _goods("electronics", "rows-south", (date(2020, 10, 21), late), second),
        _goods("textile", "rows-east", (date(2020, 10, 20), late), third),
        _goods("textile", "row-west", (date(2020, 10, 20), late), (west.part(10, 14, 62, 19),)),
        _goods("textile", "stack", (autumn, late), (yard(cloth[0]).part(58, 16, 26, 16),)),
        _goods("bus-depot", "rows", (date(2020, 9, 7), date(2020, 9, 18)), hidden),
    )


def _ground_works() -> tuple[Change, ...]:
    """A cleared plot, a hall taken down and a new one, two objects at the limit of the pixels."""
    roof = (yard(lots(block(2, 3), 2)[2]).part(30, 9, 62, 29),)
    gate, plot = zone_rect("east-gate"), block(0, 1)
    bare = (plot.part(24, 16, 248, 128),)
    five, three = (gate.part(104, 48, 34, 16),), (gate.part(30, 58, 25, 17),)
    autumn, end = date(2020, 10, 10), date(2020, 12, 27)
    north, west, east = "north-vacant", "west-gate", "east-gate"
    hall = (west_gate_hall(),)
    return (
        Change(
            f"{north}-cleared", "cleared_plot", north, date(2020, 10, 1), None, bare, FRESH_EARTH
        ),
        Change(f"{west}-removed", "removed_roof", west, date(2020, 11, 6), None, hall, RAW_GROUND),
        Change(
            "dongwon-new-hall",
            "new_roof",
            "dongwon",
            date(2020, 9, 21),
            None,
            roof,
            NEW_SHEET_ROOF,
            8.0,
        ),
        Change(f"{east}-block-5", "small_object", east, autumn, None, five, PALE_WALL, 3.0),
        Change(f"{east}-block-3", "small_object", east, autumn, end, three, PALE_WALL, 3.0),
    )


def _cleared_yards() -> tuple[Change, ...]:
    """Yards of the southern belt that are swept free of snow in the winter of 2020/21."""
    west, east = lots(block(3, 1), 2), lots(block(3, 2), 2)
    swept = (west[0], west[3], east[2])
    season = (date(2020, 12, 12), date(2021, 2, 20))
    return tuple(
        Change(
            f"south-belt-swept-{number}", SNOW_CLEARED, "south-belt", *season, (yard(lot),), None
        )
        for number, lot in enumerate(swept, start=1)
    )


def _jitter(seed: int, index: int, change: Change) -> Change:
    """Move the first and last day by up to two days, drawn anew with each seed."""
    if change.zone_id == "bus-depot":  # its days are tied to the overcast spell
        return change
    start, end = (
        timedelta(days=int(n)) for n in stream(seed, "planting", index).integers(-2, 3, 2)
    )
    last = None if change.last_day is None else change.last_day + end
    return replace(change, first_day=change.first_day + start, last_day=last)


def planted_changes(seed: int, truth: Truth = REHEARSAL_TRUTH) -> tuple[Change, ...]:
    """Every planted change of a seed; places are the same for all seeds, days move a little."""
    moving = (*_goods_in_yards(), *_ground_works())
    moved = (_jitter(seed, index, change) for index, change in enumerate(moving))
    happened = (as_it_was for change in moved for as_it_was in _goods_as_they_were(change, truth))
    return (*happened, *_city_hall(truth), *_cleared_yards())


def _goods_as_they_were(change: Change, truth: Truth) -> tuple[Change, ...]:
    """A planted change under a truth: goods of the autumn of 2020 may be absent, late or away."""
    if change.kind != "goods_rows" or change.zone_id not in GOODS_ZONES or truth.has(GOODS):
        return (change,)
    if truth.is_late(GOODS):
        first, last = change.first_day - _EARLIER, change.last_day
        return (replace(change, first_day=first, last_day=last and last - _EARLIER),)
    if not truth.is_elsewhere(GOODS):
        return ()
    # The same rows in the same place of another block.
    here, there = zone_rect(change.zone_id), block(2, 1)
    across, down = there.u0 - here.u0, there.v0 - here.v0
    rects = tuple(
        Rect(r.u0 + across, r.v0 + down, r.u1 + across, r.v1 + down) for r in change.rects
    )
    name = change.id.replace(change.zone_id, "centre-factory")
    return (replace(change, id=name, zone_id="centre-factory", rects=rects),)


def _city_hall(truth: Truth) -> tuple[Change, ...]:
    """A new hall in the city quarter, by the truth; none in the committed tiles."""
    place, first = "kaesong-city", date(2021, 3, 10)
    if truth.is_elsewhere(CITY_WORKS):
        place = "panmun-station"
    elif truth.is_late(CITY_WORKS):
        first = date(2022, 4, 10)
    elif not truth.has(CITY_WORKS):
        return ()
    roof = (zone_rect(place).part(100, 80, 60, 44),)
    hall = Change(f"{place}-new-hall", "new_roof", place, first, None, roof, NEW_SHEET_ROOF, 8.0)
    return (hall,)
