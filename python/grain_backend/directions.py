"""Directions that are not sums of the groups' gradients with weights that follow from their inner products."""

import numpy as np
import torch
from torch import Tensor, nn

from grain_torch.gradients.stack import GradientStack

from .norms import norm2_of

# d of each parameter.
Direction = list[Tensor]
_WHOLE = np.ones(1)


def inner_of(direction: Direction, parameters: list[nn.Parameter], stack: GradientStack) -> np.ndarray:
    """⟨d, gᵢ⟩ for each group."""
    return sum((stack.inner(p, d) for p, d in zip(parameters, direction, strict=True)), start=np.zeros(stack.count))


def length2_of(direction: Direction) -> float:
    """‖d‖²."""
    return sum(norm2_of(part) for part in direction)


def moved(direction: Direction | None, parameters: list[nn.Parameter], stack: GradientStack, share: float) -> Direction:
    """d ← (1 − share)d + share · g, in place, of the stack's only gradient; d is 0 at first."""
    if direction is None:
        direction = [torch.zeros_like(parameter.data) for parameter in parameters]
    for parameter, part in zip(parameters, direction, strict=True):
        gradient = stack.combined(parameter, _WHOLE)
        part.mul_(1 - share)
        if gradient is not None:
            part.add_(gradient, alpha=share)
    return direction


def drop_signs(parameters: list[nn.Parameter], stack: GradientStack, groups: np.ndarray, leak: float, seed: int) -> Direction:
    """
    GradDrop's d: the groups' mean, in each coordinate of one sign; src/engine/aggregators/graddrop.ts has the formula.

    Random numbers are the processor's, so that they are the same whatever the device.
    """
    random = torch.Generator().manual_seed(seed)
    return [_dropped(parameter, stack, groups, leak, random) for parameter in parameters]


def _dropped(parameter: nn.Parameter, stack: GradientStack, groups: np.ndarray, leak: float, random: torch.Generator) -> Tensor:
    uniform = torch.rand(parameter.shape, generator=random).to(parameter.device)
    positive, negative = torch.zeros_like(parameter.data), torch.zeros_like(parameter.data)
    for group in groups.tolist():
        gradient = stack.row_of(parameter, group)
        if gradient is not None:
            positive.add_(gradient.clamp(min=0))
            negative.add_(gradient.clamp(max=0))
    # The positive entries pass with probability positive / (positive − negative).
    takes_positive = positive > uniform * (positive - negative)
    return torch.where(takes_positive, positive + leak * negative, leak * positive + negative).div_(len(groups))
