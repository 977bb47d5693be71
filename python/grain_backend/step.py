"""One optimizer step: gradients that wait for their weights, the update, and what it did to each group."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from grain_torch.gradients.stack import GradientStack

from .messages import Update
from .norms import norm2_of
from .optimizers import AdamW, Optimizer, shares_of
from .ranks import Ranks


@dataclass
class Measured:
    """‖Δ‖², ⟨Δ, gᵢ⟩, ‖Δ‖² in the metric, and how much of it storing the parameters in float32 may have made."""

    inner: np.ndarray
    norm2: float
    metric_norm2: float
    rounding: float


class Step:
    """The gradients of a step's groups, until it is discarded."""

    def __init__(self, parameters: list[nn.Parameter], stack: GradientStack, blocks: list[int]) -> None:
        self._parameters = parameters
        self.stack = stack
        self._blocks = blocks
        self._roots: dict[Tensor, Tensor] | None = None
        self._before: list[Tensor] = []

    def use_metric_of(self, optimizer: AdamW, sizes: list[int]) -> None:
        """Inner products become ⟨Pgᵢ, gⱼ⟩ with the P of the optimizer's next step, which only finite groups enter."""
        finite = np.isfinite(np.diag(self.stack.gram())).tolist()
        shares = np.array(shares_of(sizes, finite))
        squares = (self.stack.mean_square(parameter, shares) for parameter in self._parameters)
        self._roots = dict(zip(self._parameters, optimizer.prepare(squares), strict=True))

    def grams(self) -> np.ndarray:
        """Gram matrix of each block in the metric: blocks × k × k."""
        roots = self._roots
        root = None if roots is None else roots.__getitem__
        return np.stack([self.stack.gram(self._block(block), root) for block in range(max(self._blocks) + 1)])

    def _block(self, block: int) -> list[Tensor]:
        return [parameter for parameter, own in zip(self._parameters, self._blocks, strict=True) if own == block]

    def combined(self, weights: np.ndarray) -> list[Tensor]:
        """Σ wᵢgᵢ of each parameter, by the weights of its block."""
        return [self._combined(p, weights[block]) for p, block in zip(self._parameters, self._blocks, strict=True)]

    def update(
        self, optimizer: Optimizer, direction: list[Tensor] | None, request: Update, *, keep: bool, ranks: Ranks | None = None
    ) -> tuple[Measured, float | None]:
        """Clips the direction, in place, and steps; without one, nothing moves. Returns what was done, the norm if clipped."""
        totals = _Totals(self.stack, self._roots)
        self._before = []
        norm = None
        if direction is not None:
            if ranks is not None:
                ranks.regularize(direction)
            norm = _clip(direction, request.max_grad_norm)
            optimizer.begin()
        for index, parameter in enumerate(self._parameters):
            before = parameter.data.clone()
            if direction is not None:
                optimizer.step(index, direction[index], request.learning_rate)
            if ranks is None:
                totals.add(parameter, before - parameter.data)
            if keep or ranks is not None:
                self._before.append(before)
        if ranks is not None:
            if direction is not None:
                ranks.allocate(direction, optimizer.steps)
            for before, parameter in zip(self._before, self._parameters, strict=True):
                totals.add(parameter, before - parameter.data)
        optimizer.discard()
        return totals.measured(), norm

    def correct(self, multipliers: np.ndarray) -> Measured:
        """Adds MΣ λᵢgᵢ to the update."""
        totals = _Totals(self.stack, self._roots)
        for before, parameter in zip(self._before, self._parameters, strict=True):
            total = self._combined(parameter, multipliers)
            parameter.data.sub_(total if self._roots is None else total * self._roots[parameter].square())
            totals.add(parameter, before - parameter.data)
        return totals.measured()

    def _combined(self, parameter: nn.Parameter, weights: np.ndarray) -> Tensor:
        total = self.stack.combined(parameter, weights)
        return torch.zeros_like(parameter.data) if total is None else total


def _clip(direction: list[Tensor], most: float | None) -> float | None:
    """Shortens a direction that is longer, in place; returns its norm before."""
    if most is None:
        return None
    norm = sum(norm2_of(part) for part in direction) ** 0.5
    factor = most / (norm + 1e-6)
    if not factor < 1:
        return None
    for part in direction:
        part.mul_(factor)
    return float(norm)


class _Totals:
    """Sums over the parameters."""

    def __init__(self, stack: GradientStack, roots: dict[Tensor, Tensor] | None) -> None:
        self._stack = stack
        self._roots = roots
        self._inner = np.zeros(stack.count)
        self._norm2 = 0.0
        self._in_metric = 0.0
        self._parameters = 0.0

    def add(self, parameter: nn.Parameter, change: Tensor) -> None:
        self._inner += self._stack.inner(parameter, change)
        self._norm2 += norm2_of(change)
        if self._roots is None:
            self._parameters += norm2_of(parameter.data)
            return
        root = self._roots[parameter]
        self._in_metric += norm2_of(change / root)
        self._parameters += norm2_of(parameter.data / root)

    def measured(self) -> Measured:
        in_metric = self._norm2 if self._roots is None else self._in_metric
        return Measured(self._inner, self._norm2, in_metric, 2**-24 * self._parameters**0.5)
