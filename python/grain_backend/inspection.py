"""
Prints as JSON what a Python has for training. Any Python 3.6 or newer can run it by its path, whatever is installed.

With --light PyTorch is not imported, which takes seconds: then it says what PyTorch was built for, not what is there.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

import sys

# Modules of this folder, or of the working directory, are not to be taken for those that PyTorch imports.
sys.path[:] = [folder for folder in sys.path if folder and not __file__.startswith(folder)]

import importlib.util  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import platform  # noqa: E402
import sysconfig  # noqa: E402

PACKAGES = ("torch", "transformers", "peft", "safetensors", "numpy", "psutil", "grain_torch")


def main():  # noqa: ANN201
    is_light = "--light" in sys.argv
    torch, problem = (None, None) if is_light else _torch()
    found = {
        "executable": sys.executable,
        "version": platform.python_version(),
        "isManaged": sys.prefix == sys.base_prefix and _has_managed_mark(),
        "hasPip": importlib.util.find_spec("pip") is not None,
        "packages": {name: _version(name) for name in PACKAGES},
        "torchProblem": problem,
        "isImported": not is_light,
        "accelerator": _accelerator(torch) if torch else _built_for() if is_light else None,
        "devices": _devices(torch) if torch else [],
    }
    # What libraries print while they are imported comes before.
    print("\n" + json.dumps(found))


def _torch():  # noqa: ANN202
    if importlib.util.find_spec("torch") is None:
        return None, None
    try:
        import torch
    except Exception as error:
        return None, str(error) or type(error).__name__
    return torch, None


def _built_for():  # noqa: ANN202
    """From the few lines that a build of PyTorch writes about itself."""
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return None
    facts = {"__name__": "torch.version"}
    try:
        with open(os.path.join(os.path.dirname(found.origin), "version.py")) as file:  # noqa: PTH118, PTH120, PTH123
            exec(file.read(), facts)
    except Exception:
        return None
    for name, key in (("CUDA", "cuda"), ("ROCm", "hip"), ("XPU", "xpu")):
        if facts.get(key):
            return f"{name} {facts[key]}"
    return "MPS" if (platform.system(), platform.machine()) == ("Darwin", "arm64") else None


def _version(name):  # noqa: ANN001, ANN202
    try:
        from importlib.metadata import version

        return version(name)
    except Exception:
        return None


def _has_managed_mark():  # noqa: ANN202
    return os.path.exists(os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED"))  # noqa: PTH110, PTH118


def _accelerator(torch):  # noqa: ANN001, ANN202
    if torch.cuda.is_available():
        return f"ROCm {torch.version.hip}" if torch.version.hip else f"CUDA {torch.version.cuda}"
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        return "XPU"
    if torch.backends.mps.is_available():
        return "MPS"
    return None


def _devices(torch):  # noqa: ANN001, ANN202
    if torch.cuda.is_available():
        return [_cuda_device(torch, index) for index in range(torch.cuda.device_count())]
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        names = [torch.xpu.get_device_properties(index).name for index in range(torch.xpu.device_count())]
        return [{"name": name, "memory": None, "utilization": None} for name in names]
    if torch.backends.mps.is_available():
        return [{"name": "Apple GPU", "memory": None, "utilization": None}]
    return []


def _cuda_device(torch, index):  # noqa: ANN001, ANN202
    found = {"name": torch.cuda.get_device_name(index), "memory": None, "utilization": None}
    try:
        free, total = torch.cuda.mem_get_info(index)
        found["memory"] = {"used": total - free, "total": total}
        # Needs a package that PyTorch does not install.
        found["utilization"] = torch.cuda.utilization(index) / 100
    except Exception:
        pass
    return found


main()
