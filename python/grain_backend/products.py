"""Inner products of gradients, summed in float64 where the device has it."""

import torch
from torch import Tensor

# Columns that are converted at a time.
_CHUNK = 2**20


def wide(device: torch.device) -> torch.dtype:
    """Apple's GPUs have no float64."""
    return torch.float32 if device.type == "mps" else torch.float64


def gram_of(stack: Tensor) -> Tensor:
    """GGᵀ of k stacked gradients: k × k."""
    rows = stack.flatten(1)
    total = torch.zeros(len(rows), len(rows), dtype=wide(rows.device), device=rows.device)
    for part in rows.split(_CHUNK, 1):
        wider = part.to(total.dtype)
        total += wider @ wider.T
    return total


def inner_products(stack: Tensor, vector: Tensor) -> Tensor:
    """⟨gᵢ, v⟩ for each of k stacked gradients, then ‖v‖²: k + 1 numbers."""
    rows, flat = stack.flatten(1), vector.flatten()
    total = torch.zeros(len(rows) + 1, dtype=wide(rows.device), device=rows.device)
    for part, piece in zip(rows.split(_CHUNK, 1), flat.split(_CHUNK), strict=True):
        wider = piece.to(total.dtype)
        total[:-1] += part.to(total.dtype) @ wider
        total[-1] += wider @ wider
    return total


def norm2(vector: Tensor) -> Tensor:
    """‖v‖²."""
    flat = vector.flatten()
    return sum((part.to(wide(flat.device)).square().sum() for part in flat.split(_CHUNK)), torch.zeros(()))


def combined(stack: Tensor, weights: list[float]) -> Tensor:
    """((w₀g₀ + w₁g₁) + …) in float32, terms in order; a weight of 0 leaves its group out, even one that is not finite."""
    total = torch.zeros_like(stack[0])
    first = True
    for gradient, weight in zip(stack, weights, strict=True):
        if weight == 0:
            continue
        total = gradient * weight if first else total.add_(gradient * weight)
        first = False
    return total
