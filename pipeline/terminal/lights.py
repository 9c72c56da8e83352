"""What a person sees of a folder of night lights or temperature: one line a look.

Here belongs the look of ``zonewatch fetch`` for coarse sensors. Reading belongs to
``fetch.lights``, means over the site to ``raster.outline_mean``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from pipeline.raster.outline_mean import outline_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.model.coarse import CoarseLook
    from pipeline.model.site import Site


def look_table(site: Site, looks: Sequence[CoarseLook]) -> Table:
    """A line for each look: when, which product, how much of the site was seen, and its mean."""
    title = f"[bold]{escape(site.label)}[/]: the whole site, since zones are finer than the pixels"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    for name in ("from (UTC)", "product", "quantity"):
        table.add_column(name, no_wrap=True)
    for name in ("seen", "mean over what was seen", "file"):
        table.add_column(name, justify="right" if name != "file" else "left", overflow="fold")
    for look in looks:
        found = outline_mean(look, site.boundary)
        label = " ".join(filter(None, (look.label.product, look.label.variant)))
        mean = "not seen" if found.mean is None else f"{found.mean:.3g} ± {look.noise.sigma:.2g}"
        when = f"{look.period.start:%Y-%m-%d %H:%M}"
        seen = f"{100 * found.seen_share:.0f} %"
        table.add_row(when, escape(label), look.quantity, seen, mean, escape(look.sources[0].name))
    return table
