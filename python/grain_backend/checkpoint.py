"""Checkpoints: the model as transformers or peft saves it, and the optimizer as src/training/optimizers/state.ts does."""

import json
import os
import warnings
from collections.abc import Container, Iterable
from contextlib import nullcontext
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file
from torch import Tensor

from .average import ParameterAverage
from .errors import CheckpointError
from .network import Network
from .optimizers import Optimizer
from .ranks import KINDS, Ranks, RanksState

# What is trained, where the model has an average, or only a part of it.
_TRAINED = "trained"
_RANKS = "ranks"


# What is saved beside model and optimizer: a run has at most one of them.
Beside = ParameterAverage | Ranks | None


def save(folder: str, network: Network, optimizer: Optimizer, beside: Beside) -> None:
    """Returns when all files are on disk."""
    model = network.model
    # peft shortens the names in it.
    ranks = beside.state() if isinstance(beside, Ranks) else None
    with beside.used() if isinstance(beside, ParameterAverage) else nullcontext(), warnings.catch_warnings():
        # A layer may be left without ranks; peft takes that for DeepSpeed's doing.
        warnings.filterwarnings("ignore", message=r".*LoRA tensor\(s\) have invalid shape")
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
    besides: dict[str, list[Tensor]] = {}
    if isinstance(beside, ParameterAverage):
        besides = {_TRAINED: beside.trained()}
    if ranks is not None:
        # The adapter has only what the ranks leave of it, but the rest may come back.
        besides = {_TRAINED: [parameter.data for parameter in network.trained.values()]} | ranks.slots
    for kind, tensors in besides.items():
        slots |= {f"{kind}/{name}": tensor for name, tensor in zip(network.trained, tensors, strict=True)}
    with (Path(folder) / "optimizer.bin").open("wb") as file:
        for tensor in slots.values():
            file.write(tensor.cpu().numpy().astype("<f4", copy=False).tobytes())
    described = [{"name": name, "shape": list(tensor.shape)} for name, tensor in slots.items()]
    state = {"steps": optimizer.steps, "slots": described, **({} if ranks is None else {_RANKS: ranks.pattern})}
    (Path(folder) / "optimizer.json").write_text(json.dumps(state), encoding="utf-8")
    for path in Path(folder).iterdir():
        with path.open("r+b") as file:
            os.fsync(file.fileno())


def _names_of(network: Network, optimizer: Optimizer) -> list[str]:
    """Of the parameters that a stage trains, in the optimizer's order."""
    names = {id(parameter): name for name, parameter in network.trained.items()}
    return [names[id(parameter)] for parameter in optimizer.parameters]


def load(folder: str, network: Network, optimizer: Optimizer, beside: Beside) -> None:
    """Raises CheckpointError if the files are damaged, or of another model."""
    try:
        if not isinstance(beside, Ranks):
            _load_model(folder, network)
        description = json.loads((Path(folder) / "optimizer.json").read_text(encoding="utf-8"))
        saved = _load_optimizer(folder, description, network, optimizer)
        if isinstance(beside, ParameterAverage):
            beside.restore([saved[f"{_TRAINED}/{name}"] for name in network.trained])
        if isinstance(beside, Ranks):
            for name, parameter in network.trained.items():
                parameter.copy_(saved[f"{_TRAINED}/{name}"])
            slots = {kind: [saved[f"{kind}/{name}"] for name in network.trained] for kind in KINDS}
            beside.restore(RanksState(description[_RANKS], slots))
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


def _load_optimizer(folder: str, description: dict[str, Any], network: Network, optimizer: Optimizer) -> dict[str, Tensor]:
    """Returns everything that was saved, by kind and name."""
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
