"""What every way to the groups' gradients has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from grain_torch.gradients.coverage import refuse_wrappers, trainable_of
from grain_torch.gradients.losses import GroupLosses
from grain_torch.gradients.stack import GradientStack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor, nn

    from grain_torch.engine.types import Array

# A loss per example, or (a loss per example, how much each example counts for, as its number of tokens).
Losses = "Tensor | tuple[Tensor, Tensor]"


class GradientSource(GroupLosses):
    """Gradients gᵢ of the groups' losses with respect to the trainable parameters of a model.

    A group's loss is the mean of its examples' losses, over all passes since `reset`. With weights per example, as numbers
    of tokens, it is their weighted mean.
    """

    def __init__(self, model: nn.Module) -> None:
        refuse_wrappers(model)
        self.model = model
        self.parameters = trainable_of(model)
        if not self.parameters:
            raise ValueError("no parameter of the model requires a gradient.")
        self.stack = GradientStack(0)
        self.sizes: Array = np.zeros(0)
        self.counts: Array = np.zeros(0)
        self.loss_sums: Array = np.zeros(0)
        # What losses are multiplied by before a backward pass: as for the mean, so that float16 does not overflow.
        self._unit = 0.0
        self.loss_scale = 1.0

    def reset(self, count: int, *, loss_scale: float = 1.0) -> None:
        """Begins a step with that many groups.

        Args:
            count: number of groups.
            loss_scale: a GradScaler's factor; gradients are divided by it again before anything is computed from them.
        """
        self.stack = GradientStack(count)
        self.sizes = np.zeros(count)
        self.counts = np.zeros(count)
        self.loss_sums = np.zeros(count)
        self._unit = 0.0
        self.loss_scale = loss_scale

    def gram(self, root: Callable[[Tensor], Tensor] | None = None) -> Array:
        """H = GGᵀ of all groups in float64; rows of groups without examples are zero. `root`: P^½ of a parameter."""
        return self.stack.gram(root=root)

    def combine(self, weights: Sequence[float] | Array) -> None:
        """Puts Σ wᵢgᵢ into `.grad` of the parameters, divided by no loss scale."""
        array = np.asarray(weights, dtype=np.float64)
        for parameter in self.parameters.values():
            parameter.grad = self.stack.combined(parameter, array)

    def _count(self, losses: Tensor, counts: Tensor, ids: Tensor) -> None:
        """Adds the losses of some examples to their groups', and sets the gradients' scale."""
        groups = ids.cpu().numpy()
        np.add.at(self.loss_sums, groups, (losses.detach().double() * counts.double()).cpu().numpy())
        np.add.at(self.sizes, groups, 1)
        np.add.at(self.counts, groups, counts.double().cpu().numpy())
        if self._unit == 0:
            self._unit = 1 / max(1.0, float(counts.sum()))
        with np.errstate(divide="ignore"):
            scale = 1 / (self.counts * self._unit * self.loss_scale)
        self.stack.scale = np.where(self.counts > 0, scale, 0.0)


def losses_and_counts(answer: Tensor | tuple[Tensor, Tensor], batch: int | None) -> tuple[Tensor, Tensor]:
    """Losses per example, and how much each counts for.

    Raises:
        ValueError: unless there is a number for each example.
    """
    losses, counts = answer if isinstance(answer, tuple) else (answer, None)
    if losses.ndim != 1 or (batch is not None and len(losses) != batch):
        expected = "a loss per example" if batch is None else f"{batch} losses, one per example"
        raise ValueError(
            f"the losses have shape {tuple(losses.shape)}. Expected {expected}: reduction='none', averaged over tokens."
        )
    if not losses.requires_grad:
        raise ValueError("the losses do not depend on any parameter that requires a gradient.")
    if counts is None:
        counts = torch.ones_like(losses)
    elif counts.shape != losses.shape:
        raise ValueError(f"{tuple(counts.shape)} weights for {len(losses)} losses. Expected one for each example.")
    return losses.float(), counts.detach().to(losses.device, torch.float32)
