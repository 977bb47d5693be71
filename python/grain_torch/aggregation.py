"""A step's gradients: from the batch's examples to `.grad`."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from grain_torch.batches import rows_of
from grain_torch.blocks import Block, parameter_blocks
from grain_torch.engine import Aggregation, aggregate, aggregate_blocks, aggregator_named
from grain_torch.gradients import AccumulatedGradients, GroupGradients, StreamedGradients, UnsupportedModelError
from grain_torch.metric import PreconditionedMetric, norm_in, squared_norm
from grain_torch.step import Arrival, BlockFacts, Step, Update
from grain_torch.warn import warn

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from grain_torch.engine.types import Array

METHODS = ("auto", "grouped", "accumulate")
METRICS = ("euclidean", "preconditioned")


class StepAggregator:
    """Takes the batches of a step, then puts the aggregated gradient into `.grad`.

    One optimizer step is `begin`, `backward` for each micro-batch, `finish`, the optimizer's step, `facts`.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        aggregator: str = "grain",
        metric: str = "euclidean",
        method: str = "auto",
        measure_update: bool = True,
    ) -> None:
        """Args: as for `Grain`."""
        if method not in METHODS:
            raise ValueError(f'unknown method "{method}". Expected one of: {", ".join(METHODS)}.')
        if metric not in METRICS:
            raise ValueError(f'unknown metric "{metric}". Expected one of: {", ".join(METRICS)}.')
        self.aggregator = aggregator_named(aggregator)
        if metric == "preconditioned" and (self.aggregator.by_layer or self.aggregator.by_arrival):
            raise ValueError(f"{aggregator} does not have all gradients at once. Expected metric=euclidean.")
        self._metric = PreconditionedMetric(optimizer) if metric == "preconditioned" else None
        self._source = _source_of(model, method, by_arrival=self.aggregator.by_arrival)
        self._may_change = method == "auto"
        self._blocks = parameter_blocks(dict(self._source.parameters)) if self.aggregator.by_layer else []
        self._measures_update = measure_update and not self.aggregator.by_layer and not self.aggregator.by_arrival
        self._starts: dict[str, list[int]] = {}
        self._solved: dict[str, Aggregation] = {}
        self._block_grams: dict[str, Array] = {}
        self._before: dict[Tensor, Tensor] = {}
        self._seconds = [0.0, 0.0, 0.0]
        self._loss_scale = 1.0

    @property
    def parameters(self) -> dict[str, nn.Parameter]:
        """The trainable parameters by name."""
        return self._source.parameters

    @property
    def loss_sum(self) -> tuple[float, float]:
        """Σ of the losses of this step's examples so far, and how much the examples count for."""
        return float(self._source.loss_sums.sum()), float(self._source.sizes.sum())

    def begin(self, count: int, *, loss_scale: float = 1.0) -> None:
        """Begins a step with that many groups. `loss_scale`: a GradScaler's."""
        self._source.reset(count, loss_scale=loss_scale)
        self._loss_scale = loss_scale
        self._solved = {}
        self._block_grams = {}
        self._seconds = [0.0, 0.0, 0.0]

    def backward(self, closure: Callable[[Any], Any], batch: Any, ids: Tensor, *, is_last: bool = True) -> None:
        """Computes the gradients of the examples of a batch.

        Args:
            closure: a batch → a loss per example, or (losses, weights of the examples).
            batch: tensors, or dictionaries, tuples and lists of them, whose first dimension is the batch.
            ids: the group of each example.
            is_last: whether no other batch of this step follows: then layers may be combined as their gradients arrive.
        """
        began = time.perf_counter()
        before = self._seconds[1]
        source = self._source
        if isinstance(source, GroupGradients):
            source.on_complete = self._completed() if is_last and self._blocks else None
            try:
                source.backward(lambda: closure(batch), ids)
            except UnsupportedModelError as error:
                # Only the first pass is checked: nothing is lost.
                if not self._may_change:
                    raise
                self._source = _passes_instead(source, error)
                self.backward(closure, batch, ids, is_last=is_last)
                return
            self._may_change = False
        else:
            for group in sorted(set(ids.tolist())):
                part = rows_of(batch, torch.nonzero(ids == group).flatten(), len(ids))
                source.backward(partial(closure, part), group)
        self._seconds[0] += time.perf_counter() - began - (self._seconds[1] - before)

    def finish(self) -> Step:
        """Weighs the groups and puts Σ wᵢgᵢ, times the loss scale, into `.grad`."""
        began = time.perf_counter()
        source = self._source
        present = source.present
        sizes = source.sizes[present]
        if isinstance(source, StreamedGradients):
            step = self._streamed(source)
        elif self._blocks:
            step = self._by_layer(present)
        else:
            step = self._by_gram(present, sizes)
        self._mark_overflow(step)
        self._seconds[1] += time.perf_counter() - began
        self._update_began = time.perf_counter()
        return step

    def facts(self, step: Step) -> Step:
        """The step with what the optimizer did, which has taken its step by now."""
        update = None
        if self._before:
            inner = np.zeros(len(step.groups))
            norm2 = 0.0
            for parameter, before in self._before.items():
                delta = before - parameter.detach()
                norm2 += squared_norm(delta)
                inner += self._source.stack.inner(parameter, delta)[step.groups]
            update = Update(norm2, inner, self._rounding)
            self._before = {}
        self._seconds[2] = time.perf_counter() - self._update_began
        a, b, c = self._seconds
        return Step(**{**step.__dict__, "update": update, "seconds": (a, b, c)})

    def free(self) -> None:
        """Frees the groups' gradients."""
        self._source.reset(0)

    def _by_gram(self, present: list[int], sizes: Array) -> Step:
        source = self._source
        shares = np.zeros(source.stack.count)
        root = None
        if self._metric is not None:
            is_finite = source.stack.are_finite()
            finite = [i for i in present if is_finite[i]]
            shares[finite] = source.sizes[finite] / source.sizes[finite].sum()
            self._metric.prepare(source.stack, shares)
            root = self._metric.root
        gram = source.gram(root)[np.ix_(present, present)]
        start = [present.index(i) for i in self._starts.get("", []) if i in present]
        answer = aggregate(gram, self.aggregator, sizes=sizes.tolist(), start=start)
        self._starts[""] = [present[i] for i in answer.support]
        weights = np.zeros(source.stack.count)
        weights[present] = answer.weights
        source.combine(weights * self._loss_scale)
        if self._measures_update:
            self._before = {p: p.detach().clone() for p in source.stack}
            self._rounding = 2.0**-24 * norm_in(self._metric, self._before)
        return self._step(present, answer, gram=gram)

    def _by_layer(self, present: list[int]) -> Step:
        for block in self._blocks:
            if block.name not in self._solved:
                self._combine_block(block)
        answers = [self._solved[block.name] for block in self._blocks]
        facts = [
            BlockFacts(block.name, self._block_grams[block.name], answer.weights)
            for block, answer in zip(self._blocks, answers, strict=True)
        ]
        gram: Array = np.sum([one.gram for one in facts], axis=0)
        traces = np.array([np.nansum(np.diagonal(one.gram)) for one in facts])
        total = traces.sum()
        mean = np.zeros(len(present)) if not total > 0 else traces @ np.array([one.weights for one in facts]) / total
        norm2 = sum(answer.norm2 for answer in answers)
        inner = np.sum([one.gram @ one.weights for one in facts], axis=0)
        norms = np.sqrt(np.diagonal(gram))
        with np.errstate(invalid="ignore", divide="ignore"):
            cosine = float(np.nanmin(inner / norms / np.sqrt(norm2))) if norm2 > 0 else 0.0
        whole = Aggregation(mean, norm2, sum(answer.gap for answer in answers), cosine, [], [])
        return self._step(present, whole, gram=gram, blocks=facts)

    def _completed(self) -> Callable[[Tensor], None]:
        """Combines each block as soon as the gradients of all its parameters have arrived."""
        waiting = {parameter: block for block in self._blocks for parameter in block.parameters}
        missing = {block.name: len(block.parameters) for block in self._blocks}

        def complete(parameter: Tensor) -> None:
            block = waiting[parameter]
            missing[block.name] -= 1
            if missing[block.name] == 0:
                began = time.perf_counter()
                self._combine_block(block)
                self._seconds[1] += time.perf_counter() - began

        return complete

    def _combine_block(self, block: Block) -> None:
        stack = self._source.stack
        present = self._source.present
        gram = stack.gram(block.parameters)[np.ix_(present, present)]
        # What is not finite in some block is left out of all: the loss tells before the last gradient has arrived.
        broken = ~np.isfinite(self._source.losses[present])
        gram[broken, broken] = np.nan
        start = {block.name: [present.index(i) for i in self._starts.get(block.name, []) if i in present]}
        answer = aggregate_blocks({block.name: gram}, starts=start)[block.name]
        self._starts[block.name] = [present[i] for i in answer.support]
        self._solved[block.name] = answer
        self._block_grams[block.name] = gram
        weights = np.zeros(stack.count)
        weights[present] = answer.weights * self._loss_scale
        for parameter in block.parameters:
            parameter.grad = stack.combined(parameter, weights)
            stack.drop(parameter)

    def _streamed(self, source: StreamedGradients) -> Step:
        source.combine(None)
        if self._loss_scale != 1:
            for parameter in source.parameters.values():
                if parameter.grad is not None:
                    parameter.grad.mul_(self._loss_scale)
        norm2 = source.arrivals[-1][3]
        nan = float("nan")
        answer = Aggregation(source.weights[source.order], norm2, nan, nan, [], [])
        return self._step(source.order, answer, streaming=[Arrival(*one) for one in source.arrivals])

    def _step(
        self,
        present: list[int],
        answer: Aggregation,
        *,
        gram: Array | None = None,
        blocks: list[BlockFacts] | None = None,
        streaming: list[Arrival] | None = None,
    ) -> Step:
        source = self._source
        return Step(
            loss=source.loss,
            losses=source.losses[present],
            groups=list(present),
            sizes=source.sizes[present],
            weights=answer.weights,
            gram=gram,
            norm2=answer.norm2,
            gap=answer.gap,
            min_cosine=answer.min_cosine,
            conflicts_with=answer.conflicts_with,
            blocks=blocks,
            streaming=streaming,
            update=None,
            seconds=(0.0, 0.0, 0.0),
        )

    def _mark_overflow(self, step: Step) -> None:
        """Under a GradScaler a gradient that overflowed must be seen by it, so that it lowers the scale and skips the step."""
        if self._loss_scale == 1 or step.gram is None or np.isfinite(np.diagonal(step.gram)).all():
            return
        for parameter in self._source.parameters.values():
            if parameter.grad is not None:
                parameter.grad.fill_(torch.inf)
                return


def _source_of(model: nn.Module, method: str, *, by_arrival: bool) -> GroupGradients | AccumulatedGradients:
    if by_arrival:
        return StreamedGradients(model)
    if method == "accumulate":
        return AccumulatedGradients(model)
    try:
        return GroupGradients(model)
    except UnsupportedModelError as error:
        if method == "grouped":
            raise
        warn(f"{error} It is taken here.")
        return AccumulatedGradients(model)


def _passes_instead(source: GroupGradients, error: UnsupportedModelError) -> AccumulatedGradients:
    """For a model that turned out to have no other way, at the beginning of its first step."""
    warn(f"{error} A pass per group is taken here.")
    other = AccumulatedGradients(source.model)
    other.reset(source.stack.count, loss_scale=source.loss_scale)
    return other
