"""The best device that PyTorch has here."""

import os
from contextlib import suppress
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
    """For users: kind, name, bytes of its own memory, if known, and the name by which nvidia-smi knows it."""
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        if torch.version.hip:
            return _description("rocm", properties.name, properties.total_memory)
        # Older versions of PyTorch do not tell it.
        uuid = getattr(properties, "uuid", None)
        return _description("cuda", properties.name, properties.total_memory, uuid and f"GPU-{uuid}")
    if device.type == "xpu":
        found = torch.xpu.get_device_properties(device)
        return _description("xpu", found.name, found.total_memory)
    if device.type == "mps":
        return _description("mps", "Apple GPU", torch.mps.recommended_max_memory())
    return _description("cpu", f"CPU, {torch.get_num_threads()} threads", None)


def _description(kind: str, name: str, memory: int | None, uuid: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "name": name, "memory": memory, "uuid": uuid}


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


def usage_of(device: torch.device) -> dict[str, Any]:
    """Seconds of this process's processor time; bytes of a GPU's memory, and the share of time in which it computed, if known."""
    times = os.times()
    memory = utilization = None
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        memory = {"used": total - free, "total": total}
        # Needs a package that PyTorch does not install.
        with suppress(Exception):
            utilization = torch.cuda.utilization(device) / 100
    elif device.type == "mps":
        memory = {"used": torch.mps.driver_allocated_memory(), "total": torch.mps.recommended_max_memory()}
    elif device.type == "xpu":
        with suppress(Exception):
            free, total = torch.xpu.mem_get_info(device)
            memory = {"used": total - free, "total": total}
    return {"processorSeconds": times.user + times.system, "memory": memory, "utilization": utilization}
