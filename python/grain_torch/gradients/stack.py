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

# Gradients of up to this many parameters are multiplied in float64, where the device has it. Of longer ones, products of this
# many columns are added up in float32, three times as fast, and these sums in float64: an error of about 10⁻⁷ of ‖gᵢ‖‖gⱼ‖.
_WIDE = 65536
_RUN = 512


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

    def covers(self, other: _Gradient) -> bool:
        """Whether another's rows are the same ones of the parameter."""
        return self.index is not None and other.index is not None and torch.equal(self.index, other.index)

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
    def multiply(self, parameter: Tensor, factor: Tensor) -> None:
        """Multiplies the k gradients of a parameter coordinate by coordinate."""
        known = self._of.get(parameter)
        if known is not None:
            self._of[parameter] = _Gradient(known.dense(parameter) * factor, None)

    @torch.no_grad()
    def lerp(self, other: GradientStack, share: float) -> None:
        """gᵢ ← (1 − share)gᵢ + share·g'ᵢ, with the gradients g' of another stack."""
        for gradient in self._of.values():
            gradient.rows = gradient.rows * self._factors(gradient.rows, 1 - share)
        self.scale = np.ones(self.count)
        for parameter, gradient in other._of.items():
            rows = gradient.rows * other._factors(gradient.rows, share)
            known = self._of.get(parameter)
            if known is not None and known.covers(gradient):
                known.rows.add_(rows)
            else:
                self.add(parameter, rows, gradient.index)

    def _factors(self, rows: Tensor, factor: float) -> Tensor:
        scale = torch.as_tensor(self.scale * factor, dtype=rows.dtype, device=rows.device)
        return scale.reshape(-1, *[1] * (rows.ndim - 1))

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

    def take(self, parameter: Tensor) -> Tensor | None:
        """The k gradients of a parameter, flat and not scaled, which leave the stack."""
        gradient = self._of.pop(parameter, None)
        return None if gradient is None else gradient.dense(parameter).reshape(self.count, -1)

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
    """RRᵀ, of rows multiplied by a factor per column; see `_WIDE`."""
    scaled = rows if factor is None else rows * factor
    if rows.device.type != "mps" and rows.shape[1] <= _WIDE:
        wide = scaled.double()
        result: Array = (wide @ wide.T).cpu().numpy()
        return result
    whole = rows.shape[1] // _RUN * _RUN
    runs = scaled[:, :whole].float().reshape(len(rows), -1, _RUN).transpose(0, 1)
    rest = scaled[:, whole:].float()
    total: Array = torch.bmm(runs, runs.transpose(1, 2)).cpu().sum(0, dtype=torch.float64).numpy()
    total += (rest @ rest.T).cpu().double().numpy()
    return total
