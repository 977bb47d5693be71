"""The groups' gradients in memory, and what is computed from all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torch import Tensor

    from grain_torch.engine.types import Array

# Columns of a block that is converted to float64 at a time.
_BLOCK = 65536
# Products of float32 numbers that are added up in float32 where the device has no float64.
_SHORT = 512


@dataclass
class _Gradient:
    """k gradients of one parameter, or with `index` those of the rows named; its other rows are zero."""

    rows: Tensor
    index: Tensor | None

    def dense(self, parameter: Tensor) -> Tensor:
        if self.index is None:
            return self.rows
        k = len(self.rows)
        return self.rows.new_zeros((k, *parameter.shape)).index_copy_(1, self.index, self.rows)

    def flat(self) -> Tensor:
        return self.rows.reshape(len(self.rows), -1)

    def at(self, vector: Tensor) -> Tensor:
        """The entries of a vector as long as the parameter that these gradients have, flat."""
        return (vector if self.index is None else vector.index_select(0, self.index)).reshape(-1)


class GradientStack:
    """k gradients gᵢ = scaleᵢ · rows, one row per group and parameter."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.scale = np.ones(count)
        self._of: dict[Tensor, _Gradient] = {}

    def __iter__(self) -> Iterator[Tensor]:
        """The parameters that have gradients."""
        return iter(self._of)

    @torch.no_grad()
    def add(self, parameter: Tensor, rows: Tensor, index: Tensor | None = None) -> None:
        """Adds k gradients of a parameter, or of the rows of it that `index` names."""
        rows = rows.to(parameter.dtype)
        known = self._of.get(parameter)
        if known is None:
            self._of[parameter] = _Gradient(rows, index)
            return
        if known.index is not None:
            known = self._of[parameter] = _Gradient(known.dense(parameter), None)
        if index is None:
            known.rows = known.rows + rows if known.rows.is_set_to(rows) else known.rows.add_(rows)
        else:
            known.rows.index_add_(1, index, rows)

    @torch.no_grad()
    def add_to(self, group: int, parameter: Tensor, gradient: Tensor) -> None:
        """Adds a gradient of one group."""
        known = self._of.get(parameter)
        if known is None:
            rows = gradient.new_zeros((self.count, *parameter.shape), dtype=parameter.dtype)
            known = self._of[parameter] = _Gradient(rows, None)
        known.rows[group] += gradient

    @torch.no_grad()
    def gram(self, parameters: Iterable[Tensor] | None = None, root: Callable[[Tensor], Tensor] | None = None) -> Array:
        """H = GGᵀ in float64, over some parameters or all.

        Args:
            parameters: those to take into account.
            root: P^½ of a parameter, where inner products are ⟨Pgᵢ, gⱼ⟩.
        """
        total: Array = np.zeros((self.count, self.count))
        for parameter in self._of if parameters is None else parameters:
            gradient = self._of.get(parameter)
            if gradient is not None:
                factor = None if root is None else gradient.at(root(parameter))
                total += _products(gradient.flat(), factor)
        # A row that is not finite stays so, whatever its scale.
        total *= np.outer(self.scale, self.scale)
        return total

    @torch.no_grad()
    def combined(self, parameter: Tensor, weights: Array) -> Tensor | None:
        """Σ wᵢgᵢ of a parameter; groups of weight 0 do not count, even if they are not finite."""
        gradient = self._of.get(parameter)
        if gradient is None:
            return None
        factors = weights * self.scale
        carriers = np.flatnonzero(weights)
        flat = gradient.flat()
        if len(carriers) == self.count:
            sum_ = torch.as_tensor(factors, dtype=flat.dtype, device=flat.device) @ flat
        else:
            sum_ = flat.new_zeros(flat.shape[1])
            for i in carriers:
                sum_.add_(flat[i], alpha=float(factors[i]))
        shaped = sum_.reshape(gradient.rows.shape[1:])
        if gradient.index is None:
            return shaped
        return torch.zeros_like(parameter).index_copy_(0, gradient.index, shaped)

    @torch.no_grad()
    def inner(self, parameter: Tensor, vector: Tensor) -> Array:
        """⟨v, gᵢ⟩ for each group, over one parameter."""
        gradient = self._of.get(parameter)
        if gradient is None:
            return np.zeros(self.count)
        products: Array = (gradient.flat() @ gradient.at(vector).to(gradient.rows.dtype)).double().cpu().numpy()
        return products * self.scale

    @torch.no_grad()
    def mean_square(self, parameter: Tensor, shares: Array) -> Tensor:
        """Σ sᵢgᵢ² of a parameter, groups of share 0 not counted."""
        gradient = self._of.get(parameter)
        result = torch.zeros_like(parameter)
        if gradient is None:
            return result
        factors = shares * self.scale**2
        sum_ = torch.zeros_like(gradient.rows[0])
        for i in np.flatnonzero(shares):
            sum_.addcmul_(gradient.rows[i], gradient.rows[i], value=float(factors[i]))
        return sum_ if gradient.index is None else result.index_copy_(0, gradient.index, sum_)

    @torch.no_grad()
    def are_finite(self) -> list[bool]:
        """Whether each group's gradient is finite."""
        tests = [torch.isfinite(gradient.flat()).all(1) for gradient in self._of.values()]
        finite: list[bool] = torch.stack(tests).all(0).tolist() if tests else [True] * self.count
        return finite

    def drop(self, parameter: Tensor) -> None:
        """Frees the gradients of a parameter."""
        self._of.pop(parameter, None)

    def row_of(self, parameter: Tensor, group: int) -> Tensor | None:
        """One group's gradient of a parameter, in its shape; a copy."""
        gradient = self._of.get(parameter)
        if gradient is None:
            return None
        row = gradient.rows[group] * float(self.scale[group])
        return row if gradient.index is None else row.new_zeros(parameter.shape).index_copy_(0, gradient.index, row)

    def rows_of(self, parameter: Tensor) -> Tensor | None:
        """The k gradients of a parameter, in its shape, scaled; a copy."""
        gradient = self._of.get(parameter)
        if gradient is None:
            return None
        dense = gradient.dense(parameter)
        scale = torch.as_tensor(self.scale, dtype=dense.dtype, device=dense.device)
        return dense * scale.reshape(-1, *[1] * parameter.ndim)


def _products(rows: Tensor, factor: Tensor | None) -> Array:
    """RRᵀ in float64, of rows multiplied by a factor per column."""
    k, length = rows.shape
    wide = rows.device.type != "mps"
    total = torch.zeros(k, k, dtype=torch.float64 if wide else torch.float32, device=rows.device)
    for begin in range(0, length, _BLOCK):
        block = rows[:, begin : begin + _BLOCK]
        if factor is not None:
            block = block * factor[begin : begin + _BLOCK]
        if wide:
            block = block.double()
            total.addmm_(block, block.T)
        else:
            total += sum(part @ part.T for part in torch.split(block.float(), _SHORT, dim=1))
    result: Array = total.double().cpu().numpy() if wide else total.cpu().double().numpy()
    return result
