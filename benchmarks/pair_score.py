"""What a change map is worth against labels.

Here belong the scores. Which pairs are scored belongs to ``pairs``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy.stats import rankdata

from benchmarks.pair_data import CHANGED, UNLABELLED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.pair_data import LabelledPair
    from pipeline.model.change import ChangeMap

NOMINAL = (0.05, 0.01, 0.001)


@dataclass(frozen=True)
class PairScore:
    """Scores over seen and labelled pixels.

    Attributes:
        auc: chance that a changed pixel ranks above an unchanged one.
        kappa: Cohen's, of the automatic call.
        f1: of the automatic call, changed as the positive class.
        n_hit: changed pixels that were called.
        n_called: labelled pixels that were called.
        n_changed: changed pixels.
        n_unchanged: unchanged pixels.
        called_share: called pixels over all seen pixels, labelled or not.
        false_positives: share of labelled unchanged pixels below each of ``NOMINAL``.
    """

    auc: float
    kappa: float
    f1: float
    n_hit: int
    n_called: int
    n_changed: int
    n_unchanged: int
    called_share: float
    false_positives: tuple[float, ...]


def score(pair: LabelledPair, changes: ChangeMap) -> PairScore:
    """Score a map against the labels of its pair."""
    judged = changes.seen & (pair.labels != UNLABELLED)
    truth, called = pair.labels[judged] == CHANGED, changes.changed[judged]
    p_value = changes.p_value[judged][~truth]
    return PairScore(
        auc=auc(truth, changes.magnitude[judged]),
        kappa=kappa(truth, called),
        f1=float(2 * (truth & called).sum() / max(truth.sum() + called.sum(), 1)),
        n_hit=int((truth & called).sum()),
        n_called=int(called.sum()),
        n_changed=int(truth.sum()),
        n_unchanged=int((~truth).sum()),
        called_share=float(changes.changed[changes.seen].mean()),
        false_positives=tuple(float((p_value < nominal).mean()) for nominal in NOMINAL),
    )


def auc(truth: NDArray[np.bool_], value: NDArray[np.float32]) -> float:
    """Area under the ROC curve from the rank sum (Mann and Whitney); ties count half."""
    n_true = int(truth.sum())
    ranks = rankdata(value)[truth].sum() - n_true * (n_true + 1) / 2
    return float(ranks / (n_true * (truth.size - n_true)))


def kappa(truth: NDArray[np.bool_], called: NDArray[np.bool_]) -> float:
    """Cohen's kappa of two classes."""
    agreed = (truth == called).mean()
    chance = truth.mean() * called.mean() + (1 - truth.mean()) * (1 - called.mean())
    return float((agreed - chance) / (1 - chance))
