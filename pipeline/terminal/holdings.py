"""What a person sees of a fetch and of what is held: tallies, scenes, failures.

Here belongs the look of ``zonewatch fetch`` and ``zonewatch scenes``. Numbers come ready from
``harvest`` and ``holdings``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipeline.harvest import Harvest
    from pipeline.holdings import HeldScene, Holdings
    from pipeline.model.scene import AssetFailure, Chip, Remark

_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def in_bytes(n: int) -> str:
    """A number of bytes for people.

    Example:
        >>> in_bytes(0), in_bytes(1_234_567), in_bytes(999)
        ('0 B', '1.2 MB', '999 B')
    """
    for unit, size in _UNITS:
        if n >= size:
            return f"{n / size:,.1f} {unit}"
    return f"{n} B"


def harvest_table(done: Harvest) -> Group:
    """The tally of a fetch, under its headline."""
    table = _table()
    table.add_column("")
    for name in ("held", "new this time", "failed"):
        table.add_column(name, justify="right", no_wrap=True)
    n_scenes, chips, new = len(done.fetched), done.chips, done.new_chips
    n_failed = n_scenes - done.n_complete
    style = "bold red" if n_failed else "dim"
    table.add_row(
        "scenes",
        f"{done.n_complete} of {n_scenes} listed",
        str(done.n_new),
        f"[{style}]{n_failed}[/]",
    )
    bands = str(len(chips)), str(len(new)), f"[{style}]{len(done.failures)}[/]"
    table.add_row("bands", *bands)
    table.add_row("bytes read", _read(chips), _read(new), "")
    head = f"[bold]{escape(done.site_label)}[/]: {done.sensor} from {escape(done.source)}"
    return Group(head, table)


def _read(chips: Iterable[Chip]) -> str:
    """Bytes that were read for chips."""
    return in_bytes(sum(chip.source_nbytes for chip in chips))


def failure_table(failures: Sequence[AssetFailure], title: str) -> Table:
    """A line for each kind of failure: how many scenes and bands, and one of the reasons."""
    table = _table(f"[bold red]{escape(title)}[/]", expand=True)
    table.add_column("failed", no_wrap=True)
    table.add_column("scenes", justify="right", no_wrap=True)
    table.add_column("bands", justify="right", no_wrap=True)
    table.add_column("for example", overflow="fold", ratio=1)
    kinds = Counter(failure.kind for failure in failures)
    for kind, n_bands in sorted(kinds.items(), key=lambda item: (-item[1], item[0])):
        alike = [failure for failure in failures if failure.kind == kind]
        first = alike[0]
        n_scenes = len({failure.scene_id for failure in alike})
        head = f"{first.scene_id} {first.band}".rstrip() + ": "
        example = first.reason if first.reason.startswith(head) else head + first.reason
        table.add_row(kind, str(n_scenes), str(n_bands), escape(example))
    return table


def remark_lines(remarks: Sequence[Remark], most: int = 10) -> Iterator[str]:
    """What is no failure and must be said, bands with the same words together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for remark in remarks:
        groups.setdefault((remark.scene_id, remark.words), []).append(remark.band)
    for (scene_id, words), bands in list(groups.items())[:most]:
        yield ": ".join(filter(None, ("note", " ".join(filter(None, (scene_id, *bands))), words)))
    if len(groups) > most:
        yield f"... and {len(groups) - most} more, all in the record"


def scene_table(holdings: Holdings) -> Table:
    """A line for each scene that is held."""
    n, nbytes = len(holdings.scenes), sum(scene.nbytes for scene in holdings.scenes)
    bands = sorted({band for scene in holdings.scenes for band in scene.bands})
    counted = f"{n} scene{'' if n == 1 else 's'}, {in_bytes(nbytes)}"
    table = _table(f"[bold]{holdings.site_id}[/]: {counted}, bands {escape(' '.join(bands))}")
    for name in ("taken (UTC)", "platform", "baseline"):
        table.add_column(name, no_wrap=True)
    for name in ("clear", "versions"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("bands", overflow="fold")
    table.add_column("scene", overflow="fold")
    for scene in holdings.scenes:
        table.add_row(*_cells(scene, bands))
    return table


def _cells(scene: HeldScene, bands: Sequence[str]) -> tuple[str, ...]:
    """The cells of one scene, its bands told by those that it lacks."""
    lacks = [band for band in bands if band not in scene.bands]
    return (
        "not noted" if scene.instant is None else f"{scene.instant:%Y-%m-%d %H:%M}",
        escape(scene.platform) or "-",
        escape(scene.baseline or "none"),
        "-" if scene.clear_share is None else f"{100 * scene.clear_share:.0f} %",
        f"[bold yellow]{scene.n_versions}[/]" if scene.n_versions > 1 else "1",
        f"[yellow]all but {escape(' '.join(lacks))}[/]" if lacks else "all",
        escape(scene.id),
    )


def _table(title: str = "", *, expand: bool = False) -> Table:
    """A table without frames."""
    return Table(
        title=title or None,
        title_justify="left",
        title_style="",
        box=SIMPLE_HEAD,
        pad_edge=False,
        expand=expand,
    )
