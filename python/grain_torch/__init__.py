"""GRAIN in PyTorch: conflict-free gradient aggregation at one backward pass's price."""

from grain_torch.engine import Aggregation, aggregate
from grain_torch.gradients import GroupGradients, UnsupportedModelError
from grain_torch.grain import Grain
from grain_torch.step import Step
from grain_torch.warn import GrainWarning

__version__ = "0.1.0"

__all__ = ["Aggregation", "Grain", "GrainWarning", "GroupGradients", "Step", "UnsupportedModelError", "aggregate"]
