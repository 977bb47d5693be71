"""GRAIN for Hugging Face transformers: `pip install "grain-torch[hf]"`."""

from grain_torch.hf.losses import example_losses
from grain_torch.hf.trainer import GrainMixin, GrainTrainer

__all__ = ["GrainMixin", "GrainTrainer", "example_losses"]
