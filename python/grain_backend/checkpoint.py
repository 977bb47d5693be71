"""Checkpoints: the model as transformers or peft saves it, and the optimizer as src/training/optimizers/state.ts does."""

import json
import os
from collections.abc import Container, Iterable
from contextlib import nullcontext
from math import prod
from pathlib import Path

import numpy as np
import torch
from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file
from torch import Tensor

from .average import ParameterAverage
from .errors import CheckpointError
from .network import Network
from .optimizers import Optimizer

# What is trained, where the model has an average.
_TRAINED = "trained"


def save(folder: str, network: Network, optimizer: Optimizer, average: ParameterAverage | None) -> None:
    """Returns when all files are on disk."""
    model = network.model
    with nullcontext() if average is None else average.used():
        model.save_pretrained(folder)
    if isinstance(model, PeftModel):
        # It has the names of the classes, which peft does not save.
        model.get_base_model().config.save_pretrained(folder)
        if model.can_generate():
            model.get_base_model().generation_config.save_pretrained(folder)
        (Path(folder) / "README.md").unlink(missing_ok=True)
    names = _names_of(network, optimizer)
    slots = {
        f"{kind}/{name}": tensor
        for kind, tensors in optimizer.slots().items()
        for name, tensor in zip(names, tensors, strict=True)
    }
    if average is not None:
        slots |= {f"{_TRAINED}/{name}": tensor for name, tensor in zip(network.trained, average.trained(), strict=True)}
    with (Path(folder) / "optimizer.bin").open("wb") as file:
        for tensor in slots.values():
            file.write(tensor.cpu().numpy().astype("<f4", copy=False).tobytes())
    described = [{"name": name, "shape": list(tensor.shape)} for name, tensor in slots.items()]
    state = json.dumps({"steps": optimizer.steps, "slots": described})
    (Path(folder) / "optimizer.json").write_text(state, encoding="utf-8")
    for path in Path(folder).iterdir():
        with path.open("r+b") as file:
            os.fsync(file.fileno())


def _names_of(network: Network, optimizer: Optimizer) -> list[str]:
    """Of the parameters that a stage trains, in the optimizer's order."""
    names = {id(parameter): name for name, parameter in network.trained.items()}
    return [names[id(parameter)] for parameter in optimizer.parameters]


def load(folder: str, network: Network, optimizer: Optimizer, average: ParameterAverage | None) -> None:
    """Raises CheckpointError if the files are damaged, or of another model."""
    try:
        _load_model(folder, network)
        saved = _load_optimizer(folder, network, optimizer)
        if average is not None:
            average.restore([saved[f"{_TRAINED}/{name}"] for name in network.trained])
    except CheckpointError:
        raise
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise CheckpointError(f"{folder} cannot be read: {error}") from error


def _load_model(folder: str, network: Network) -> None:
    model = network.model
    if isinstance(model, PeftModel):
        found = load_file(Path(folder) / "adapter_model.safetensors")
        _check_names(folder, get_peft_model_state_dict(model), found)
        set_peft_model_state_dict(model, found)
        return
    saved = type(model).from_pretrained(folder, local_files_only=True, dtype=torch.float32).state_dict()
    _check_names(folder, network.trained, saved)
    model.load_state_dict({name: tensor.to(model.device) for name, tensor in saved.items()})


def _check_names(folder: str, wanted: Iterable[str], found: Container[str]) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise CheckpointError(f"{folder} does not belong to this model: tensor {missing[0]} is missing")


def _load_optimizer(folder: str, network: Network, optimizer: Optimizer) -> dict[str, Tensor]:
    """Returns everything that was saved, by kind and name."""
    description = json.loads((Path(folder) / "optimizer.json").read_text(encoding="utf-8"))
    values = np.fromfile(Path(folder) / "optimizer.bin", "<f4")
    saved: dict[str, Tensor] = {}
    at = 0
    for slot in description["slots"]:
        count = prod(slot["shape"])
        saved[slot["name"]] = torch.from_numpy(values[at : at + count].reshape(slot["shape"]))
        at += count
    optimizer.discard()
    optimizer.steps = description["steps"]
    names = _names_of(network, optimizer)
    for kind, tensors in optimizer.slots().items():
        for name, tensor in zip(names, tensors, strict=True):
            found = saved.get(f"{kind}/{name}")
            if found is None and description["steps"] > 0:
                raise CheckpointError(f"{folder}: the optimizer's state has no {kind} of {name}: it is of another device")
            tensor.copy_(found) if found is not None else tensor.zero_()
    return saved
