"""GRAIN in a training loop of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from grain_torch.aggregation import StepAggregator
from grain_torch.batches import batch_size_of, device_of

if TYPE_CHECKING:
    from torch import nn

    from grain_torch.step import Step

# A number of consecutive slices, a key of the batch that holds group ids, or a function from the batch to them.
Groups = int | str | Callable[[Any], Tensor]


class Grain:
    """Steps that make no group of examples worse, to first order.

    Example:
        >>> grain = Grain(model, optimizer, groups=8)
        >>> for batch in loader:
        ...     step = grain.step(lambda b: F.cross_entropy(model(b["x"]), b["y"], reduction="none"), batch)
        ...     print(step.loss, step.weights, step.min_cosine)
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        groups: Groups = 8,
        count: int | None = None,
        aggregate: str = "grain",
        metric: str = "euclidean",
        method: str = "auto",
        scaler: torch.amp.GradScaler | None = None,
        measure_update: bool = True,
        process_group: Any = None,
    ) -> None:
        """Args:
        model: its parameters that require a gradient are trained. With torchrun it begins everywhere as in process 0.
        optimizer: of these parameters.
        groups: how many consecutive slices a batch is cut into; or the key of the batch, or a function of it, that gives
            the group of each example, a whole number.
        count: number of groups, where `groups` gives ids.
        aggregate: `grain`, `mean`, `grain-normalized`, `grain-layerwise`, `grain-streaming`, … (docs/aggregators.md).
        metric: `euclidean`, or `preconditioned`: that of the optimizer's own step.
        method: `grouped`, all gradients from one backward pass; `accumulate`, a pass per group; `auto`, the first if the
            model allows it, else the second with a warning.
        scaler: of float16 training; its scale is taken off the gradients before they are compared.
        measure_update: whether to measure what the optimizer makes of d, at the price of a copy of the parameters.
        process_group: of `torch.distributed`, with the processes that this run consists of; by default all that torchrun
            started. A number of `groups` is shared out among them; ids name the same groups in all of them.
        """
        self._groups = groups
        self._count = groups if isinstance(groups, int) else count
        if self._count is None or self._count < 1:
            raise ValueError(f"the number of groups is {self._count}. Expected at least 1: Grain(…, count=…).")
        self._optimizer = optimizer
        self._scaler = scaler
        self._aggregator = StepAggregator(
            model,
            optimizer,
            aggregator=aggregate,
            metric=metric,
            method=method,
            measure_update=measure_update,
            process_group=process_group,
        )
        ranks = self._aggregator.ranks
        # Those that this process's part of the batch is cut into, or may name.
        self._own = ranks.share(groups) if ranks is not None and isinstance(groups, int) else range(self._count)

    def step(self, closure: Callable[[Any], Any], batch: Any, groups: Tensor | None = None) -> Step:
        """One forward and backward pass, the aggregation, and the optimizer's step.

        Args:
            closure: a batch → a loss per example: a tensor of its size; or (losses, weights), weights as numbers of tokens. A
                group's loss is the mean of its examples'.
            batch: what `closure` takes: tensors, or dictionaries, tuples and lists of them.
            groups: the group of each example of this batch, instead of what `Grain` was told.
        """
        assert self._count is not None
        ids = self._ids(batch) if groups is None else groups.to(device_of(batch))
        own = self._own if groups is None else range(self._count)
        scaler = self._scaler
        scale = 1.0 if scaler is None else _scale_of(scaler, device_of(batch))
        self._aggregator.begin(self._count, own=own, loss_scale=scale)
        self._aggregator.backward(closure, batch, ids)
        step = self._aggregator.finish()
        if scaler is not None:
            scaler.step(self._optimizer)
            scaler.update()
        elif step.weights.any():
            self._optimizer.step()
        step = self._aggregator.facts(step)
        self._optimizer.zero_grad(set_to_none=True)
        self._aggregator.free()
        return step

    def _ids(self, batch: Any) -> Tensor:
        groups = self._groups
        if isinstance(groups, int):
            return consecutive_ids(batch_size_of(batch), len(self._own), device_of(batch))
        ids: Tensor = batch[groups] if isinstance(groups, str) else groups(batch)
        return ids.to(device_of(batch))


def consecutive_ids(batch: int, count: int, device: torch.device) -> Tensor:
    """Ids of consecutive slices of a batch, as equal as possible.

    Raises:
        ValueError: if there are more groups than examples.
    """
    if batch < count:
        raise ValueError(f"a batch of {batch} cannot be cut into {count} groups. Expected at least one example each.")
    return torch.arange(batch, device=device) * count // batch


def _scale_of(scaler: torch.amp.GradScaler, device: torch.device) -> float:
    # A scaler makes its scale when it is first used.
    scaler.scale(torch.zeros((), device=device))
    return scaler.get_scale() if scaler.is_enabled() else 1.0
