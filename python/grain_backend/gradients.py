"""The gradient of each group's mean loss, stacked: one tensor [k, …shape] for each trained parameter."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from .messages import Batch
from .passes import Passes

Stacks = list[Tensor]


def grouped_gradients(passes: Passes, batch: Batch, parameters: Sequence[nn.Parameter]) -> tuple[Tensor, Stacks]:
    """One forward pass for all groups. @returns the groups' losses, and their gradients"""
    bounds = batch.bounds
    k = len(bounds) - 1
    losses, rows = passes.losses(batch)
    group_of = torch.from_numpy(np.repeat(np.arange(k), np.diff(bounds))).to(losses.device)[rows]
    counts = torch.bincount(group_of, minlength=k)
    means = [(losses * (group_of == group)).sum() / counts[group] for group in range(k)]
    stacks = _empty(k, parameters)
    for group, mean in enumerate(means):
        found = torch.autograd.grad(mean, parameters, retain_graph=group < k - 1, allow_unused=True)
        _store(stacks, group, found)
    return torch.stack(means).detach(), stacks


def accumulated_gradients(
    passes: Passes, batch: Batch, parameters: Sequence[nn.Parameter], seed: Callable[[int], None]
) -> tuple[Tensor, Stacks]:
    """A pass for each group, padded only to its longest example. @param seed: called before each pass with its index"""
    k = len(batch.bounds) - 1
    losses = []
    stacks = _empty(k, parameters)
    for group in range(k):
        seed(group)
        rows, _ = passes.losses(_part(batch, group))
        mean = rows.mean()
        losses.append(mean.detach())
        _store(stacks, group, torch.autograd.grad(mean, parameters, allow_unused=True))
    return torch.stack(losses), stacks


def _part(batch: Batch, group: int) -> Batch:
    start, end = batch.bounds[group : group + 2]
    lengths = batch.lengths[start:end]
    width = lengths.max()
    return Batch(
        batch.ids[start:end, :width],
        batch.type_ids[start:end, :width],
        lengths,
        np.array([0, end - start], np.int32),
        batch.targets[start:end],
    )


def _empty(k: int, parameters: Sequence[nn.Parameter]) -> Stacks:
    return [torch.zeros(k, *parameter.shape, device=parameter.device) for parameter in parameters]


def _store(stacks: Stacks, group: int, gradients: Sequence[Tensor | None]) -> None:
    for stack, gradient in zip(stacks, gradients, strict=True):
        if gradient is not None:
            stack[group] = gradient
