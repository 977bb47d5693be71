"""The optimizers of src/training/optimizers, in PyTorch: the same formulas, and the metric that AdamW's step defines."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from .build import Optimizer as Settings


class Optimizer(ABC):
    """Updates parameters in place, one after another: between `begin` and the next, each once."""

    def __init__(self, settings: Settings, parameters: list[nn.Parameter]) -> None:
        self.settings = settings
        self.parameters = parameters
        self.steps = 0

    def begin(self) -> None:
        """Begins a step."""
        self.steps += 1

    @abstractmethod
    def step(self, index: int, gradient: Tensor, rate: float) -> None:
        """Moves a parameter against its gradient."""

    @abstractmethod
    def slots(self) -> dict[str, list[Tensor]]:
        """The state, by kind: one tensor for each parameter."""

    def discard(self) -> None:  # noqa: B027 - only a prepared step has anything to discard
        """Cancels a prepared step."""

    def _zeros(self) -> list[Tensor]:
        return [torch.zeros_like(parameter.data) for parameter in self.parameters]


class AdamW(Optimizer):
    """
    m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← θ − ηλθ − η·m/(1−β₁ᵗ)/(√(v/(1−β₂ᵗ)) + ε).

    A prepared step has Σ sᵢgᵢ² over the groups, with shares sᵢ of sum 1, instead of g² in v.
    """

    def __init__(self, settings: Settings, parameters: list[nn.Parameter]) -> None:
        super().__init__(settings, parameters)
        self._first = self._zeros()
        self._second = self._zeros()
        self._prepared: list[Tensor] = []

    def prepare(self, squares: Iterable[Tensor]) -> list[Tensor]:
        """P^½ of the next step, which multiplies its gradient by P = 1/(√v̂ + ε), but for the momentum.

        Args:
            squares: Σ sᵢgᵢ² of each parameter.
        """
        beta = self.settings.beta2
        pairs = zip(self._second, squares, strict=True)
        self._prepared = [second * beta + square * (1 - beta) for second, square in pairs]
        return [self._scale(second, self.steps + 1).rsqrt() for second in self._prepared]

    def discard(self) -> None:
        self._prepared = []

    def step(self, index: int, gradient: Tensor, rate: float) -> None:
        s = self.settings
        first, second, parameter = self._first[index], self._second[index], self.parameters[index].data
        first.mul_(s.beta1).add_(gradient, alpha=1 - s.beta1)
        if self._prepared:
            second.copy_(self._prepared[index])
        else:
            second.mul_(s.beta2).addcmul_(gradient, gradient, value=1 - s.beta2)
        change = first * (rate / (1 - s.beta1**self.steps)) / self._scale(second, self.steps)
        parameter.mul_(1 - rate * s.weight_decay).sub_(change)

    def _scale(self, second: Tensor, step: int) -> Tensor:
        return (second / (1 - self.settings.beta2**step)).sqrt_().add_(self.settings.epsilon)

    def slots(self) -> dict[str, list[Tensor]]:
        return {"first": self._first, "second": self._second}


class Sgd(Optimizer):
    """v ← μv + g + λθ, θ ← θ − ηv."""

    def __init__(self, settings: Settings, parameters: list[nn.Parameter]) -> None:
        super().__init__(settings, parameters)
        self._velocity = self._zeros() if settings.momentum > 0 else []

    def step(self, index: int, gradient: Tensor, rate: float) -> None:
        s, parameter = self.settings, self.parameters[index].data
        direction = gradient + parameter * s.weight_decay if s.weight_decay > 0 else gradient
        if self._velocity:
            direction = self._velocity[index].mul_(s.momentum).add_(direction)
        parameter.sub_(direction * rate)

    def slots(self) -> dict[str, list[Tensor]]:
        return {"velocity": self._velocity} if self._velocity else {}


def build_optimizer(settings: Settings, parameters: list[nn.Parameter]) -> Optimizer:
    return AdamW(settings, parameters) if settings.name == "adamw" else Sgd(settings, parameters)


def shares_of(sizes: list[int], finite: list[bool]) -> list[float]:
    """Each group's part of the examples; groups that are not finite have none, unless no group is finite."""
    used = finite if any(finite) else [True] * len(finite)
    total = math.fsum(size for size, counts in zip(sizes, used, strict=True) if counts)
    return [size / total if counts else 0.0 for size, counts in zip(sizes, used, strict=True)]
