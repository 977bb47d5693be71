"""AdaLoRA (Zhang et al. 2023, arXiv:2303.10512), by peft: adapters whose ranks fall where they matter least.

Its regularization has no examples, so that it is part of no group's gradient: like weight decay it joins the aggregated one. What
peft takes for the gradient of a step is that sum, after clipping.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

# Of a parameter's importance: its mean over the steps, and how far it was from there.
KINDS = ("importance", "uncertainty")


@dataclass(frozen=True)
class RanksState:
    """What the next steps depend on, besides the parameters; a tensor for each trained parameter."""

    pattern: dict[str, list[bool]] | None
    slots: dict[str, list[Tensor]]


class Ranks:
    """The ranks of a model's adapters over the steps."""

    def __init__(self, model: Any, parameters: list[nn.Parameter]) -> None:
        self._tuner = model.base_model
        self._config = model.peft_config["default"]
        self._parameters = parameters
        names = {id(parameter): name for name, parameter in self._tuner.model.named_parameters()}
        self._names = [names[id(parameter)] for parameter in parameters]

    def regularize(self, direction: list[Tensor]) -> None:
        """Adds the gradient of γ · mean over the matrices of ‖PPᵀ − I‖, each P with its rows or columns of one rank."""
        chosen = [
            (at, p) for at, p in enumerate(self._parameters) if ".lora_A" in self._names[at] or ".lora_B" in self._names[at]
        ]
        with torch.enable_grad():
            losses = []
            for at, parameter in chosen:
                products = parameter @ parameter.T if ".lora_A" in self._names[at] else parameter.T @ parameter
                losses.append(torch.linalg.matrix_norm(products - torch.eye(len(products), device=products.device)))
            total = torch.stack(losses).mean() * self._config.orth_reg_weight
            gradients = torch.autograd.grad(total, [parameter for _, parameter in chosen])
        for (at, _), gradient in zip(chosen, gradients, strict=True):
            direction[at].add_(gradient)

    def allocate(self, direction: list[Tensor], step: int) -> None:
        """Sets the singular values that matter least to zero, after the optimizer's step, from 1, with this direction."""
        for parameter, gradient in zip(self._parameters, direction, strict=True):
            parameter.grad = gradient
        try:
            self._tuner.update_and_allocate(step)
        finally:
            for parameter in self._parameters:
                parameter.grad = None

    def state(self) -> RanksState:
        allocator = self._tuner.rankallocator
        kinds = zip(KINDS, (allocator.exp_avg_ipt, allocator.exp_avg_unc), strict=True)
        slots = {kind: [self._slot(found, at) for at in range(len(self._parameters))] for kind, found in kinds}
        return RanksState(self._config.rank_pattern, slots)

    def restore(self, state: RanksState) -> None:
        allocator = self._tuner.rankallocator
        allocator.reset_ipt()
        self._config.rank_pattern = state.pattern
        for at, name in enumerate(self._names):
            if "lora_" not in name:
                continue
            # peft begins anew with a parameter that it has none of.
            allocator.ipt[name] = torch.zeros_like(self._parameters[at])
            allocator.exp_avg_ipt[name], allocator.exp_avg_unc[name] = (
                state.slots[kind][at].to(self._parameters[at].device) for kind in KINDS
            )

    def _slot(self, found: dict[str, Tensor], at: int) -> Tensor:
        known = found.get(self._names[at])
        return torch.zeros_like(self._parameters[at].data) if known is None else known
