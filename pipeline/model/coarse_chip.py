"""What a file of a coarse sensor holds over one place: numbers as stored, and what is said of them.

Here belong the nouns between a file and a look. What the numbers mean belongs to ``sensors``,
reading files to ``fetch``, keeping them to ``store``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pipeline.model.coarse import CoarseLook, SourceFile
    from pipeline.model.degrees import DegreeGrid
    from pipeline.model.grid import Bounds, Grid


@dataclass(frozen=True, eq=False)
class RawLayer:
    """One layer of a file over a place.

    Attributes:
        pixels: numbers as stored, (y, x).
        source: name of the file that they were cut from.
        numbers: what the file states of the layer in numbers, such as scale, fill or nodata.
        units: the unit that the file states; empty if it states none.
    """

    pixels: NDArray[Any]
    source: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    units: str = ""


@dataclass(frozen=True, eq=False)
class CoarseChip:
    """All layers of one file and its companions over one place, on the sensor's own grid.

    Attributes:
        name: of the file with the numbers; what it is follows from it.
        place: id of the place, ``model.site.SITE_PLACE`` or a comparator's.
        wanted: box in longitude and latitude that was asked for.
        timezone: IANA name of the zone in which the site's nights are counted.
        grid: where the pixels lie.
        layers: by the product's own name of them.
        sources: the files, the one with the numbers first.
        is_simulated: whether the site or a file is marked as made up.
    """

    name: str
    place: str
    wanted: Bounds
    timezone: str
    grid: DegreeGrid | Grid
    layers: Mapping[str, RawLayer]
    sources: tuple[SourceFile, ...]
    is_simulated: bool = False

    def __post_init__(self) -> None:
        """Fix the arrays.

        Raises:
            ValueError: if there is no layer, or one does not have the shape of the grid.
        """
        if not self.layers:
            raise ValueError(f"{self.name} has no layer")
        for name, layer in self.layers.items():
            if layer.pixels.shape != self.grid.shape:
                raise ValueError(f"{name} of {layer.pixels.shape} on a grid of {self.grid.shape}")
            layer.pixels.setflags(write=False)


@dataclass(frozen=True)
class PlacedLook:
    """A look and the place that it is of.

    Attributes:
        place: id of the place, ``model.site.SITE_PLACE`` or a comparator's.
        look: what was seen there.
    """

    place: str
    look: CoarseLook
