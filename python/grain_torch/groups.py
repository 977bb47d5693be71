"""The groups of one step, once all its examples have been seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grain_torch.gradients.losses import GroupLosses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from grain_torch.engine.types import Array
    from grain_torch.gradients import GradientSource
    from grain_torch.gradients.stack import GradientStack


class StepGroups(GroupLosses):
    """Sizes, losses and gradients of k groups, all of them in this process.

    The stack holds the gradients by part. Here a part is a parameter; between processes it is a slice of several.
    """

    def __init__(self, sizes: Array, counts: Array, loss_sums: Array, stack: GradientStack) -> None:
        self.sizes = sizes
        self.counts = counts
        self.loss_sums = loss_sums
        self.stack = stack

    @staticmethod
    def of(source: GradientSource) -> StepGroups:
        """Those that a source has seen."""
        return StepGroups(source.sizes, source.counts, source.loss_sums, source.stack)

    def gram(self, root: Callable[[Tensor], Tensor] | None = None) -> Array:
        """H = GGᵀ in float64; rows of groups without examples are zero. `root`: P^½ of a parameter."""
        return self.total(self.stack.gram(root=None if root is None else lambda part: self.part(part, root)))

    def are_finite(self) -> list[bool]:
        """Whether each group's gradient is finite."""
        broken = self.total(1.0 - np.array(self.stack.are_finite(), dtype=np.float64))
        return [not count for count in broken]

    def part(self, part: Tensor, of: Callable[[Tensor], Tensor]) -> Tensor:
        """What lies in a part of the stack, of a vector that is given by parameter."""
        return of(part)

    def whole(self, of: Callable[[Tensor], Tensor | None]) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Each parameter with its piece of a vector that is given by part of the stack."""
        for part in self.stack:
            yield part, of(part)

    def total(self, array: Array) -> Array:
        """Σ over all parts of what was computed from those of this process."""
        return array

    def agreed(self, array: Array) -> Array:
        """What all processes go by."""
        return array
