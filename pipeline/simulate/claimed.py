"""The dated claims that open imagery could speak to, as the generator needs them.

Here belong the windows of the claims of testability T1 and T2 and what is planted for each, in
words. It is a copy by hand of what ``seeds/kaesong`` says, so that the generator reads no seeds;
a test holds the two together. Sizes are made up.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, NamedTuple, TypeAlias

Span: TypeAlias = tuple[date, date]
"""Two days, both included."""
_DAY = timedelta(days=1)


class Claimed(NamedTuple):
    """One claim.

    Attributes:
        window: the days within which looks are asked; no longer than what is hidden by clouds
            when the claim is clouded.
        zone_id: the zone that it speaks of.
        elsewhere: where the same happens instead; empty if that means nothing for it.
        observables: what it changes: ``light``, ``heat``, ``built``, ``vegetation``, ``goods``.
        planted: what is planted if it happened.
        otherwise: what is planted if it did not.
        before: the days with which the window is compared; None for the year before it.
    """

    window: Span
    zone_id: str
    elsewhere: str
    observables: tuple[str, ...]
    planted: str
    otherwise: str
    before: Span | None = None

    @property
    def compared_with(self) -> Span:
        """The days with which the window is compared: the year before it unless told otherwise."""
        return self.before or (self.window[0] - timedelta(days=365), self.window[0] - _DAY)


_SEWING = date(2017, 4, 1), date(2017, 10, 31)
_TOWN = "light-town-east"

CLAIMS: Final = {
    "K000-03": Claimed(
        (date(2020, 7, 1), date(2020, 8, 31)),
        "kaesong-city-wide",
        _TOWN,
        ("light",),
        "the city's light is 40 % lower on the 22 days of the lockdown",
        "the city's light stays as it was",
    ),
    "K000-09": Claimed(
        (date(2016, 2, 1), date(2020, 12, 4)),
        "whole-complex",
        "",
        ("light", "heat"),
        "light and heat stay at the level after the closure until the end",
        "the complex works again at 70 % from September 2016 to the end of 2020",
    ),
    "K000-12": Claimed(
        (date(2020, 10, 1), date(2020, 12, 10)),
        "electronics",
        "centre-factory",
        ("goods",),
        "rows of goods stand in yards of two zones in the autumn of 2020",
        "no goods stand in any yard",
    ),
    "K000-13": Claimed(
        (date(2020, 11, 1), date(2021, 12, 31)),
        "kaesong-city",
        "panmun-station",
        ("built",),
        "a hall with a bright roof stands in the city quarter from March 2021 on",
        "nothing is built in the city quarter",
    ),
    "K001-01": Claimed(
        _SEWING,
        "textile",
        "electronics",
        ("heat",),
        "roofs of the textile zone are warm from April 2017 on, without light",
        "every roof is as cold as in 2016",
        (date(2016, 4, 1), date(2016, 10, 31)),
    ),
    "K001-03": Claimed(
        _SEWING,
        "whole-complex",
        _TOWN,
        ("light",),
        "a light of 2 % of full work burns from April to October 2017",
        "no light burns in 2017",
        (date(2016, 4, 1), date(2016, 10, 31)),
    ),
    "K001-04": Claimed(
        _SEWING,
        "textile",
        "",
        ("light", "heat"),
        "neither strong light nor heat beyond that of K001-01 in 2017",
        "strong light (30 % of full work) and strong heat in the textile zone in 2017",
        (date(2016, 4, 1), date(2016, 10, 31)),
    ),
    "K001-05": Claimed(
        (date(2017, 10, 6), date(2018, 12, 31)),
        "textile",
        "electronics",
        ("heat", "snow"),
        "what ran in 2017 stops on 6 October 2017, and no yard of it is swept in the winter",
        "what ran in 2017 goes on to the end of 2018, and its yards are swept",
        _SEWING,
    ),
    "K001-06": Claimed(
        _SEWING,
        "textile",
        "electronics",
        ("heat",),
        "the heat of K001-01 sets in on 1 April 2017",
        "it sets in on 1 August 2017 only",
        (date(2016, 4, 1), date(2016, 10, 31)),
    ),
    "K001-08": Claimed(
        _SEWING,
        "whole-complex",
        _TOWN,
        ("light",),
        "no light burns in 2017 (beyond that of K001-03)",
        "a light of 20 % of full work burns from April to October 2017",
        (date(2016, 4, 1), date(2016, 10, 31)),
    ),
    "K001-09": Claimed(
        (date(2016, 2, 1), date(2016, 5, 31)),
        "whole-complex",
        _TOWN,
        ("light", "heat", "snow"),
        "light and heat stop on 11 February 2016",
        "light and heat go on to the end",
    ),
    "K001-15": Claimed(
        (date(2013, 9, 1), date(2013, 10, 31)),
        "textile",
        "electronics",
        ("heat",),
        "the textile zone works again with the others from 16 September 2013 on",
        "the textile zone stays cold until the middle of January 2014",
        (date(2013, 4, 28), date(2013, 9, 12)),
    ),
    "K002-01": Claimed(
        (date(2004, 3, 1), date(2004, 5, 31)),
        "whole-complex",
        "south-extension",
        ("vegetation",),
        "the ground of the complex is bared on 1 March 2004",
        "it is bared in March 2005 only, with first roofs later that year",
        (date(2003, 3, 1), date(2003, 5, 31)),
    ),
    "K002-02": Claimed(
        (date(2005, 11, 1), date(2006, 3, 31)),
        "whole-complex",
        "",
        ("built",),
        "the pilot block is built by September 2005",
        "the pilot block is built in the second half of 2006",
        (date(2004, 4, 1), date(2004, 4, 30)),
    ),
    "K002-03": Claimed(
        (date(2009, 7, 1), date(2009, 11, 30)),
        "whole-complex",
        "",
        ("built",),
        "all blocks are built by June 2009",
        "all blocks but the pilot are built from 2010 to 2012",
        (date(2006, 1, 1), date(2006, 1, 31)),
    ),
    "K002-04": Claimed(
        (date(2010, 1, 1), date(2011, 12, 31)),
        "whole-complex",
        _TOWN,
        ("light", "heat"),
        "light and heat stand on a high plateau in 2010 and 2011",
        "they fall to half in 2011",
        (date(2008, 1, 1), date(2009, 12, 31)),
    ),
    "K002-05": Claimed(
        (date(2011, 1, 1), date(2011, 12, 31)),
        "whole-complex",
        _TOWN,
        ("light",),
        "2011 is brighter than 2010",
        "2011 is no brighter than 2010",
        (date(2010, 1, 1), date(2010, 12, 31)),
    ),
    "K002-07": Claimed(
        (date(2010, 3, 26), date(2011, 5, 18)),
        "whole-complex",
        "",
        ("light", "heat"),
        "no gap in 2010",
        "light and heat fall to a third from April to December 2010",
    ),
    "K002-08": Claimed(
        (date(2010, 5, 1), date(2011, 5, 16)),
        "whole-complex",
        _TOWN,
        ("light",),
        "light rises slowly from May 2010 to May 2011",
        "it stays level from May 2010 to May 2011",
        (date(2010, 1, 1), date(2010, 4, 30)),
    ),
    "K002-10": Claimed(
        (date(2010, 1, 1), date(2010, 12, 31)),
        "whole-complex",
        _TOWN,
        ("light",),
        "2010 is brighter than 2009 by a third",
        "2010 is as bright as 2009",
        (date(2009, 1, 1), date(2009, 12, 31)),
    ),
    "K002-14": Claimed(
        (date(2004, 6, 1), date(2004, 12, 31)),
        "whole-complex",
        "",
        ("built",),
        "the first roofs stand in October 2004",
        "the first roofs stand in May 2005",
    ),
    "K003-02": Claimed(
        (date(2013, 4, 1), date(2013, 8, 31)),
        "whole-complex",
        _TOWN,
        ("light", "heat"),
        "work stops on 9 April 2013; light falls to a tenth on 27 April",
        "light and heat go on through 2013",
    ),
    "K004-07": Claimed(
        (date(2013, 9, 1), date(2013, 12, 31)),
        "whole-complex",
        _TOWN,
        ("light", "heat"),
        "light and heat step up on 16 September 2013 and climb until December",
        "the complex stays dark until the middle of January 2014",
        (date(2013, 4, 28), date(2013, 9, 12)),
    ),
    "K004-08": Claimed(
        (date(2013, 8, 14), date(2016, 2, 10)),
        "whole-complex",
        "",
        ("light", "heat"),
        "no long dark gap until February 2016",
        "light and heat fall to a tenth from October 2014 to March 2015",
    ),
    "K004-09": Claimed(
        (date(2013, 12, 1), date(2013, 12, 31)),
        "whole-complex",
        "",
        ("light",),
        "December 2013 is 5 % darker than March 2013",
        "December 2013 is 25 % brighter than March 2013",
        (date(2013, 3, 1), date(2013, 3, 31)),
    ),
}
"""The claims of testability T1 and T2; the positive controls are K003-02, K004-07 and K001-09."""

POSITIVE_CONTROLS: Final = ("K003-02", "K004-07", "K001-09")

NULLS: Final = ("K001-04", "K001-08", "K002-07", "K004-08")
"""Claims that predict that nothing is to be seen."""
