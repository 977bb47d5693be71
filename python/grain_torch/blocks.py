"""Parameter blocks that get their own weights with `grain-layerwise`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

# In few dimensions the hull of k gradients is likely to contain 0, and the block would not move.
_MIN_PARAMETERS = 1024


@dataclass(frozen=True)
class Block:
    """Names of its layers, joined by "+", and their parameters."""

    name: str
    parameters: list[Tensor]


def parameter_blocks(parameters: Mapping[str, Tensor]) -> list[Block]:
    """One block per layer, its kernel with its bias.

    Smaller layers are bundled with those after them until a block has 1,024 parameters; a remainder joins the last block.
    """
    layers: dict[str, list[Tensor]] = {}
    for name, parameter in parameters.items():
        layers.setdefault(name.rpartition(".")[0], []).append(parameter)
    bundles: list[list[str]] = []
    open_: list[str] = []
    for layer in layers:
        open_.append(layer)
        if sum(parameter.numel() for name in open_ for parameter in layers[name]) >= _MIN_PARAMETERS:
            bundles.append(open_)
            open_ = []
    if bundles:
        bundles[-1] += open_
    else:
        bundles.append(open_)
    return [Block("+".join(bundle), [p for name in bundle for p in layers[name]]) for bundle in bundles]
