"""An average of the parameters over the steps; src/training/update/parameterAverage.ts is the same in TypeScript."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn


class ParameterAverage:
    """Holds the average, beside the parameters that are trained."""

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        self._parameters = parameters
        self._values = [parameter.data.clone() for parameter in parameters]

    def add(self, share: float) -> None:
        """Moves the average by this share towards the parameters."""
        if share == 0:
            return
        for value, parameter in zip(self._values, self._parameters, strict=True):
            value.lerp_(parameter.data, share)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Within it the network has the average."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def _exchange(self) -> None:
        for index, parameter in enumerate(self._parameters):
            self._values[index], parameter.data = parameter.data, self._values[index]

    def trained(self) -> list[Tensor]:
        """What is trained: a checkpoint has it beside the network, which has the average there."""
        return [parameter.data for parameter in self._parameters]

    def restore(self, trained: list[Tensor]) -> None:
        """Of a network that was loaded from a checkpoint."""
        self._values = [parameter.data.clone() for parameter in self._parameters]
        for parameter, value in zip(self._parameters, trained, strict=True):
            parameter.data.copy_(value)
