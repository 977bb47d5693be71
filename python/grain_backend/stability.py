"""Noise after a layer is to change little above it (LNSR, Hua et al. 2021); src/config/techniques/lnsr.ts has the formula."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .build import Stability
from .errors import ModelError
from .network import Network

# Apart from the seed, which decides dropout.
_STREAM = 0x4C4E5352


class NoiseStability:
    """Compares a forward pass with one that is disturbed. Raises ModelError where there are no layers above the noise."""

    def __init__(self, network: Network, settings: Stability) -> None:
        count = len(network.blocks)
        kind = network.model.config.model_type
        # Convolutions have a width in each stage.
        if network.encodes_separately or not isinstance(getattr(network.model.config, "hidden_size", None), int):
            raise ModelError(f"lnsr adds noise between layers of one stack and one width, which {kind} does not have")
        if settings.layer >= count:
            raise ModelError(f"lnsr.layer is {settings.layer}, but the network has {count} layers, and some have to be above it")
        self._blocks = network.blocks
        self._settings = settings

    def outputs(self, forward: Callable[[], Tensor], mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """The outputs of the pass that is not disturbed, and what noise changes in each example, by its weight.

        Args:
            forward: examples in, outputs out; its dropout is by PyTorch's own generators.
            mask: examples × tokens, 1 where a token is not padding; None: everywhere.
        """
        seed = torch.initial_seed()
        noise = torch.Generator().manual_seed(seed ^ _STREAM)
        with self._recorded(noise) as disturbed:
            torch.manual_seed(seed)
            forward()
        with self._recorded(None) as states:
            torch.manual_seed(seed)
            outputs = forward()
        squares = [(one.float() - other.float()).square().sum(-1) for one, other in zip(disturbed, states, strict=True)]
        changes = torch.stack(squares).sum(0)
        places = torch.ones_like(changes)
        if mask is not None:
            # Tokens of a trained prompt, which come first, have none.
            places = functional.pad(mask, (changes.shape[1] - mask.shape[1], 0), value=1)
        return outputs, self._settings.weight * (changes * places).sum(1) / places.sum(1)

    @contextmanager
    def _recorded(self, noise: torch.Generator | None) -> Iterator[list[Tensor]]:
        """Within it the hidden states above the layer are collected, each examples × tokens × width."""
        first, *above = self._blocks[self._settings.layer - 1 :]
        states: list[Tensor] = []

        def disturb(_module: nn.Module, _inputs: Any, output: Any) -> Any:
            hidden = _hidden(output)
            drawn = torch.randn(hidden.shape, generator=noise) * self._settings.noise
            hidden = hidden + drawn.to(hidden.device, hidden.dtype)
            return (hidden, *output[1:]) if isinstance(output, tuple) else hidden

        with ExitStack() as hooks:
            if noise is not None:
                hooks.enter_context(first.register_forward_hook(disturb))
            for block in above:
                hooks.enter_context(block.register_forward_hook(lambda _module, _inputs, output: states.append(_hidden(output))))
            yield states


def _hidden(output: Any) -> Tensor:
    """Some layers give their attention too."""
    hidden: Tensor = output[0] if isinstance(output, tuple) else output
    return hidden
