"""The processes of one run, and what they exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.distributed as dist

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor

    from grain_torch.engine.types import Array

# Its name until PyTorch 2.12.
_all_gather: Any = getattr(dist, "all_gather_single", None) or getattr(dist, "all_gather_into_tensor", None)


class Ranks:
    """A process group: collectives of PyTorch's on numbers and tensors.

    Attributes:
        rank: of this process in the group, from 0.
        size: number of processes.
        sent: bytes that this process has sent, where collectives go round a ring as NCCL's do: (n−1)/n of its buffer in
            all-to-all, n−1 times its part in all-gather, 2(n−1)/n of its buffer in all-reduce, its buffer in broadcast.
    """

    def __init__(self, group: Any, device: torch.device) -> None:
        """`group`: of `torch.distributed`; None: all processes. `device`: of the model."""
        self._group = group
        self.rank = dist.get_rank(group)
        self.size = dist.get_world_size(group)
        self._first = 0 if group is None else dist.get_global_rank(group, 0)
        # Gloo takes tensors in host memory, NCCL those of its GPU alone.
        self._device = torch.device("cpu") if dist.get_backend(group) == "gloo" else device
        self.sent = 0

    @staticmethod
    def of(group: Any, device: torch.device) -> Ranks | None:
        """Those of a group; None if this process is the only one."""
        return Ranks(group, device) if _are_several(group) else None

    def share(self, groups: int) -> range:
        """Which of so many groups are this process's, if each has as many as the others.

        Raises:
            ValueError: if they cannot be shared out evenly.
        """
        if groups % self.size:
            raise ValueError(
                f"{groups} groups cannot be shared out among {self.size} processes. Expected a multiple of {self.size}."
            )
        own = groups // self.size
        return range(self.rank * own, (self.rank + 1) * own)

    def gather(self, array: Array) -> Array:
        """The arrays of all processes, one row each."""
        mine = self._tensor(array)
        return self.all_gather(mine).reshape(self.size, len(mine)).cpu().numpy()

    def sum(self, array: Array) -> Array:
        """Σ over the processes, in float64; the same bits in all of them."""
        tensor = self._tensor(array)
        dist.all_reduce(tensor, group=self._group)
        self.sent += 2 * tensor.nbytes * (self.size - 1) // self.size
        return tensor.cpu().numpy().reshape(array.shape)

    def first(self, array: Array) -> Array:
        """That of process 0."""
        tensor = self._tensor(array)
        self._broadcast(tensor)
        return tensor.cpu().numpy().reshape(array.shape)

    def all_to_all(self, parts: Tensor, *, sent: Sequence[int], received: Sequence[int]) -> Tensor:
        """Sends each process its part of a flat tensor; returns what the others sent, in order of their ranks."""
        answer = parts.new_empty(sum(received))
        dist.all_to_all_single(answer, parts, list(received), list(sent), group=self._group)
        self.sent += (parts.numel() - sent[self.rank]) * parts.element_size()
        return answer

    def all_gather(self, part: Tensor) -> Tensor:
        """The parts of all processes, one after another."""
        whole = part.new_empty(self.size * part.numel())
        _all_gather(whole, part.contiguous(), group=self._group)
        self.sent += part.nbytes * (self.size - 1)
        return whole

    def begin_alike(self, parameters: Iterable[Tensor], others: Iterable[Tensor]) -> None:
        """Gives all processes the parameters and buffers of process 0.

        Raises:
            ValueError: if they do not train the same parameters.
        """
        trained = list(parameters)
        shapes = self.gather(np.array([len(trained), sum(one.numel() for one in trained)], dtype=np.float64))
        if not (shapes == shapes[0]).all():
            counts = ", ".join(f"{int(numbers)} in {int(tensors)} tensors" for tensors, numbers in shapes)
            raise ValueError(f"the processes train {counts} parameters. Expected the same model in all of them.")
        with torch.no_grad():
            for tensor in [*trained, *others]:
                self._broadcast(tensor.detach())

    def _broadcast(self, tensor: Tensor) -> None:
        sent = tensor.contiguous()
        dist.broadcast(sent, self._first, group=self._group)
        if sent is not tensor:
            tensor.copy_(sent)
        self.sent += tensor.nbytes

    def _tensor(self, array: Array) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(array, dtype=np.float64).reshape(-1), device=self._device).clone()


def is_first_process() -> bool:
    """Whether this is the process that writes what all have in common; so is a process without others."""
    return not _are_several(None) or dist.get_rank() == 0


def agreed(answer: bool) -> bool:
    """The answer of the first process, which all then act on; to be called in all of them."""
    if not _are_several(None):
        return answer
    told = torch.tensor(int(answer), device="cpu" if dist.get_backend() == "gloo" else "cuda")
    dist.broadcast(told, 0)
    return bool(told)


def _are_several(group: Any) -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size(group) > 1
