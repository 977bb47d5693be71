"""The best device that PyTorch has here."""

import os
from typing import Any

import psutil
import torch


def best_device() -> torch.device:
    """CUDA (or ROCm), XPU or MPS where there is one, else the processor."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        return torch.device("xpu")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def describe(device: torch.device) -> dict[str, Any]:
    """For users: kind, name, and bytes of its own memory, if known."""
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        kind = "rocm" if torch.version.hip else "cuda"
        return {"kind": kind, "name": properties.name, "memory": properties.total_memory}
    if device.type == "xpu":
        found = torch.xpu.get_device_properties(device)
        return {"kind": "xpu", "name": found.name, "memory": found.total_memory}
    if device.type == "mps":
        return {"kind": "mps", "name": "Apple GPU", "memory": torch.mps.recommended_max_memory()}
    return {"kind": "cpu", "name": f"CPU, {torch.get_num_threads()} threads", "memory": None}


def make_deterministic() -> None:
    """The same inputs give the same bits where PyTorch can; a warning where it cannot. Before the first use of a GPU."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False


def memory_of(device: torch.device) -> dict[str, int | None]:
    """Bytes: resident memory now, and the peak of the tensors on a GPU since the last call; None elsewhere."""
    tensors = None
    if device.type == "cuda":
        tensors = torch.cuda.max_memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
    elif device.type == "mps":
        tensors = torch.mps.current_allocated_memory()
    return {"resident": psutil.Process().memory_info().rss, "tensors": tensors}
