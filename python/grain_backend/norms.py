"""Lengths of vectors."""

import torch
from torch import Tensor


def norm2_of(vector: Tensor) -> float:
    """‖v‖², in float64 where the device has it."""
    wide = torch.float32 if vector.device.type == "mps" else torch.float64
    return float(torch.linalg.vector_norm(vector, dtype=wide)) ** 2
