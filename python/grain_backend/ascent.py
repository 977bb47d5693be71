"""Gradients from a little uphill; src/training/update/ascent.ts is the same in TypeScript."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from grain_torch.gradients.stack import GradientStack

from .messages import Ascent


@contextmanager
def uphill(parameters: list[nn.Parameter], stack: GradientStack, shares: np.ndarray, ascent: Ascent) -> Iterator[None]:
    """Within it the parameters are p + rho * t * t * g / |t * g|, g the groups' mean by shares, t = |p| + eta or 1."""
    before = [parameter.data.clone() for parameter in parameters]
    try:
        with torch.no_grad():
            steps = []
            norm2 = 0.0
            for parameter in parameters:
                gradient = stack.combined(parameter, shares)
                if gradient is None:
                    gradient = torch.zeros_like(parameter.data)
                sizes = torch.ones_like(gradient) if ascent.eta is None else parameter.data.abs() + ascent.eta
                norm2 += float(torch.linalg.vector_norm(sizes * gradient)) ** 2
                steps.append(gradient.mul(sizes).mul_(sizes))
            if norm2 > 0:
                for parameter, step in zip(parameters, steps, strict=True):
                    parameter.data.add_(step, alpha=ascent.radius / norm2**0.5)
        yield
    finally:
        for parameter, value in zip(parameters, before, strict=True):
            parameter.data.copy_(value)
