"""GRAIN in PyTorch: conflict-free gradient aggregation at one backward pass's price."""

from grain_torch.engine import Aggregation, aggregate

__version__ = "0.1.0"

__all__ = ["Aggregation", "aggregate"]
