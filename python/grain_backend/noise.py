"""A little noise on pretrained weights (NoisyTune, Wu et al. 2022); src/nn/parameters/noise.ts has the formula."""

import torch

from .network import Network


@torch.no_grad()
def add_noise(network: Network, size: float, seed: int) -> None:
    """Adds size * std(p) * u to each pretrained tensor that is trained, u uniform between -1/2 and 1/2."""
    fresh = {id(item.parameter) for item in network.fresh}
    random = torch.Generator().manual_seed(seed)
    for parameter in network.trained.values():
        if id(parameter) in fresh or parameter.numel() < 2:
            continue
        uniform = torch.rand(parameter.shape, generator=random) - 0.5
        parameter.add_(uniform.to(parameter.device), alpha=size * float(parameter.std()))
