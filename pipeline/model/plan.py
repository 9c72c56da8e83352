"""What will be asked of the data, fixed before anyone looks: one plan a claim, named by its hash.

Here belong the nouns. How a plan is made from a claim belongs to ``assess``, where plans are
registered to ``store``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.model.claim import Alternative, AssertedTime, Prediction


@dataclass(frozen=True)
class PlannedWindow:
    """One asserted time as the days that are asked.

    Attributes:
        time: the asserted time, with who asserts it.
        prediction: position of the prediction in the claim, the primary one first.
        start_utc: first instant of the window, ISO 8601.
        end_utc: last instant of it.
        reference_start_utc: first instant of what it is compared with; empty for all other looks.
        reference_end_utc: last instant of that.
    """

    time: AssertedTime
    prediction: int
    start_utc: str
    end_utc: str
    reference_start_utc: str = ""
    reference_end_utc: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything about a claim that decides how it is weighed.

    Attributes:
        claim_id: the claim.
        places: zones asked, or the cells that are searched for one of unknown place.
        predictions: what should be measured, the primary one first.
        alternatives: other explanations.
        windows: every asserted time for every prediction.
        breaks_utc: instants at which the level is known to change for another reason.
        levels: name and value of every level and count that the rule uses.
        method: number of the method, raised by hand when its results change.
    """

    claim_id: str
    places: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    alternatives: tuple[Alternative, ...]
    windows: tuple[PlannedWindow, ...]
    breaks_utc: tuple[str, ...]
    levels: tuple[tuple[str, float], ...]
    method: str

    @property
    def document(self) -> dict[str, Any]:
        """The plan as plain values, fit for JSON."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return plain

    @property
    def sha256(self) -> str:
        """Hash over the plan: two plans with one hash ask the same."""
        text = json.dumps(self.document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Registration:
    """When a plan was fixed, and whether data had been looked at under another one before.

    Attributes:
        sha256: hash of the plan that was registered first.
        is_post_hoc: whether the plan at hand is another one, made after a look at the data.
    """

    sha256: str
    is_post_hoc: bool
