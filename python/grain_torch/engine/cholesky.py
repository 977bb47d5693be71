"""A Cholesky factor whose rows can be appended and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from grain_torch.engine.types import Array


class ActiveCholesky:
    """M = LLᵀ for the rows present, and the solution of Mx = b.

    Appending a row or solving takes s vector operations with s rows present, deleting a row s².
    """

    def __init__(self, capacity: int, tolerance: float) -> None:
        """`tolerance`: a row whose squared distance to the span of those before it is at most this, times the number of
        rows, counts as dependent.
        """
        self.size = 0
        self._tolerance = tolerance
        self._lower = np.zeros((capacity, capacity))
        self._matrix = np.zeros((capacity, capacity))
        self._right = np.zeros(capacity)
        self._refused = np.zeros(0)

    def append(self, row: Array, right: float) -> bool:
        """Appends a row of M up to its diagonal, and an entry of b.

        Returns False if it depends on those before it; `express_refused` then says how.
        """
        size = self.size
        lower = self._lower
        solved = self._forward(row[:size])
        pivot = float(row[size] - solved @ solved)
        if not pivot > self._tolerance * (size + 1):
            self._refused = solved
            return False
        lower[size, :size] = solved
        lower[size, size] = np.sqrt(pivot)
        self._matrix[size, : size + 1] = row
        self._right[size] = right
        self.size += 1
        return True

    def delete(self, place: int) -> None:
        """Removes row and column `place` of M, and factors the rows after it again."""
        kept = [i for i in range(self.size) if i != place]
        rows = [self._matrix[i, [j for j in kept if j <= i]].copy() for i in kept[place:]]
        rights = self._right[kept[place:]].copy()
        self.size = place
        for row, right in zip(rows, rights, strict=True):
            # Without a row that came before, the others are no nearer to each other: only rounding can make one dependent.
            if not self.append(row, float(right)):
                size = self.size
                self._lower[size, :size] = self._refused
                self._lower[size, size] = np.sqrt(self._tolerance)
                self._matrix[size, : size + 1] = row
                self._right[size] = right
                self.size += 1

    def truncate(self, size: int) -> None:
        """Removes the rows after the first `size`."""
        self.size = size

    def solve(self) -> Array:
        """x = M⁻¹b."""
        return self._backward(self._forward(self._right[: self.size]))

    def express_refused(self) -> Array:
        """x = M⁻¹m for the row m that `append` refused last: its coefficients in terms of the rows present."""
        return self._backward(self._refused)

    def _forward(self, right: Array) -> Array:
        """y with Ly = right."""
        y = np.zeros(self.size)
        for i in range(self.size):
            y[i] = (right[i] - self._lower[i, :i] @ y[:i]) / self._lower[i, i]
        return y

    def _backward(self, right: Array) -> Array:
        """x with Lᵀx = right."""
        x: Array = right.copy()
        for i in range(self.size - 1, -1, -1):
            x[i] /= self._lower[i, i]
            x[:i] -= x[i] * self._lower[i, :i]
        return x
