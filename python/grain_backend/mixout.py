"""Gradients at weights of which some are as before training; src/training/update/mixout.ts has the formula."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from .network import Network


class Mixout:
    """Mixes the weights of the pretrained linear layers below the head with their values now."""

    def __init__(self, network: Network, probability: float) -> None:
        self._probability = probability
        self._weights = [(weight, inputs, weight.data.clone()) for weight, inputs in _linear_weights(network)]

    @contextmanager
    def mixed(self, seed: int) -> Iterator[dict[Tensor, Tensor]]:
        """Within it the weights are u + r * (p - u); gives the r of each, by which gradients are multiplied."""
        random = torch.Generator().manual_seed(seed)
        before = [weight.data for weight, _, _ in self._weights]
        factors: dict[Tensor, Tensor] = {}
        for weight, inputs, start in self._weights:
            kept = torch.rand(weight.shape[inputs], generator=random) >= self._probability
            factor = kept.to(weight.device, weight.dtype) / (1 - self._probability)
            factors[weight] = factor[:, None] if inputs == 0 else factor[None, :]
            weight.data = start + factors[weight] * (weight.data - start)
        try:
            yield factors
        finally:
            for (weight, _, _), value in zip(self._weights, before, strict=True):
                weight.data = value


def _linear_weights(network: Network) -> Iterator[tuple[nn.Parameter, int]]:
    """Those that are trained, and the axis of their inputs."""
    fresh = {id(item.parameter) for item in network.fresh}
    output = network.model.get_output_embeddings()
    mixable = {
        id(parameter)
        for name, parameter in network.trained.items()
        if id(parameter) not in fresh and not network.is_head(name) and (output is None or parameter is not output.weight)
    }
    for module in network.model.modules():
        if isinstance(module, nn.Linear | Conv1D) and id(module.weight) in mixable:
            weight = module.weight
            assert isinstance(weight, nn.Parameter)
            yield weight, 0 if isinstance(module, Conv1D) else 1
