"""Inner products in the metric of the optimizer's own step."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import Tensor

# Names under which PyTorch's optimizers keep a running mean of squared gradients, and the setting that is its decay.
_MOMENTS = {"exp_avg_sq": "betas", "square_avg": "alpha"}


class PreconditionedMetric:
    """P = 1/(√v̂ + ε), the diagonal that an optimizer multiplies d with in the very same step.

    The second moment v averages Σ sᵢgᵢ² over the groups, sᵢ their shares of the examples, instead of d², because it is needed
    before d is known. Optimizers with such a diagonal: Adam, AdamW, RMSprop, and others that keep `exp_avg_sq` or `square_avg`
    as these do.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer
        self._groups = {p: group for group in optimizer.param_groups for p in group["params"] if p.requires_grad}
        name = type(optimizer).__name__
        if name in ("NAdam", "RAdam"):
            raise ValueError(f"{name} does not scale d by 1/(√v̂ + ε) alone. Expected Adam, AdamW or RMSprop for the metric.")
        for group in optimizer.param_groups:
            if group.get("amsgrad") or group.get("centered"):
                raise ValueError("metric=preconditioned does not know amsgrad and centered. Expected neither.")
            is_decoupled = group.get("decoupled_weight_decay", name not in ("Adam", "RMSprop"))
            if group.get("weight_decay") and not is_decoupled:
                raise ValueError(f"{name} adds weight decay to d before it squares it. Expected AdamW, or no weight decay.")
        self._second: dict[Tensor, Tensor] = {}
        # Only then are gradients what the step takes: clipped, and without a loss scale.
        hook = optimizer.register_step_pre_hook(_installing(weakref.ref(self)))
        weakref.finalize(self, hook.remove)

    @torch.no_grad()
    def prepare(self, squares: Iterable[tuple[Tensor, Tensor | None]]) -> None:
        """Computes the second moments of the coming step. `squares`: Σ sᵢgᵢ² of each parameter that has a gradient."""
        # Those of a step that was skipped.
        self._second = {}
        self._initialise()
        for parameter, square in squares:
            moment, decay = self._moment(parameter)
            second = self._second[parameter] = moment.mul(decay)
            if square is not None:
                second.add_(square, alpha=1 - decay)

    def root(self, parameter: Tensor) -> Tensor:
        """P^½ of a parameter."""
        group = self._groups[parameter]
        second = self._second[parameter]
        if "betas" in group:
            steps = float(self._optimizer.state[parameter]["step"]) + 1
            second = second / (1 - group["betas"][1] ** steps)
        return second.sqrt().add_(group["eps"]).rsqrt_()

    @torch.no_grad()
    def install(self) -> None:
        """Lets the step that the optimizer begins end with the prepared moments: v·decay + (1−decay)·d² becomes them."""
        # What a GradScaler tells fused optimizers, which take the scale off themselves, or skip the step.
        scale = getattr(self._optimizer, "grad_scale", None)
        overflow = getattr(self._optimizer, "found_inf", None)
        prepared, self._second = self._second, {}
        if overflow is not None and bool(overflow):
            return
        for parameter, second in prepared.items():
            if parameter.grad is None:
                continue
            moment, decay = self._moment(parameter)
            gradient = parameter.grad if scale is None else parameter.grad / scale.to(parameter.device)
            moment.copy_(second.addcmul_(gradient, gradient, value=-(1 - decay)).div_(decay))

    def _moment(self, parameter: Tensor) -> tuple[Tensor, float]:
        state = self._optimizer.state[parameter]
        for name, setting in _MOMENTS.items():
            decay: Any = self._groups[parameter].get(setting)
            if name in state and decay is not None:
                return state[name], float(decay[1] if setting == "betas" else decay)
        raise ValueError(
            f"{type(self._optimizer).__name__} does not keep a diagonal second moment. "
            "Expected Adam, AdamW or RMSprop for metric=preconditioned."
        )

    def _initialise(self) -> None:
        """Lets the optimizer make its state, by a step of nothing."""
        new = {p for p in self._groups if not self._optimizer.state.get(p)}
        if not new:
            return
        settings = [(group, group["lr"]) for group in self._optimizer.param_groups]
        for group, rate in settings:
            group["lr"] = torch.zeros_like(rate) if isinstance(rate, torch.Tensor) else 0.0
        held = {parameter: parameter.grad for parameter in self._groups}
        for parameter in self._groups:
            parameter.grad = torch.zeros_like(parameter) if parameter in new else None
        self._optimizer.step()
        for parameter, gradient in held.items():
            parameter.grad = gradient
        for group, rate in settings:
            group["lr"] = rate
        for parameter in new:
            step = self._optimizer.state[parameter].get("step")
            if isinstance(step, torch.Tensor):
                step.zero_()
            elif step is not None:
                self._optimizer.state[parameter]["step"] = 0


def _installing(metric: weakref.ref[PreconditionedMetric]) -> Callable[..., None]:
    def install(*_: Any) -> None:
        if (found := metric()) is not None:
            found.install()

    return install


def squared_norm(vector: Tensor) -> float:
    """‖v‖², summed in float64 where the device has it."""
    kind = torch.float32 if vector.device.type == "mps" else torch.float64
    return float(torch.linalg.vector_norm(vector, dtype=kind)) ** 2
