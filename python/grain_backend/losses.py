"""The loss that techniques make: src/nn/module/shapedLoss.ts is the same in TypeScript, and has the formula."""

import torch
from torch import Tensor
from torch.nn import functional

from .batches import AnyBatch
from .build import LossShape, Task


class ShapedLoss:
    """Loss of each row of outputs, and whether it counts in its group's mean."""

    def __init__(self, shape: LossShape, task: Task, device: torch.device) -> None:
        self._shape = shape
        self._task = task
        self._weights = None if shape.weights is None else torch.tensor(shape.weights, device=device)
        self._margins = None if shape.margins is None else torch.tensor(shape.margins, device=device)

    @property
    def counts_regions(self) -> bool:
        """Whether the loss of a row depends on how many rows of the whole batch are like it."""
        return self._shape.regions is not None

    def __call__(self, outputs: Tensor, batch: AnyBatch, regions: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Losses, and how much each row counts for; `regions` are those of the batch, where these are not all of its rows."""
        targets = torch.from_numpy(batch.targets).to(outputs.device)
        if self._task == "classification":
            losses = self._classified(outputs, targets.long(), regions)
        else:
            losses = (outputs[:, 0] - targets.float()).square()
        if self._shape.agreement is not None:
            losses = losses + self._shape.agreement / 4 * _disagreement(outputs)
        counts = self._counts(losses.detach(), batch)
        return (losses, counts) if self._shape.tilt == 0 else self._tilted(losses, counts, batch)

    def regions(self, outputs: Tensor, batch: AnyBatch) -> Tensor:
        """How many rows lie in each region of 1 - p of the target."""
        targets = torch.from_numpy(batch.targets).long().to(outputs.device)
        return self._regions(self._logs(outputs, targets), targets)

    def _logs(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The log-probabilities, from the outputs with margin and scale."""
        if self._margins is not None:
            outputs = outputs - self._margins[targets][:, None] * functional.one_hot(targets, outputs.shape[1])
        return (outputs * self._shape.scale).log_softmax(1)

    def _regions(self, logs: Tensor, targets: Tensor) -> Tensor:
        return torch.bincount(self._region(logs, targets), minlength=self._shape.regions or 1)

    def _region(self, logs: Tensor, targets: Tensor) -> Tensor:
        count = self._shape.regions or 1
        return (_rest(logs.detach(), targets) * count).long().clamp_max(count - 1)

    def _classified(self, outputs: Tensor, targets: Tensor, regions: Tensor | None) -> Tensor:
        shape = self._shape
        logs = self._logs(outputs, targets)
        own = logs.gather(1, targets[:, None])[:, 0]
        losses = -(1 - shape.smoothing) * own - shape.smoothing * logs.mean(1)
        if shape.focus > 0:
            # Its power has no derivative at 0.
            losses = losses * _rest(logs, targets).clamp_min(torch.finfo(logs.dtype).tiny) ** shape.focus
        if shape.regions is not None:
            counts = self._regions(logs, targets) if regions is None else regions
            losses = losses * (counts.sum() / (counts.count_nonzero() * counts[self._region(logs, targets)]))
        return losses if self._weights is None else losses * self._weights[targets]

    def _counts(self, losses: Tensor, batch: AnyBatch) -> Tensor:
        """1 for the rows of the examples with the highest losses of each group, 0 for the others."""
        counts = torch.ones_like(losses)
        if self._shape.kept == 1:
            return counts
        copies = 1 if self._shape.agreement is None else 2
        for start, end in zip(batch.bounds[:-1].tolist(), batch.bounds[1:].tolist(), strict=True):
            own = losses[start:end].reshape(-1, copies).mean(1)
            kept = _kept(self._shape.kept, len(own))
            easy = own.argsort(descending=True, stable=True)[kept:]
            counts[start:end].view(-1, copies)[easy] = 0
        return counts

    def _tilted(self, losses: Tensor, counts: Tensor, batch: AnyBatch) -> tuple[Tensor, Tensor]:
        """Rows count by the derivative of (1/t) log mean exp(t l); a constant makes the mean by these counts that value."""
        tilt, copies = self._shape.tilt, 1 if self._shape.agreement is None else 2
        shares, offsets = torch.zeros_like(counts), torch.zeros_like(counts)
        for start, end in zip(batch.bounds[:-1].tolist(), batch.bounds[1:].tolist(), strict=True):
            own = losses[start:end].detach().reshape(-1, copies).mean(1)
            kept = counts[start:end].view(-1, copies)[:, 0] > 0
            exponents = torch.where(kept, tilt * own, -torch.inf)
            share = exponents.softmax(0)
            total = exponents.logsumexp(0) - kept.sum().log()
            shares[start:end] = share.repeat_interleave(copies)
            offsets[start:end] = total / tilt - (share * own).sum()
        return losses + offsets, shares


def _rest(logs: Tensor, targets: Tensor) -> Tensor:
    """1 - p of the target, also where p is nearly 1."""
    return logs.exp().scatter(1, targets[:, None], 0).sum(1)


def _kept(share: float, examples: int) -> int:
    """The share of examples, rounded up."""
    return -int(-(share * examples - 1e-9) // 1)


def _disagreement(outputs: Tensor) -> Tensor:
    """KL(p||q) + KL(q||p) of each two rows that follow each other, for both of them."""
    logs = outputs.log_softmax(1).reshape(-1, 2, outputs.shape[1])
    p, q = logs[:, 0], logs[:, 1]
    return ((p.exp() - q.exp()) * (p - q)).sum(1).repeat_interleave(2)
