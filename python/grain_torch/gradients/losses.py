"""Sizes and losses of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from grain_torch.engine.types import Array


class GroupLosses:
    """Of each group the number of examples, Σ of what they count for in the mean, and Σ of their losses times that."""

    sizes: Array
    counts: Array
    loss_sums: Array

    @property
    def present(self) -> list[int]:
        """Groups that have examples."""
        return [int(i) for i in np.flatnonzero(self.counts)]

    @property
    def losses(self) -> Array:
        """Mean loss of each group; NaN for a group without examples."""
        with np.errstate(invalid="ignore", divide="ignore"):
            result: Array = self.loss_sums / self.counts
        return result

    @property
    def loss(self) -> float:
        """Mean loss of all examples."""
        return float(self.loss_sums.sum() / self.counts.sum())
