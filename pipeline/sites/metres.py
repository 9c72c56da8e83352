"""Between longitude and latitude and the metres of a site's CRS.

Here belongs moving outlines from one to the other, and nothing that judges them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Transformer

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

LONLAT = "OGC:CRS84"

# A straight line in degrees is a curve in metres. With a position at least every thousandth of a
# degree (about 110 m) the two differ by less than a millimetre.
MAX_STEP_DEG = 0.001
MAX_STEPS = 2_000


@lru_cache(maxsize=8)
def _transformer(source: str, target: str) -> Transformer:
    """A transformer that takes and gives x before y."""
    return Transformer.from_crs(source, target, always_xy=True)


@dataclass(frozen=True)
class Metres:
    """The metric plane of one site.

    Attributes:
        crs: a projected CRS whose unit is the metre, as ``EPSG:nnnn``.
    """

    crs: str

    def project(self, lonlat: BaseGeometry) -> BaseGeometry:
        """From longitude and latitude to metres; not finite where the CRS has no meaning."""
        left, bottom, right, top = lonlat.bounds
        step = max(MAX_STEP_DEG, (right - left) / MAX_STEPS, (top - bottom) / MAX_STEPS)
        return _moved(lonlat.segmentize(step), _transformer(LONLAT, self.crs))

    def unproject(self, metric: BaseGeometry) -> BaseGeometry:
        """From metres to longitude and latitude."""
        return _moved(metric, _transformer(self.crs, LONLAT))


def _moved(geometry: BaseGeometry, transformer: Transformer) -> BaseGeometry:
    """A geometry with every position transformed."""

    def move(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Transform an array of positions, (n, 2)."""
        x, y = transformer.transform(pairs[:, 0], pairs[:, 1])
        return np.column_stack((x, y))

    return shapely.transform(geometry, move)
