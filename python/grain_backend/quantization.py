"""Weights in 4 or 8 bits by bitsandbytes, beside which adapters are trained: QLoRA (Dettmers et al., arXiv:2305.14314)."""

import importlib.util
from typing import Any

import torch

from .build import Build
from .errors import ModelError


def quantization(spec: Build, device: torch.device) -> dict[str, Any]:
    """What `from_pretrained` takes. Raises ModelError where bitsandbytes cannot be used."""
    if device.type != "cuda":
        raise ModelError(
            f"model.quantize needs a GPU with CUDA, but PyTorch computes on {device.type} here. Expected no model.quantize. "
            "On a machine with such a GPU, install a PyTorch for CUDA (pytorch.org/get-started), "
            "and python -m pip install bitsandbytes"
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise ModelError("model.quantize needs bitsandbytes, which this Python lacks: python -m pip install bitsandbytes")
    from transformers import BitsAndBytesConfig

    settings: dict[str, Any] = {"load_in_8bit": True}
    if spec.quantize == "4bit":
        settings = {
            "load_in_4bit": True,
            "bnb_4bit_quant_type": "nf4",
            "bnb_4bit_use_double_quant": True,
            "bnb_4bit_compute_dtype": getattr(torch, spec.dtype),
        }
    return {"quantization_config": BitsAndBytesConfig(**settings), "device_map": {"": device}}
