"""Weights of one step and their certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grain_torch.engine.aggregators import AGGREGATORS, Aggregator
from grain_torch.engine.certificate import certify, screen
from grain_torch.engine.torchjd import TORCHJD, torchjd_aggregator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grain_torch.engine.certificate import Screening
    from grain_torch.engine.types import Array


@dataclass(frozen=True)
class Aggregation:
    """The answer to one problem.

    Attributes:
        weights: of d = Σ wᵢgᵢ; all 0: the step is to be skipped.
        norm2: ‖d‖² in the metric of the Gram matrix.
        gap: duality gap of the shortest vector; infinite off the simplex.
        min_cosine: the smallest cosine of d with a group's gradient.
        conflicts_with: groups that d conflicts with, beyond rounding.
        support: groups that carry weight: the next step may start there.
    """

    weights: Array
    norm2: float
    gap: float
    min_cosine: float
    conflicts_with: list[int]
    support: list[int]


def aggregator_named(name: str) -> Aggregator:
    """The aggregator of that name, TorchJD's among them where it is installed.

    Raises:
        ValueError: listing the known names.
    """
    if name in AGGREGATORS:
        return AGGREGATORS[name]
    if name in TORCHJD:
        return torchjd_aggregator(name)
    known = ", ".join([*AGGREGATORS, *TORCHJD])
    raise ValueError(f'unknown aggregator "{name}". Expected one of: {known}.')


def aggregate(
    gram: Array,
    aggregator: str | Aggregator = "grain",
    *,
    sizes: Sequence[float] | None = None,
    start: Sequence[int] = (),
) -> Aggregation:
    """Weights of one step and their certificate.

    A group whose gradient is not finite gets weight 0, and so does a zero gradient unless the aggregator takes it as a group
    like any other. If no group is left, or there is no direction, all weights are 0: skip the step.

    Args:
        gram: H = GGᵀ, k×k; symmetrised.
        aggregator: its name.
        sizes: examples in each group; absent: all equal.
        start: groups that carried weight in the last step.

    Raises:
        ValueError: for an unknown aggregator, sizes that are not k positive numbers, or what is not a Gram matrix.
    """
    chosen = aggregator_named(aggregator) if isinstance(aggregator, str) else aggregator
    groups = screen(np.asarray(gram, dtype=np.float64))
    k = len(groups.gram)
    examples = np.ones(k) if sizes is None else np.asarray(sizes, dtype=np.float64)
    if examples.shape != (k,) or not (np.isfinite(examples) & (examples > 0)).all():
        raise ValueError(f"sizes are {sizes}; expected {k} positive numbers")
    weights = np.zeros(k)
    usable = sorted([*groups.present, *groups.zero]) if chosen.takes_zero_groups else groups.present
    if usable:
        shares = examples[usable] / examples[usable].sum()
        places = [usable.index(group) for group in start if group in usable]
        weights[usable] = chosen.weigh(groups.gram[np.ix_(usable, usable)], shares, places)
    return _certified(groups, weights)


def aggregate_blocks(grams: Mapping[str, Array], *, starts: Mapping[str, Sequence[int]] | None = None) -> dict[str, Aggregation]:
    """`grain` in each parameter block by itself.

    A group that is not finite in some block is dropped from all. In a block where its gradient is zero a group is left out,
    and a block in which all gradients are zero has weights 0.
    """
    broken = sorted({i for gram in grams.values() for i in screen(np.asarray(gram, dtype=np.float64)).non_finite})
    return {name: aggregate(_without(gram, broken), "grain", start=(starts or {}).get(name, ())) for name, gram in grams.items()}


def certify_weights(gram: Array, weights: Array) -> Aggregation:
    """The certificate of given weights."""
    return _certified(screen(np.asarray(gram, dtype=np.float64)), weights)


def _certified(groups: Screening, weights: Array) -> Aggregation:
    proof = certify(groups, weights)
    support = np.flatnonzero(weights > 0).tolist()
    return Aggregation(weights, proof.norm2, proof.gap, proof.min_cosine, proof.conflicts_with, support)


def _without(gram: Array, groups: list[int]) -> Array:
    marked = np.array(gram, dtype=np.float64)
    marked[groups, groups] = np.nan
    return marked
