"""Losses and gradients of a step's groups, in one backward pass where every layer has a rule, else in one for each group."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from grain_torch.gradients import GroupGradients, UnsupportedModelError
from grain_torch.gradients.stack import GradientStack

from .batches import AnyBatch
from .passes import Passes

# Of losses in float16, whose gradients would otherwise be rounded to 0.
FIRST_SCALE = 2.0**16


class GradientPass:
    """Computes the groups' gradients of batches."""

    def __init__(self, model: nn.Module, passes: Passes, parameters: Sequence[nn.Parameter], *, accumulate: bool) -> None:
        self._passes = passes
        self._parameters = parameters
        self.loss_scale = FIRST_SCALE if passes.is_float16 else 1.0
        self._grouped: GroupGradients | None = None
        # Why there is a pass for each group, if that was not asked for.
        self.separately: str | None = None
        if accumulate:
            return
        try:
            self._grouped = GroupGradients(model)
        except UnsupportedModelError as error:
            self.separately = str(error)

    @property
    def is_grouped(self) -> bool:
        """Whether one pass gives all gradients."""
        return self._grouped is not None

    def run(self, batch: AnyBatch, seed: int) -> tuple[np.ndarray, GradientStack]:
        """Returns the groups' losses, and their gradients; `seed` decides dropout.

        In float16 losses are multiplied by a scale, which is taken off the gradients. Where these are not finite, it is halved.
        """
        while True:
            losses, stack = self._run(batch, seed)
            is_overflow = self.loss_scale > 1 and bool(np.isfinite(losses).all()) and not all(stack.are_finite())
            if not is_overflow:
                return losses, stack
            self.loss_scale /= 2

    def _run(self, batch: AnyBatch, seed: int) -> tuple[np.ndarray, GradientStack]:
        if self._grouped is not None:
            torch.manual_seed(seed)
            try:
                return self._together(self._grouped, batch)
            except UnsupportedModelError as error:
                print(error, flush=True)
                self._grouped = None
        return self._one_by_one(batch, lambda group: torch.manual_seed(seed + group))

    def _together(self, grouped: GroupGradients, batch: AnyBatch) -> tuple[np.ndarray, GradientStack]:
        k = len(batch.bounds) - 1
        grouped.reset(k, loss_scale=self.loss_scale)
        ids = torch.from_numpy(np.repeat(np.arange(k), np.diff(batch.bounds))).to(self._passes.device)
        grouped.backward(lambda: self._passes.losses(batch), ids)
        return grouped.losses.astype(np.float32), grouped.stack

    def _one_by_one(self, batch: AnyBatch, seed: Callable[[int], object]) -> tuple[np.ndarray, GradientStack]:
        """A pass for each group."""
        k = len(batch.bounds) - 1
        stack = GradientStack(k)
        losses = []
        rows: list[Tensor | None] = [None] * len(self._parameters)
        regions = self._regions(batch, seed)
        for group in range(k):
            seed(group)
            values, counts = self._passes.losses(batch.of_group(group), regions)
            mean = (values * counts).sum() / counts.sum()
            losses.append(mean.item())
            found: Sequence[Tensor | None] = torch.autograd.grad(mean * self.loss_scale, self._parameters, allow_unused=True)
            for index, gradient in enumerate(found):
                if gradient is None:
                    continue
                stacked = rows[index]
                if stacked is None:
                    stacked = rows[index] = gradient.new_zeros(k, *gradient.shape)
                stacked[group] = gradient / self.loss_scale
        for parameter, stacked in zip(self._parameters, rows, strict=True):
            if stacked is not None:
                stack.add(parameter, stacked)
        return np.array(losses, np.float32), stack

    def _regions(self, batch: AnyBatch, seed: Callable[[int], object]) -> Tensor | None:
        """Of all groups, in passes before theirs with the same dropout; None where a group's loss is its own."""
        total: Tensor | None = None
        for group in range(len(batch.bounds) - 1):
            seed(group)
            own = self._passes.regions(batch.of_group(group))
            if own is None:
                return None
            total = own if total is None else total + own
        return total
