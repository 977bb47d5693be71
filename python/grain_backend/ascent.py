"""Gradients from a little uphill; src/training/update/ascent.ts and tiltedAscent.ts are the same in TypeScript."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from grain_torch.gradients.stack import GradientStack

from .build import Ascent, Neighborhood
from .optimizers import shares_of

# The groups' losses and gradients at the parameters as they are.
Pass = Callable[[], tuple[np.ndarray, GradientStack]]


def gradients_uphill(
    run: Pass, parameters: list[nn.Parameter], sizes: list[int], ascent: Ascent, seed: int
) -> tuple[np.ndarray, GradientStack]:
    """The groups' gradients from uphill of the parameters, with the losses at them; or as those of `_tilted`."""
    if ascent.neighborhood is not None:
        return _tilted(run, parameters, sizes, ascent, ascent.neighborhood, seed)
    losses, stack = run()
    with _uphill(parameters, stack, sizes, ascent):
        return losses, run()[1]


def _tilted(
    run: Pass, parameters: list[nn.Parameter], sizes: list[int], ascent: Ascent, neighborhood: Neighborhood, seed: int
) -> tuple[np.ndarray, GradientStack]:
    """Sums of losses and gradients over places uphill of random ones, weighted by exp(tilt * loss of the batch)."""
    # Not the random numbers of dropout.
    random = torch.Generator().manual_seed(-1 - seed)
    exponents: list[float] = []
    losses, total = np.zeros(len(sizes)), GradientStack(len(sizes))
    for _ in range(neighborhood.samples):
        with _beside(parameters, neighborhood.noise, random):
            _, stack = run()
            with _uphill(parameters, stack, sizes, ascent):
                own, stack = run()
        exponents.append(neighborhood.tilt * float(np.average(own.astype(np.float64), weights=sizes)))
        share = _last_share(exponents)
        losses += share * (own - losses)
        total.lerp(stack, share)
    return losses.astype(np.float32), total


def _last_share(exponents: list[float]) -> float:
    """The last entry of the softmax: the share of what came last in all so far."""
    powers = np.exp(np.array(exponents) - max(exponents))
    return float(powers[-1] / powers.sum())


@contextmanager
def _uphill(parameters: list[nn.Parameter], stack: GradientStack, sizes: list[int], ascent: Ascent) -> Iterator[None]:
    """Within it the parameters are p + rho * t * t * g / |t * g|, g the mean over the batch, t = |p| + eta or 1."""
    shares = np.array(shares_of(sizes, np.isfinite(np.diag(stack.gram())).tolist()))
    with _displaced(parameters):
        steps = []
        norm2 = 0.0
        for parameter in parameters:
            gradient = stack.combined(parameter, shares)
            if gradient is None:
                gradient = torch.zeros_like(parameter.data)
            scale = torch.ones_like(gradient) if ascent.eta is None else parameter.data.abs() + ascent.eta
            norm2 += float(torch.linalg.vector_norm(scale * gradient)) ** 2
            steps.append(gradient.mul(scale).mul_(scale))
        if norm2 > 0:
            for parameter, step in zip(parameters, steps, strict=True):
                parameter.data.add_(step, alpha=ascent.radius / norm2**0.5)
        yield


@contextmanager
def _beside(parameters: list[nn.Parameter], distance: float, random: torch.Generator) -> Iterator[None]:
    """Within it the parameters are that far from where they were, in a random direction."""
    with _displaced(parameters):
        noise = [torch.randn(parameter.shape, generator=random) for parameter in parameters]
        length = sum(float(torch.linalg.vector_norm(part, dtype=torch.float64)) ** 2 for part in noise) ** 0.5
        for parameter, part in zip(parameters, noise, strict=True):
            parameter.data.add_(part.to(parameter.device), alpha=distance / length)
        yield


@contextmanager
def _displaced(parameters: list[nn.Parameter]) -> Iterator[None]:
    """After it the parameters are what they were, to the bit."""
    before = [parameter.data.clone() for parameter in parameters]
    try:
        yield
    finally:
        for parameter, value in zip(parameters, before, strict=True):
            parameter.data.copy_(value)
