"""One optimizer step: gradients that wait for their weights, the update, and what it did to each group."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from .messages import Update
from .optimizers import AdamW, Optimizer, shares_of
from .products import combined, gram_of, inner_products, norm2


@dataclass
class Measured:
    """‖Δ‖², ⟨Δ, gᵢ⟩, ‖Δ‖² in the metric, and how much of it storing the parameters in float32 may have made."""

    inner: np.ndarray
    norm2: float
    metric_norm2: float
    rounding: float


class Step:
    """The gradients of a step's groups, stacked for each parameter, until it is discarded."""

    def __init__(self, parameters: list[nn.Parameter], stacks: list[Tensor], blocks: list[int]) -> None:
        self._parameters = parameters
        self._stacks = stacks
        self._blocks = blocks
        self._roots: list[Tensor] | None = None
        self._before: list[Tensor] = []

    @property
    def k(self) -> int:
        return len(self._stacks[0])

    def use_metric_of(self, optimizer: AdamW, sizes: list[int]) -> None:
        """Inner products become ⟨Pgᵢ, gⱼ⟩ with the P of the optimizer's next step. Groups that are not finite do not enter P."""
        zeros = torch.stack([(stack.flatten(1) * 0).sum(1) for stack in self._stacks]).sum(0)
        finite = (zeros == 0).tolist()
        shares = shares_of(sizes, finite)
        used = [i for i, share in enumerate(shares) if share > 0]
        stacks = self._stacks if len(used) == self.k else [stack[used] for stack in self._stacks]
        device = stacks[0].device
        self._roots = optimizer.prepare(stacks, torch.tensor([shares[i] for i in used], device=device))

    def grams(self) -> np.ndarray:
        """Gram matrix of each block in the metric: blocks × k × k."""
        count = max(self._blocks) + 1
        total = [torch.zeros(())] * count
        for index, stack in enumerate(self._stacks):
            gram = gram_of(stack if self._roots is None else stack * self._roots[index])
            total[self._blocks[index]] = total[self._blocks[index]].to(gram) + gram
        return torch.stack(total).double().cpu().numpy()

    def update(self, optimizer: Optimizer, request: Update, keep: bool) -> tuple[Measured, float | None]:
        """Combines, clips and steps. @returns what was done, and the norm before if it was clipped"""
        weights = request.weights.tolist()
        if not request.weights.any():
            optimizer.discard()
            self._before = [p.data.clone() for p in self._parameters] if keep else []
            return self._measured([torch.zeros_like(p.data) for p in self._parameters]), None
        direction = [combined(stack, weights[self._blocks[i]]) for i, stack in enumerate(self._stacks)]
        norm = self._clip(direction, request.max_grad_norm)
        optimizer.begin()
        totals = _Totals(self.k, self._roots)
        for index, parameter in enumerate(self._parameters):
            before = parameter.data.clone()
            optimizer.step(index, direction[index], request.learning_rate)
            totals.add(index, before - parameter.data, self._stacks[index], parameter.data)
            if keep:
                self._before.append(before)
        optimizer.discard()
        return totals.measured(), norm

    def correct(self, multipliers: list[float]) -> Measured:
        """Adds MΣ λᵢgᵢ to the update."""
        changes = []
        for index, parameter in enumerate(self._parameters):
            total = combined(self._stacks[index], multipliers)
            parameter.data.sub_(total if self._roots is None else total * self._roots[index].square())
            changes.append(self._before[index] - parameter.data)
        return self._measured(changes)

    def _clip(self, direction: list[Tensor], most: float | None) -> float | None:
        if most is None:
            return None
        norm = sum(norm2(part).item() for part in direction) ** 0.5
        factor = most / (norm + 1e-6)
        if not factor < 1:
            return None
        for part in direction:
            part.mul_(factor)
        return float(norm)

    def _measured(self, changes: list[Tensor]) -> Measured:
        totals = _Totals(self.k, self._roots)
        for index, parameter in enumerate(self._parameters):
            totals.add(index, changes[index], self._stacks[index], parameter.data)
        return totals.measured()


class _Totals:
    """Sums over the parameters."""

    def __init__(self, k: int, roots: list[Tensor] | None) -> None:
        self._products: Tensor = torch.zeros(k + 1)
        self._in_metric: Tensor = torch.zeros(())
        self._parameters: Tensor = torch.zeros(())
        self._roots = roots

    def add(self, index: int, change: Tensor, stack: Tensor, parameter: Tensor) -> None:
        products = inner_products(stack, change)
        self._products = self._products.to(products) + products
        if self._roots is not None:
            root = self._roots[index]
            self._in_metric = self._in_metric.to(products) + norm2(change / root).to(products)
            parameter = parameter / root
        self._parameters = self._parameters.to(products) + norm2(parameter).to(products)

    def measured(self) -> Measured:
        products = self._products.double().cpu().numpy()
        length2 = float(products[-1])
        return Measured(
            products[:-1],
            length2,
            length2 if self._roots is None else float(self._in_metric),
            2**-24 * float(self._parameters) ** 0.5,
        )
