"""Aggregators: weights of d = Σ wᵢgᵢ from the Gram matrix of the groups' gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grain_torch.engine.min_norm import UNIT_ROUNDOFF, min_norm, project_onto_dual_cone

if TYPE_CHECKING:
    from grain_torch.engine.types import Array

# (H, shares of the examples, support of the last step) → weights; all 0: there is no direction.
Weigh = Callable[["Array", "Array", list[int]], "Array"]


@dataclass(frozen=True)
class Aggregator:
    """What there is to know of an aggregator; formulas, guarantees and references: docs/aggregators.md.

    Attributes:
        weigh: H and shares of the groups that can be used → weights.
        takes_zero_groups: whether a zero gradient is a group like any other; otherwise it gets weight 0.
        by_layer: whether each parameter block gets its own weights.
        by_arrival: whether gradients are combined one after another.
    """

    name: str
    weigh: Weigh
    takes_zero_groups: bool = False
    by_layer: bool = False
    by_arrival: bool = False


def _grain(gram: Array, _shares: Array, last_support: list[int]) -> Array:
    return min_norm(gram, last_support)


def _mean(_gram: Array, shares: Array, _last_support: list[int]) -> Array:
    return shares


def _grain_normalized(gram: Array, shares: Array, _last_support: list[int]) -> Array:
    norms = np.sqrt(np.diagonal(gram))
    weights: Array = min_norm(gram / np.outer(norms, norms)) * float(shares @ norms) / norms
    return weights


def _mean_norm_matched(gram: Array, shares: Array, _last_support: list[int]) -> Array:
    weights = min_norm(gram)
    shortest = float(weights @ gram @ weights)
    mass = float(weights @ np.sqrt(np.diagonal(gram)))
    if shortest <= 8 * (len(gram) + 2) * UNIT_ROUNDOFF * mass**2:
        return np.zeros(len(gram))
    # The mean lies in the hull: only rounding can make it shorter.
    return shares * min(1.0, float(np.sqrt(shortest / (shares @ gram @ shares))))


def _inverse_norm(gram: Array, _shares: Array, _last_support: list[int]) -> Array:
    squares = np.diagonal(gram)
    parts = squares.min() / squares
    result: Array = parts / parts.sum()
    return result


def _normalized_mean(gram: Array, shares: Array, _last_support: list[int]) -> Array:
    result: Array = shares / np.sqrt(np.diagonal(gram))
    return result


def _upgrad(gram: Array, shares: Array, _last_support: list[int]) -> Array:
    directions = gram.copy()
    diagonal = np.diagonal(gram)
    # A zero gradient conflicts with none, like one that is orthogonal to all.
    np.fill_diagonal(directions, np.where(diagonal == 0, 1.0, diagonal))
    result: Array = sum(
        (share * project_onto_dual_cone(directions, i) for i, share in enumerate(shares)), start=np.zeros(len(gram))
    )
    return result


_own = [
    Aggregator("grain", _grain),
    Aggregator("mean", _mean, takes_zero_groups=True),
    Aggregator("grain-normalized", _grain_normalized),
    Aggregator("grain-layerwise", _grain, by_layer=True),
    Aggregator("grain-streaming", _grain, by_arrival=True),
    Aggregator("upgrad", _upgrad, takes_zero_groups=True),
    Aggregator("mean-norm-matched", _mean_norm_matched),
    Aggregator("inverse-norm", _inverse_norm),
    Aggregator("normalized-mean", _normalized_mean),
]

AGGREGATORS: dict[str, Aggregator] = {aggregator.name: aggregator for aggregator in _own}
