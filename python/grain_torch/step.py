"""The facts of one step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from grain_torch.engine.types import Array


@dataclass(frozen=True)
class BlockFacts:
    """Of one parameter block, for its coordinates alone: `gram` and `weights` as those of the step."""

    name: str
    gram: Array
    weights: Array


@dataclass(frozen=True)
class Arrival:
    """The arrival of gradient gᵢ at the running direction d.

    Attributes:
        inner: ⟨d, gᵢ⟩ before.
        norm2: ‖gᵢ‖².
        weights: of the gradients so far.
        direction2: ‖d‖² after.
    """

    inner: float
    norm2: float
    weights: list[float]
    direction2: float


@dataclass(frozen=True)
class Update:
    """Δ = θ before − θ after: ‖Δ‖², ⟨Δ, gᵢ⟩, and 2⁻²⁴‖θ‖ in the metric of the Gram matrix."""

    norm2: float
    inner: Array
    rounding: float


@dataclass(frozen=True)
class Step:
    """What a step did. Lists have an entry for each of `groups`.

    Attributes:
        loss: mean loss of the batch's examples, before the step.
        losses: mean loss of each group.
        groups: indices of the groups that had examples.
        sizes: examples of each.
        counts: what each counts for in the mean: its examples, or where losses are averaged over tokens, those with labels.
        weights: of d = Σ wᵢgᵢ; all 0: the step was skipped.
        gram: H, Hᵢⱼ = ⟨gᵢ, gⱼ⟩ in the metric; None if the gradients were never in memory together.
        norm2: ‖d‖².
        gap: duality gap: d is the shortest vector in the hull if it is 0. Infinite off the simplex, NaN where it is unknown.
        min_cosine: the smallest cosine of d with a group's gradient; not negative: d conflicts with no group. NaN if unknown.
        conflicts_with: groups that d conflicts with, as indices into `groups`.
        blocks: where each parameter block has its own weights.
        streaming: where gradients were combined one after another.
        clipping: ‖d‖ before, and what the optimizer got d times, where d was clipped.
        update: what the optimizer made of d; None if it was not measured.
        tokens: of all examples, without padding; None if they are not texts, or were not counted.
        seconds: for the gradients, the aggregation and the update.
    """

    loss: float
    losses: Array
    groups: list[int]
    sizes: Array
    counts: Array
    weights: Array
    gram: Array | None
    norm2: float
    gap: float
    min_cosine: float
    conflicts_with: list[int]
    blocks: list[BlockFacts] | None
    streaming: list[Arrival] | None
    update: Update | None
    seconds: tuple[float, float, float]
    clipping: tuple[float, float] | None = None
    tokens: int | None = None


def diagnostics_of(step: Step) -> dict[str, float]:
    """Numbers for a chart of a logger."""
    squares = float(np.square(step.weights).sum())
    found = {
        "grain/min_cosine": step.min_cosine,
        "grain/conflicts": float(len(step.conflicts_with)),
        "grain/effective_groups": float(step.weights.sum()) ** 2 / squares if squares > 0 else 0.0,
    }
    return {name: value for name, value in found.items() if math.isfinite(value)}
