"""What the page draws: pictures of the ground, time lines and charts, every coordinate decided.

Here belong frozen nouns. Lengths inside a figure are in the units of its own view box; pictures
are PNG bytes. Deciding the coordinates belongs to ``figures`` and ``charts``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Moment:
    """An instant in words.

    Attributes:
        day: civil day at the site, ``2020-10-09``.
        utc: ``2020-10-09 02:14 UTC``.
        local: ``11:14 local``, with the day where it differs from that in UTC.
    """

    day: str
    utc: str
    local: str


@dataclass(frozen=True)
class ScaleBar:
    """A known distance on a figure.

    Attributes:
        length: in view-box units.
        label: the distance in words.
    """

    length: float
    label: str


@dataclass(frozen=True)
class Shape:
    """Something drawn on a figure.

    Attributes:
        path: SVG path data.
        css: class that says what it is.
        title: what a pointer at rest on it is told.
        fill: colour where it carries a value; empty where the class decides.
    """

    path: str
    css: str
    title: str
    fill: str = ""


@dataclass(frozen=True)
class Label:
    """A number on the map, with the name where there is room for it.

    Attributes:
        number: as in the key.
        name: the zone's name; empty where it would cover another.
        x: of the centre.
        y: of the centre.
        target: anchor of the zone's section.
    """

    number: int
    name: str
    x: float
    y: float
    target: str


@dataclass(frozen=True)
class LegendStop:
    """A colour and what it stands for."""

    color: str
    label: str


@dataclass(frozen=True)
class Figure:
    """A picture of the ground with what is drawn on it.

    Attributes:
        png: the picture, one pixel of it a pixel of the sensor; empty where the picture of the
            site map is drawn again.
        width: of the view box, in pixels of the sensor.
        height: of the view box.
        shapes: drawn in this order.
        labels: drawn last.
        scale: the scale bar.
        legend: colours that carry values.
        alt: the figure in words.
        unit: size of the text, in view-box units.
        is_crop: whether it shows a part of the site, so that its text is large enough on a phone.
    """

    png: bytes
    width: int
    height: int
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    scale: ScaleBar
    legend: tuple[LegendStop, ...]
    alt: str
    unit: float
    is_crop: bool = False


@dataclass(frozen=True)
class Crop:
    """A zone on one date.

    Attributes:
        role: ``Before`` or ``After``.
        moment: when.
        scene_id: which scene.
        unseen_pct: share of the zone that was not seen, in words.
        figure: the picture.
    """

    role: str
    moment: Moment
    scene_id: str
    unseen_pct: str
    figure: Figure


@dataclass(frozen=True)
class Tick:
    """An acquisition on the time line of looks.

    Attributes:
        x: place.
        length: height; longer the more of the site was clear.
        css: ``used``, ``clouded`` or ``failed``.
        title: date, scene and clear share.
    """

    x: float
    length: float
    css: str
    title: str


@dataclass(frozen=True)
class YearRow:
    """One year of the time line.

    Attributes:
        year: in digits.
        y: base line.
        ticks: by date.
        baseline: x and width of the baseline period; None where the year holds none of it.
        n_used: usable looks in this year.
    """

    year: str
    y: float
    ticks: tuple[Tick, ...]
    baseline: tuple[float, float] | None
    n_used: int


@dataclass(frozen=True)
class Timeline:
    """All acquisitions, a row a year.

    Attributes:
        width: of the view box.
        height: of the view box.
        rows: by year.
        months: x and name of the months.
        alt: the figure in words.
    """

    width: int
    height: int
    rows: tuple[YearRow, ...]
    months: tuple[tuple[float, str], ...]
    alt: str


@dataclass(frozen=True)
class Dot:
    """One look on a chart."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Span:
    """A stretch of time on a chart."""

    x: float
    width: float
    title: str


@dataclass(frozen=True)
class SignChart:
    """A sign of one place beside its controls.

    Attributes:
        width: of the view box.
        height: of the view box.
        left: x where the plot begins.
        right: x where it ends.
        top: y of the upper edge.
        floor: y of the lower edge.
        dots: looks that do not depart.
        departing: looks that do.
        line: path through the looks, broken where they lie far apart.
        controls: path through the controls at the usual level of the place, likewise.
        band: path about the controls within which no single look stands out.
        baseline: x and width of the baseline period.
        x_ticks: x and label.
        y_ticks: y and label.
        alt: the chart in words.
    """

    width: int
    height: int
    left: float
    right: float
    top: float
    floor: float
    dots: tuple[Dot, ...]
    departing: tuple[Dot, ...]
    line: str
    controls: str
    band: str
    baseline: tuple[float, float]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    alt: str


@dataclass(frozen=True)
class Chart:
    """Departing share of a zone through time.

    Attributes:
        width: of the view box.
        height: of the view box.
        left: x where the plot begins.
        right: x where it ends.
        top: y of the highest share.
        floor: y of zero.
        dots: one a look.
        line: path through the looks, broken where they lie far apart.
        standing: path of the share in confirmed change.
        control: path of the band of the controls; empty without controls.
        unseen: x of the dates on which too little of the zone was seen.
        onsets: brackets of the detections.
        baseline: the baseline period.
        x_ticks: x and label.
        y_ticks: y and label.
        alt: the chart in words.
    """

    width: int
    height: int
    left: float
    right: float
    top: float
    floor: float
    dots: tuple[Dot, ...]
    line: str
    standing: str
    control: str
    unseen: tuple[float, ...]
    onsets: tuple[Span, ...]
    baseline: Span
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    alt: str
