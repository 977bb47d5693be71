"""The loss that techniques make: src/nn/module/shapedLoss.ts is the same in TypeScript, and has the formula."""

import torch
from torch import Tensor
from torch.nn import functional

from .messages import AnyBatch, LossShape, Task


class ShapedLoss:
    """Loss of each row of outputs, and whether it counts in its group's mean."""

    def __init__(self, shape: LossShape, task: Task, device: torch.device) -> None:
        self._shape = shape
        self._task = task
        self._weights = None if shape.weights is None else torch.tensor(shape.weights, device=device)
        self._margins = None if shape.margins is None else torch.tensor(shape.margins, device=device)

    def __call__(self, outputs: Tensor, batch: AnyBatch) -> tuple[Tensor, Tensor]:
        targets = torch.from_numpy(batch.targets).to(outputs.device)
        if self._task == "classification":
            losses = self._classified(outputs, targets.long())
        else:
            losses = (outputs[:, 0] - targets.float()).square()
        if self._shape.agreement is not None:
            losses = losses + self._shape.agreement / 4 * _disagreement(outputs)
        return losses, self._counts(losses.detach(), batch)

    def _classified(self, outputs: Tensor, targets: Tensor) -> Tensor:
        shape = self._shape
        if self._margins is not None:
            outputs = outputs - self._margins[targets][:, None] * functional.one_hot(targets, outputs.shape[1])
        logs = (outputs * shape.scale).log_softmax(1)
        own = logs.gather(1, targets[:, None])[:, 0]
        losses = -(1 - shape.smoothing) * own - shape.smoothing * logs.mean(1)
        if shape.focus > 0:
            # 1 - p, also where p is nearly 1; its power has no derivative at 0.
            rest = logs.exp().scatter(1, targets[:, None], 0).sum(1).clamp_min(torch.finfo(logs.dtype).tiny)
            losses = losses * rest**shape.focus
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


def _kept(share: float, examples: int) -> int:
    """The share of examples, rounded up."""
    return -int(-(share * examples - 1e-9) // 1)


def _disagreement(outputs: Tensor) -> Tensor:
    """KL(p||q) + KL(q||p) of each two rows that follow each other, for both of them."""
    logs = outputs.log_softmax(1).reshape(-1, 2, outputs.shape[1])
    p, q = logs[:, 0], logs[:, 1]
    return ((p.exp() - q.exp()) * (p - q)).sum(1).repeat_interleave(2)
