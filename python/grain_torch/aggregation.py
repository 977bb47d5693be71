"""A step's gradients: from the batch's examples to `.grad`."""

from __future__ import annotations

import math
import time
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from grain_torch.batches import rows_of
from grain_torch.blocks import Block, parameter_blocks
from grain_torch.distributed import Ranks, Shards
from grain_torch.engine import Aggregation, aggregate, aggregate_blocks, aggregator_named, certify_weights
from grain_torch.gradients import AccumulatedGradients, GroupGradients, StreamedGradients, UnsupportedModelError
from grain_torch.gradients.coverage import refuse_wrappers, without_ddp
from grain_torch.groups import StepGroups
from grain_torch.metric import PreconditionedMetric, squared_norm
from grain_torch.step import Arrival, BlockFacts, Step, Update
from grain_torch.warn import warn

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

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
        process_group: Any = None,
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
        # Within it, DistributedDataParallel leaves gradients alone.
        self._unsynchronized = model.no_sync if isinstance(model, DistributedDataParallel) else nullcontext
        model = without_ddp(model)
        self._source = _source_of(model, method, by_arrival=self.aggregator.by_arrival)
        self._may_change = method == "auto"
        self._blocks = parameter_blocks(dict(self._source.parameters)) if self.aggregator.by_layer else []
        self._measures_update = measure_update and not self.aggregator.by_layer and not self.aggregator.by_arrival
        device = next(iter(self._source.parameters.values())).device
        self.ranks = Ranks.of(process_group, device)
        self._shards: Shards | None = None
        if self.ranks is not None:
            if self.aggregator.by_layer or self.aggregator.by_arrival:
                raise ValueError(f"{aggregator} does not work in several processes. Expected grain, or one process.")
            frozen = (one for one in model.parameters() if not one.requires_grad)
            self.ranks.begin_alike(self._source.parameters.values(), [*frozen, *model.buffers()])
            self._shards = Shards(self._source.parameters.values(), self.ranks)
        self._own = range(0)
        self._count = 0
        self._groups: StepGroups | None = None
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
        return float(self._source.loss_sums.sum()), float(self._source.counts.sum())

    def begin(self, count: int, *, own: range | None = None, loss_scale: float = 1.0) -> None:
        """Begins a step.

        Args:
            count: number of groups.
            own: those of this process, which ids then count from the first of; by default all.
            loss_scale: a GradScaler's.
        """
        self._own = range(count) if own is None else own
        self._count = count
        self._source.reset(len(self._own), loss_scale=loss_scale)
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
        with self._unsynchronized():
            self._passes(closure, batch, ids, is_last=is_last)
        self._seconds[0] += time.perf_counter() - began - (self._seconds[1] - before)

    def _passes(self, closure: Callable[[Any], Any], batch: Any, ids: Tensor, *, is_last: bool) -> None:
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
                self._passes(closure, batch, ids, is_last=is_last)
                return
            self._may_change = False
        else:
            for group in sorted(set(ids.tolist())):
                part = rows_of(batch, torch.nonzero(ids == group).flatten(), len(ids))
                source.backward(partial(closure, part), group)

    def finish(self) -> Step:
        """Weighs the groups and puts Σ wᵢgᵢ, times the loss scale, into `.grad`."""
        began = time.perf_counter()
        source = self._source
        shards = self._shards
        groups = StepGroups.of(source) if shards is None else shards.exchange(source, self._own, self._count)
        self._groups = groups
        if isinstance(source, StreamedGradients):
            step = self._streamed(groups, source)
        elif self._blocks:
            step = self._by_layer(groups)
        else:
            step = self._by_gram(groups)
        self._mark_overflow(step)
        self._seconds[1] += time.perf_counter() - began
        self._update_began = time.perf_counter()
        return step

    def facts(self, step: Step) -> Step:
        """The step with what the optimizer did, which has taken its step by now."""
        update = None
        groups = self._groups
        if self._before and groups is not None:
            sums = np.zeros(1 + len(step.groups))
            for part, before in self._before.items():
                delta = before - groups.part(part, Tensor.detach)
                sums[0] += squared_norm(delta)
                sums[1:] += groups.stack.inner(part, delta)[step.groups]
            norm2, *inner = groups.total(sums)
            update = Update(float(norm2), np.array(inner), self._rounding)
            self._before = {}
        self._seconds[2] = time.perf_counter() - self._update_began
        a, b, c = self._seconds
        return Step(**{**step.__dict__, "update": update, "seconds": (a, b, c)})

    def free(self) -> None:
        """Frees the groups' gradients."""
        self._source.reset(0)
        self._groups = None

    def _by_gram(self, groups: StepGroups) -> Step:
        present = groups.present
        root = None
        if self._metric is not None:
            shares = np.zeros(len(groups.counts))
            is_finite = groups.are_finite()
            finite = [i for i in present if is_finite[i]]
            shares[finite] = groups.counts[finite] / groups.counts[finite].sum()
            self._metric.prepare(groups.whole(lambda part: groups.stack.mean_square(part, shares)))
            root = self._metric.root
        gram = groups.gram(root)[np.ix_(present, present)]
        start = [present.index(i) for i in self._starts.get("", []) if i in present]
        answer = aggregate(gram, self.aggregator, sizes=groups.counts[present].tolist(), start=start)
        if self.ranks is not None:
            # Bit for bit, also where processors differ.
            answer = certify_weights(gram, groups.agreed(answer.weights))
        self._starts[""] = [present[i] for i in answer.support]
        weights = np.zeros(len(groups.counts))
        weights[present] = answer.weights * self._loss_scale
        for parameter, gradient in groups.whole(lambda part: groups.stack.combined(part, weights)):
            parameter.grad = gradient
        if self._measures_update:
            self._before = {part: groups.part(part, Tensor.detach).clone() for part in groups.stack}
            norm2 = np.array([sum(squared_norm(groups.part(part, self._in_metric)) for part in groups.stack)])
            self._rounding = 2.0**-24 * math.sqrt(float(groups.total(norm2)[0]))
        return self._step(groups, present, answer, gram=gram)

    def _in_metric(self, parameter: Tensor) -> Tensor:
        """P^−½θ of a parameter."""
        value = parameter.detach()
        return value if self._metric is None else value / self._metric.root(parameter)

    def _by_layer(self, groups: StepGroups) -> Step:
        present = groups.present
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
        return self._step(groups, present, whole, gram=gram, blocks=facts)

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

    def _streamed(self, groups: StepGroups, source: StreamedGradients) -> Step:
        source.combine(None)
        if self._loss_scale != 1:
            for parameter in source.parameters.values():
                if parameter.grad is not None:
                    parameter.grad.mul_(self._loss_scale)
        norm2 = source.arrivals[-1][3]
        nan = float("nan")
        answer = Aggregation(source.weights[source.order], norm2, nan, nan, [], [])
        return self._step(groups, source.order, answer, streaming=[Arrival(*one) for one in source.arrivals])

    def _step(
        self,
        groups: StepGroups,
        present: list[int],
        answer: Aggregation,
        *,
        gram: Array | None = None,
        blocks: list[BlockFacts] | None = None,
        streaming: list[Arrival] | None = None,
    ) -> Step:
        return Step(
            loss=groups.loss,
            losses=groups.losses[present],
            groups=list(present),
            sizes=groups.sizes[present],
            counts=groups.counts[present],
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
    refuse_wrappers(model)
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
