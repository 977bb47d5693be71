"""Gradients of the groups of a batch: backends compute them, the engine decides."""

from grain_torch.gradients.accumulated import AccumulatedGradients, StreamedGradients
from grain_torch.gradients.coverage import UnsupportedModelError
from grain_torch.gradients.grouped import GroupGradients
from grain_torch.gradients.source import GradientSource

__all__ = ["AccumulatedGradients", "GradientSource", "GroupGradients", "StreamedGradients", "UnsupportedModelError"]
