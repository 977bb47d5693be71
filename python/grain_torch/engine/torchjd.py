"""Weightings of TorchJD (Quinton & Rey 2024, arXiv:2406.16232), where it is installed."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from grain_torch.engine.aggregators import Aggregator

if TYPE_CHECKING:
    from grain_torch.engine.types import Array

# Aggregators that a Gram matrix decides, and TorchJD's class for the weights with its arguments.
TORCHJD: dict[str, tuple[str, dict[str, float]]] = {
    "mgda": ("MGDAWeighting", {}),
    "pcgrad": ("PCGradWeighting", {}),
    "gradvac": ("GradVacWeighting", {}),
    "cagrad": ("CAGradWeighting", {"c": 0.5}),
    "aligned-mtl": ("AlignedMTLWeighting", {}),
    "imtl-g": ("IMTLGWeighting", {}),
    "dualproj": ("DualProjWeighting", {}),
}


def torchjd_aggregator(name: str) -> Aggregator:
    """TorchJD's weighting as an aggregator. Sizes of groups do not count.

    Raises:
        ModuleNotFoundError: if TorchJD is not installed.
    """
    class_name, arguments = TORCHJD[name]
    try:
        weightings: Any = importlib.import_module("torchjd.aggregation")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f'aggregator "{name}" needs TorchJD. Install it: pip install "grain-torch[torchjd]".', name=error.name
        ) from error
    weighting = getattr(weightings, class_name)(**arguments)

    def weigh(gram: Array, _shares: Array, _last_support: list[int]) -> Array:
        weights: Array = np.asarray(weighting(torch.from_numpy(gram.copy())), dtype=np.float64)
        return weights

    return Aggregator(name, weigh, takes_zero_groups=True)
