"""The picture of the limit: every colour is in its key, every zone has its edge."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pipeline.model.cube import ZoneMask
from pipeline.model.grid import Window
from pipeline.model.limit import NOT_FOUND, Plant
from pipeline.publish.limit_picture import (
    INK,
    MARGIN_PX,
    NONE_FOUND,
    NOT_PLANTED,
    PANEL_PX,
    Key,
    limit_picture,
)
from tests.unit.limit_factory import GOOD, site_limits, sounding, zone, zone_limit

LIMITS = site_limits(GOOD)
KEY = Key.of(LIMITS)


def chart(size: int = 30) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Halves of two contrasts, with a corner in which none was found and one without a trial."""
    values = np.full((size, size), 0.04, dtype=np.float32)
    values[:, size // 2 :] = 0.16
    values[:4, :4], values[-4:, -4:] = NOT_FOUND, np.nan
    return values


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_the_key_holds_every_contrast_that_was_planted_once() -> None:
    assert KEY.contrasts == (0.03, 0.04, 0.08, 0.1, 0.12, 0.16)
    words = [word for word, _ in KEY.entries]
    assert words == ["0.03", "0.04", "0.08", "0.1", "0.12", "0.16", "none found", "not planted"]
    assert len({colour for _, colour in KEY.entries}) == len(words)


def test_stronger_contrasts_are_darker() -> None:
    light = KEY.colours.astype(int).sum(axis=1)
    assert (np.diff(light) < 0).all()


def test_every_pixel_has_the_colour_of_its_contrast() -> None:
    painted, colours = KEY.painted(chart()), dict(KEY.entries)
    assert tuple(painted[15, 3]) == colours["0.04"]
    assert tuple(painted[15, 20]) == colours["0.16"]
    assert tuple(painted[0, 0]) == NONE_FOUND
    assert tuple(painted[-1, -1]) == NOT_PLANTED


def test_one_contrast_and_none_have_a_key() -> None:
    one = Key.of(site_limits(zone_limit(sounding(0.1, 4))))
    assert one.entries[0][0] == "0.1"
    none = Key.of(site_limits())
    assert [word for word, _ in none.entries] == ["none found", "not planted"]
    assert (none.painted(chart())[10] == NOT_PLANTED).all()


@pytest.mark.parametrize("size", [5, 30, 500, 1300])
def test_panels_are_readable_and_never_huge(size: int) -> None:
    data = limit_picture(LIMITS, {plant: chart(size) for plant in Plant}, ())
    width, height = opened(data).size
    assert PANEL_PX / 2 <= height <= 3 * PANEL_PX
    assert width <= 3 * (2 * PANEL_PX + MARGIN_PX) + MARGIN_PX


def test_the_edge_of_a_zone_is_drawn_and_its_inside_is_not() -> None:
    maps = {plant: chart() for plant in Plant}
    plain = np.asarray(opened(limit_picture(LIMITS, maps, ())))
    zoned = np.asarray(opened(limit_picture(LIMITS, maps, (zone(window=Window(8, 9, 10, 4)),))))
    rows, cols = np.nonzero((plain != zoned).any(axis=2))
    assert (zoned[rows, cols] == INK).all()
    scale = PANEL_PX // 30
    assert rows.max() - rows.min() + 1 == 10 * scale
    # A rectangle a pixel wide about the zone, in every panel.
    assert len(rows) == 3 * (2 * 10 * scale + 2 * 4 * scale - 4)


def test_a_zone_without_a_whole_pixel_draws_nothing() -> None:
    maps = {plant: chart() for plant in Plant}
    thin = ZoneMask("thin", Window(3, 3, 2, 9), np.full((2, 9), 0.3, dtype=np.float32))
    assert limit_picture(LIMITS, maps, (thin,)) == limit_picture(LIMITS, maps, ())


def test_simulated_is_written_into_file_and_picture() -> None:
    maps = {plant: chart() for plant in Plant}
    made_up = limit_picture(LIMITS, maps, ())
    real = limit_picture(replace(LIMITS, is_simulated=False), maps, ())
    assert opened(made_up).info["zonewatch:simulated"] == "true"
    assert opened(real).info["zonewatch:simulated"] == "false"
    title = slice(0, MARGIN_PX // 2 + 20)
    differ = np.asarray(opened(made_up))[title] != np.asarray(opened(real))[title]
    assert differ.any()
    assert made_up == limit_picture(LIMITS, maps, ())
