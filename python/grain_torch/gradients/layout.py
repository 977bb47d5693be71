"""Which rows of a batch belong to which group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


class GroupLayout:
    """The group of each example of a batch, and sums and products of rows by group.

    Rows of a tensor are grouped by its first dimension, which is the batch.
    """

    def __init__(self, ids: Tensor, count: int) -> None:
        """`ids`: the group of each example, whole numbers from 0 to below `count`."""
        if ids.ndim != 1 or len(ids) == 0 or ids.is_floating_point():
            raise ValueError(f"group ids are {ids.dtype} of shape {tuple(ids.shape)}. Expected a whole number per example.")
        if int(ids.min()) < 0 or int(ids.max()) >= count:
            raise ValueError(f"group ids range from {int(ids.min())} to {int(ids.max())}. Expected 0 to {count - 1}.")
        self.ids = ids
        self.count = count
        self.batch = len(ids)
        examples = torch.bincount(ids, minlength=count).tolist()
        self._is_sliced = bool((ids.diff() >= 0).all())
        # Consecutive slices of equal size need no copies and no loop.
        self._is_even = self._is_sliced and len(set(examples)) == 1
        self._examples = examples
        self._rows: list[Tensor] | None = None

    @staticmethod
    def consecutive(batch: int, count: int, device: torch.device) -> GroupLayout:
        """Consecutive slices, as equal as possible."""
        return GroupLayout(torch.arange(batch, device=device) * count // batch, count)

    def parts(self, tensor: Tensor) -> list[Tensor]:
        """The rows of each group."""
        if self._is_sliced:
            return list(torch.split(tensor, self._examples))
        if self._rows is None:
            self._rows = [torch.nonzero(self.ids == i).flatten() for i in range(self.count)]
        return [tensor.index_select(0, rows) for rows in self._rows]

    def products(self, left: Tensor, right: Tensor) -> Tensor:
        """Σ leftᵀright over the rows of each group: (batch, …, a), (batch, …, b) → (groups, a, b)."""
        if self._is_even:
            a = left.reshape(self.count, -1, left.shape[-1])
            return torch.bmm(a.transpose(1, 2), right.reshape(self.count, -1, right.shape[-1]))
        pairs = zip(self.parts(left), self.parts(right), strict=True)
        return torch.stack([a.flatten(0, -2).T @ b.flatten(0, -2) for a, b in pairs])

    def sums(self, tensor: Tensor) -> Tensor:
        """Σ over the rows of each group: (batch, …, a) → (groups, a)."""
        if self._is_even:
            return tensor.reshape(self.count, -1, tensor.shape[-1]).sum(1)
        return torch.stack([part.flatten(0, -2).sum(0) for part in self.parts(tensor)])
