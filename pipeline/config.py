"""What a run may be told: every setting typed, bounded, and refused if unknown.

Here belongs the shape of the settings file and its reading. The values live in
``settings.toml``, one file for every data set; what they do belongs to the stages.
"""

from __future__ import annotations

import hashlib
import itertools
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipeline.errors import ConfigError

SETTINGS_FILE = Path(__file__).with_name("settings.toml")

Share = Annotated[float, Field(gt=0, lt=1)]


class Options(BaseModel):
    """Base of all option groups: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SearchOptions(Options):
    """How a catalogue is listed."""

    collections: tuple[str, ...] = Field(min_length=1)
    """Collections to search, the first that answers for a source is used."""
    max_pages: int = Field(ge=1, le=10_000)
    """A listing with more pages than this is refused as endless."""
    max_items: int = Field(ge=1, le=100_000)
    """A listing with more items than this is refused."""
    timeout_s: float = Field(gt=0, le=600)
    """Longest wait for one answer."""
    attempts: int = Field(ge=1, le=10)
    """How often a request is sent before it counts as failed."""


class FetchOptions(Options):
    """How pixels are brought in."""

    bands: tuple[str, ...] = Field(min_length=1)
    """Bands by common name that a scene must have."""
    optional_bands: tuple[str, ...] = ()
    """Bands by common name that are brought in where a scene has them."""
    concurrency: int = Field(ge=1, le=64)
    """Assets on their way at once."""
    timeout_s: float = Field(gt=0, le=3600)
    """Total time one asset may take."""
    attempts: int = Field(ge=1, le=10)
    """How often an asset is tried for a passing reason."""


class PrepareOptions(Options):
    """How digital numbers become a cube."""

    clear_classes: tuple[int, ...]
    """Scene classification codes that count as a clear look at the ground."""
    snow_classes: tuple[int, ...]
    """Codes that count as snow: seen, and kept apart from clear."""
    min_clear_share: Share
    """A date on which less of the site was clear or snow than this is no look at all."""
    cloud_classes: tuple[int, ...]
    """Codes that count as cloud."""
    shadow_classes: tuple[int, ...]
    """Codes that count as the shadow of a cloud."""
    guard_neighbours: int = Field(ge=3, le=100)
    """Dates nearest in season that a date's level is held against."""
    guard_history: int = Field(ge=6, le=200)
    """Earlier dates from which on a date is held against them alone."""
    guard_min_looks: int = Field(ge=6, le=200)
    """A series with fewer dates that can be judged is not judged."""
    guard_min_share: Share
    """Share of the site that must be clear, away from masks, for a date to be judged."""
    guard_margin_px: int = Field(ge=0, le=20)
    """How far from cloud, shadow, snow or no data a pixel must lie to be judged."""
    guard_tolerance: float = Field(gt=0, lt=0.05)
    """Smallest tolerance of a step, in reflectance; half the processing offset is 0.05."""
    guard_deviations: float = Field(ge=2, le=10)
    """Tolerance of a step in robust standard deviations of the series' own steps."""
    guard_common_share: Share
    """Share of pixels that must move the same way for a step that is common to all."""
    apply_shifts: bool
    """Whether a date is moved back by its measured shift; measured and recorded it is always."""
    min_shift_px: float = Field(ge=0.05, le=1)
    """A smaller shift is not applied."""
    max_shift_px: float = Field(gt=0, le=5)
    """A larger one is taken for a failed measurement and not applied."""
    min_shift_gain: Share
    """Share of the difference from the reference that a shift must take away to be applied."""
    reference_looks: int = Field(ge=3, le=100)
    """Clearest dates of the baseline that make the reference of the shifts."""


class MonitorOptions(Options):
    """The series detector."""

    bands: tuple[str, ...] = Field(min_length=1)
    """Bands by common name, or ``ndvi``, that are pooled into one distance."""
    n_harmonics: int = Field(ge=0, le=3)
    """Sine-cosine pairs of the seasonal curve."""
    n_looks: int = Field(ge=2, le=12)
    """Clear looks in a row beyond the strong threshold that confirm a change."""
    n_looks_weak: int = Field(ge=3, le=50)
    """Clear looks in a row beyond the weak threshold that confirm a change."""
    min_weak: float = Field(ge=0, le=20)
    """Weak threshold where the site's own calibration asks for less, in noise deviations."""
    false_alarm_share: Share
    """Share of unchanged pixels that may be confirmed over the monitoring period; the thresholds
    are calibrated to it on the site's own baseline."""
    min_baseline_looks: int = Field(ge=6, le=200)
    """A pixel with fewer clear looks that its curve can rest on is not monitored."""


class PairOptions(Options):
    """The pair detectors."""

    n_iterations: int = Field(ge=1, le=100)
    """Re-weightings at most."""
    tolerance: float = Field(gt=0, le=0.1)
    """The iteration ends when no canonical correlation moves by this much."""
    bulk_share: Share
    """Lower share of the pixels that the no-change distribution is fitted to; the fused detector
    fits it to more where it calls less."""
    winsor_share: Share
    """Share of largest magnitudes that are pulled in, lest a few rule a split or a mean."""
    max_false_discovery_share: Share
    """The histogram split is kept if the null expects at most this share of its calls."""
    quiet_share: Share
    """Share of unchanged pixels that the threshold of a quiet pair leaves above itself."""
    smoothing_px: float = Field(gt=0, le=10)
    """Standard deviation of the Gaussian that measures are averaged with; calls of regions reach
    as far."""


class RadarOptions(Options):
    """The radar detectors."""

    false_alarm_share: Share
    """Share of unchanged pixels that may be called: the p-value from which a change is one."""
    season_days: float = Field(ge=1, le=183)
    """Days of the calendar that a date of the first period may lie from one of the second."""
    min_baseline_looks: int = Field(ge=2, le=200)
    """A pixel with fewer looks before is not judged."""
    min_lasting_looks: int = Field(ge=2, le=50)
    """Looks that a dated step must have lasted."""
    common_mode_db: float = Field(gt=0, le=10)
    """A date on which all ground is this much brighter or darker than in the baseline is weather
    and takes no part; smaller levels are taken off."""
    bulk_share: Share
    """Lower share of the pixels that tells how much unchanged ground moved."""
    edge_share: Share
    """Share of the strongest change two pixels away that a pixel must reach to be called."""
    bracket_share: Share
    """How often the bracket of a dated step holds the true date."""
    limit_power: Share
    """The chance of being found that the smallest change found is stated for."""


class ObjectOptions(Options):
    """How changed pixels become objects."""

    min_pixels: int = Field(ge=1, le=1000)
    """The minimum mapping unit."""


class LimitOptions(Options):
    """How the detection limit is measured by planting changes."""

    contrasts: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(min_length=1)
    """Contrasts that are planted, in reflectance, rising."""
    sizes_px: tuple[Annotated[int, Field(ge=1, le=10_000)], ...] = Field(min_length=1)
    """Areas that are planted, in pixels; those that no object could be reported for are passed
    over, and the minimum mapping unit is always planted."""
    n_plantings: int = Field(ge=20, le=10_000)
    """Plantings of one size and contrast in one zone, where it has that many places."""
    min_plantings: int = Field(ge=5, le=10_000)
    """With fewer places and dates than make this many, a size counts as one without room."""
    n_onsets: int = Field(ge=1, le=50)
    """Dates on which changes are planted."""
    min_dates_after: int = Field(ge=2, le=200)
    """Dates of the series, the first included, that a planted change is given, if there are so
    many."""
    probability: Share
    """Share of plantings that must be found."""
    neighbourhood_px: int = Field(ge=1, le=101)
    """Edge of the neighbourhood that a pixel of the map stands for."""
    seed: int = Field(ge=0)
    """Of all that is drawn."""

    @field_validator("contrasts")
    @classmethod
    def _rising(cls, contrasts: tuple[float, ...]) -> tuple[float, ...]:
        """Refuse contrasts that do not rise."""
        if any(b <= a for a, b in itertools.pairwise(contrasts)):
            raise ValueError("must rise")
        return contrasts


class AssessOptions(Options):
    """How a claim is weighed."""

    min_window_looks: int = Field(ge=1, le=50)
    """Clear looks that a window needs before it says anything."""
    min_baseline_looks: int = Field(ge=1, le=500)
    """Clear looks outside the window that the comparison needs."""
    min_zone_clear_share: Share
    """A look counts for a zone once this much of it was clear."""
    pad_days: int = Field(ge=0, le=60)
    """Days that a window reaches beyond the asserted days, on both sides."""
    guard_days: int = Field(ge=0, le=365)
    """Days around a window that are kept out of its comparison."""
    shift_step_days: int = Field(ge=1, le=60)
    """How far apart the shifted windows of the null stand."""
    max_p_value: Share
    """Family-wise p-value up to which a claim may be corroborated."""
    min_power: Share
    """Power from which a missing effect may contradict a claim."""
    max_q_value: Share
    """False discovery rate among all claims up to which one may be corroborated."""
    min_likelihood_ratio: float = Field(ge=1, le=1000)
    """How many times more likely one account must make a measurement to be told from another."""


class RunConfig(Options):
    """Everything a run may be told."""

    search: SearchOptions
    fetch: FetchOptions
    prepare: PrepareOptions
    monitor: MonitorOptions
    pair: PairOptions
    radar: RadarOptions
    objects: ObjectOptions
    limit: LimitOptions
    assess: AssessOptions

    @property
    def sha256(self) -> str:
        """Hash of the settings as they took effect, hex."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def load_config(path: Path = SETTINGS_FILE) -> RunConfig:
    """Read a settings file.

    Raises:
        ConfigError: if the file is missing, is not TOML, or holds an unknown or impossible value.
    """
    try:
        return RunConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError("the settings file cannot be read", where=str(path)) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not valid TOML: {error}", where=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        remedy = "see pipeline/settings.toml for every key and its bounds"
        raise ConfigError(f"{key}: {first['msg']}", where=str(path), remedy=remedy) from error
