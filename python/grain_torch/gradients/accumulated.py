"""One pass per group: for models without a rule, and for gradients that are not to be in memory together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from grain_torch.gradients.source import GradientSource, losses_and_counts

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from grain_torch.engine.types import Array


class AccumulatedGradients(GradientSource):
    """Groups' gradients by autograd, a forward and a backward pass for each group's own examples.

    Nothing is required of the model: a group is a batch of its own. Passes cost what gradient accumulation costs.
    """

    def backward(self, forward: Callable[[], Tensor | tuple[Tensor, Tensor]], group: int) -> None:
        """Runs a forward and a backward pass of some examples of one group, and adds their gradient to it."""
        for parameter, gradient in self._gradients(forward, group).items():
            self.stack.add_to(group, parameter, gradient)

    def _gradients(self, forward: Callable[[], Tensor | tuple[Tensor, Tensor]], group: int) -> dict[Tensor, Tensor]:
        """Gradients of Σ losses, times the unit and the loss scale."""
        losses, counts = losses_and_counts(forward(), None)
        self._count(losses, counts, torch.full((len(losses),), group))
        for parameter in self.parameters.values():
            parameter.grad = None
        (losses * counts * (self._unit * self.loss_scale)).sum().backward()  # type: ignore[no-untyped-call]
        found: dict[Tensor, Tensor] = {}
        for parameter in self.parameters.values():
            if parameter.grad is not None:
                found[parameter] = parameter.grad.to_dense() if parameter.grad.is_sparse else parameter.grad
                parameter.grad = None
        return found


class StreamedGradients(AccumulatedGradients):
    """Two vectors of memory, however many groups: d ← (1−t)d + tg for the t in [0, 1] that makes d shortest.

    Source: the two-point case of Sener & Koltun 2018 (arXiv:1810.04650), gradient by gradient. When a gradient arrives, d does
    not conflict with it; later ones may make d conflict with it, and d depends on their order.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        self._direction: dict[Tensor, Tensor] = {}
        self._weights: list[float] = []
        # An entry per group: ⟨d, gᵢ⟩ before, ‖gᵢ‖², weights so far, ‖d‖² after.
        self.arrivals: list[tuple[float, float, list[float], float]] = []
        self.order: list[int] = []

    def reset(self, count: int, *, loss_scale: float = 1.0) -> None:
        super().reset(count, loss_scale=loss_scale)
        self._direction = {}
        self._weights = []
        self.arrivals = []
        self.order = []

    @property
    def weights(self) -> Array:
        """Weights of all groups in d."""
        weights = np.zeros(self.stack.count)
        weights[self.order] = self._weights
        return weights

    def backward(self, forward: Callable[[], Tensor | tuple[Tensor, Tensor]], group: int) -> None:
        """Runs the passes of one whole group, and adds its gradient to d."""
        if group in self.order:
            raise ValueError(f"group {group} has arrived already. Expected each group's examples in one pass.")
        gradients = self._gradients(forward, group)
        scale = float(self.stack.scale[group])
        with torch.no_grad():
            for gradient in gradients.values():
                gradient.mul_(scale)
            self._arrive(gradients, group)

    def combine(self, weights: object) -> None:
        """Puts d into `.grad`; its weights are fixed by then."""
        del weights
        for parameter in self.parameters.values():
            parameter.grad = self._direction.get(parameter)

    def _arrive(self, gradients: dict[Tensor, Tensor], group: int) -> None:
        d = self._direction
        dd = sum(_inner(one, one) for one in d.values())
        gg = sum(_inner(one, one) for one in gradients.values())
        dg = sum(_inner(d[parameter], one) for parameter, one in gradients.items() if parameter in d)
        t = 1.0 if not self.order else _nearest(dd, dg, gg)
        for parameter in self.parameters.values():
            one = gradients.get(parameter)
            if parameter not in d:
                if one is not None:
                    d[parameter] = one.mul_(t)
            elif one is None:
                d[parameter].mul_(1 - t)
            else:
                d[parameter].lerp_(one, t)
        self._weights = [*(weight * (1 - t) for weight in self._weights), t]
        self.order.append(group)
        after = max(0.0, (1 - t) ** 2 * dd + 2 * t * (1 - t) * dg + t * t * gg)
        self.arrivals.append((dg, gg, list(self._weights), after))


def _inner(a: Tensor, b: Tensor) -> float:
    return float(torch.dot(a.flatten().double(), b.flatten().double()))


def _nearest(dd: float, dg: float, gg: float) -> float:
    """argmin over t ∈ [0, 1] of ‖(1−t)d + tg‖²."""
    towards, away = dd - dg, gg - dg
    if not towards > 0:
        return 0.0
    if away <= 0:
        return 1.0
    return towards / (towards + away)
