"""Gradients of all groups, each process with its slices of all parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from grain_torch.gradients.stack import GradientStack
from grain_torch.groups import StepGroups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torch import Tensor

    from grain_torch.distributed.ranks import Ranks
    from grain_torch.engine.types import Array
    from grain_torch.gradients import GradientSource

# Parameters are exchanged in buckets of at most this many bytes per group, as DistributedDataParallel reduces them.
_BUCKET_BYTES = 25 * 2**20


@dataclass(frozen=True)
class _Piece:
    """Entries `start` to `stop` of a flat parameter, from `at` on in their bucket."""

    parameter: Tensor
    start: int
    stop: int
    at: int


@dataclass(frozen=True)
class _Bucket:
    """Consecutive pieces of one dtype and device; `part` stands in the stack for the slice of this process."""

    pieces: list[_Piece]
    part: Tensor


class Shards:
    """How the parameters of a model are divided among processes, and the exchange of a step's gradients.

    Each process sends each other one the slices that are its own of its groups' gradients. With as many groups as processes
    that is (n−1)/n of a gradient, and with the all-gather of the aggregated one as much as a ring all-reduce sends.
    """

    def __init__(self, parameters: Iterable[Tensor], ranks: Ranks, *, bucket_bytes: int = _BUCKET_BYTES) -> None:
        self._parameters = list(parameters)
        self._ranks = ranks
        self._buckets = list(_buckets_of(self._parameters, ranks.size, bucket_bytes))
        self._bucket_of = {bucket.part: bucket for bucket in self._buckets}

    @torch.no_grad()
    def exchange(self, source: GradientSource, own: range, count: int) -> ShardedGroups:
        """Moves the gradients out of a source, to where they are computed with.

        A group may have examples in several processes: its gradient is that of the mean over all of them.

        Args:
            source: its groups are those of this process.
            own: which groups of the step they are.
            count: number of groups of the step.
        """
        stack, ranks = source.stack, self._ranks
        mine = np.zeros((4, count))
        mine[:, own.start : own.stop] = source.sizes, source.counts, source.loss_sums, stack.scale
        held = set(stack)
        has = [float(parameter in held) for parameter in self._parameters]
        facts = ranks.gather(np.concatenate([mine.reshape(-1), has]))
        sizes, counts, loss_sums, scales = facts[:, : 4 * count].reshape(ranks.size, 4, count).transpose(1, 0, 2)
        total = counts.sum(0)
        rows = [(rank, group) for rank in range(ranks.size) for group in np.flatnonzero(counts[rank])]
        factors = np.array([scales[rank, group] * counts[rank, group] / total[group] for rank, group in rows])
        groups = np.array([group for _, group in rows])
        merged = GradientStack(count)
        # Gradients stay as they came where a group is in one process alone.
        merged.scale = np.zeros(count)
        merged.scale[groups[::-1]] = factors[::-1]
        ratios = factors / merged.scale[groups]
        present = [group - own.start for group in np.flatnonzero(counts[ranks.rank])]
        received = [int(np.count_nonzero(of_rank)) for of_rank in counts]
        for bucket, parts in zip(self._buckets, self._sent(stack, present), strict=True):
            length = bucket.part.numel()
            arrived = ranks.all_to_all(
                parts,
                sent=[len(present) * length] * ranks.size,
                received=[one * length for one in received],
            )
            merged.add(bucket.part, _by_group(arrived.reshape(len(rows), length), groups, ratios, count))
        trained = {parameter for parameter, of_all in zip(self._parameters, facts[:, 4 * count :].T, strict=True) if of_all.any()}
        return ShardedGroups(self, sizes.sum(0), total, loss_sums.sum(0), merged, trained)

    def part(self, part: Tensor, of: Callable[[Tensor], Tensor]) -> Tensor:
        """The slice of this process, of a vector given by parameter."""
        length = part.numel()
        low = self._ranks.rank * length
        values = torch.zeros_like(part)
        for piece in self._bucket_of[part].pieces:
            begin, end = max(low, piece.at), min(low + length, piece.at + piece.stop - piece.start)
            if begin < end:
                offset = piece.start - piece.at
                values[begin - low : end - low] = of(piece.parameter).reshape(-1)[begin + offset : end + offset]
        return values

    def whole(self, of: Callable[[Tensor], Tensor | None]) -> Iterator[tuple[Tensor, Tensor]]:
        """Gathers a vector that is given by slice, parameter by parameter."""
        begun: list[Tensor] = []
        for bucket in self._buckets:
            slice_ = of(bucket.part)
            assert slice_ is not None
            values = self._ranks.all_gather(slice_)
            for piece in bucket.pieces:
                begun.append(values[piece.at : piece.at + piece.stop - piece.start])
                if piece.stop == piece.parameter.numel():
                    yield piece.parameter, (begun[0] if len(begun) == 1 else torch.cat(begun)).reshape(piece.parameter.shape)
                    begun = []

    def total(self, array: Array) -> Array:
        """Σ over the processes."""
        return self._ranks.sum(array)

    def first(self, array: Array) -> Array:
        """That of process 0."""
        return self._ranks.first(array)

    def _sent(self, stack: GradientStack, present: list[int]) -> Iterator[Tensor]:
        """For each bucket the slices for all processes, one after another; gradients leave the stack on the way."""
        rows: Tensor | None = None
        for bucket in self._buckets:
            length = bucket.part.numel()
            flat = bucket.part.new_zeros((len(present), self._ranks.size * length))
            for piece in bucket.pieces:
                if piece.start == 0:
                    rows = stack.take(piece.parameter)
                if rows is not None:
                    flat[:, piece.at : piece.at + piece.stop - piece.start] = rows[present, piece.start : piece.stop]
            yield flat.reshape(len(present), self._ranks.size, length).transpose(0, 1).reshape(-1)


class ShardedGroups(StepGroups):
    """The groups of one step, in slices that lie in several processes."""

    def __init__(
        self,
        shards: Shards,
        sizes: Array,
        counts: Array,
        loss_sums: Array,
        stack: GradientStack,
        trained: set[Tensor],
    ) -> None:
        """`trained`: parameters that have a gradient in some process."""
        super().__init__(sizes, counts, loss_sums, stack)
        self._shards = shards
        self._trained = trained

    def part(self, part: Tensor, of: Callable[[Tensor], Tensor]) -> Tensor:
        return self._shards.part(part, of)

    def whole(self, of: Callable[[Tensor], Tensor | None]) -> Iterator[tuple[Tensor, Tensor | None]]:
        for parameter, value in self._shards.whole(of):
            yield parameter, value if parameter in self._trained else None

    def total(self, array: Array) -> Array:
        return self._shards.total(array)

    def agreed(self, array: Array) -> Array:
        return self._shards.first(array)


def _buckets_of(parameters: list[Tensor], ranks: int, most_bytes: int) -> Iterator[_Bucket]:
    """Fills buckets with parameters in their order; a long one goes on in the next bucket."""
    pieces: list[_Piece] = []
    filled = 0
    for i, parameter in enumerate(parameters):
        room = max(1, most_bytes // parameter.element_size())
        start = 0
        while start < parameter.numel():
            stop = min(parameter.numel(), start + room - filled)
            pieces.append(_Piece(parameter, start, stop, filled))
            filled += stop - start
            start = stop
            after = parameters[i + 1] if i + 1 < len(parameters) else None
            ends = start == parameter.numel() and (
                after is None or after.dtype != parameter.dtype or after.device != parameter.device
            )
            if filled >= room or ends:
                # An expanded number: the part has a length, but needs no memory.
                yield _Bucket(pieces, torch.empty(1, dtype=parameter.dtype, device=parameter.device).expand(-(-filled // ranks)))
                pieces, filled = [], 0


def _by_group(rows: Tensor, groups: Array, ratios: Array, count: int) -> Tensor:
    """Adds up the rows of each group."""
    if groups.tolist() == list(range(count)):
        return rows
    merged = rows.new_zeros((count, rows.shape[1]))
    for row, group, ratio in zip(rows, groups.tolist(), ratios.tolist(), strict=True):
        merged[group].add_(row, alpha=ratio)
    return merged
