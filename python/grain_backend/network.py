"""Loads a transformer from a checkpoint and decides which of its parameters are trained."""

import re
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForImageClassification,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
)
from transformers.pytorch_utils import Conv1D

from .adapters import adapted_model, checkpoint_names, initial_kind
from .build import Build
from .errors import ModelError
from .quantization import quantization


@dataclass(frozen=True)
class Fresh:
    """A parameter without values: its distribution is `kind`, for `normal` with a standard deviation."""

    parameter: nn.Parameter
    name: str
    kind: str
    deviation: float


@dataclass(frozen=True)
class Network:
    """A model, its trained parameters by their names in a checkpoint, and those that the coordinator initializes."""

    model: Any
    trained: dict[str, nn.Parameter]
    fresh: list[Fresh]
    encodes_separately: bool
    # Of the names of what is below the head.
    prefix: str
    # Names of the modules that only the task has.
    heads: list[str]
    # Those between embeddings and head.
    blocks: nn.ModuleList

    def is_head(self, name: str) -> bool:
        """Whether a trained parameter is the head's."""
        return any(name.startswith(f"{head}.") for head in self.heads)

    @property
    def batch_norms(self) -> list[_BatchNorm]:
        """Layers that normalize by the checkpoint's running statistics in training too, so that no example depends on others."""
        return [module for module in self.model.modules() if isinstance(module, _BatchNorm)]

    def train(self) -> None:
        """Prepares for a forward pass with dropout."""
        self.model.train()
        for module in self.batch_norms:
            module.eval()

    def layer_of(self, name: str) -> str:
        """The part of the network that a parameter belongs to: a block, or a module beside the blocks."""
        inner = name.removeprefix(f"{self.prefix}.")
        block = BLOCK.search(inner)
        return inner[: block.end()] if block else inner.split(".")[0]


# The number of a block in a parameter's name.
BLOCK = re.compile(r"(?<=\.)\d+(?=\.)")
_HEADS = ("classifier", "score", "classification_head", "pre_classifier", "fc")


def load_network(spec: Build, device: torch.device) -> Network:
    """Raises ModelError where checkpoint and settings do not fit together."""
    torch.manual_seed(spec.seed)
    model, missing = _from_checkpoint(spec, device)
    base = model.base_model
    blocks = _blocks_of(base)
    frozen, renewed = _counted(spec, len(blocks))
    for parameter in model.parameters():
        parameter.requires_grad_(not spec.is_adapted)
    if spec.freeze > 0:
        for name, parameter in base.named_parameters():
            if _is_input(name):
                parameter.requires_grad_(False)
    for block in frozen:
        blocks[block].requires_grad_(False)
    names = {id(module): name for name, module in model.named_modules()}
    fresh = {name for name in missing if not name.startswith("lm_head")}
    for block in renewed:
        prefix = names[id(blocks[block])]
        fresh |= {f"{prefix}.{name}" for name, _ in blocks[block].named_parameters()}
    if spec.reinitialize > 0:
        fresh |= {name for name, _ in model.named_parameters() if ".pooler." in f".{name}"}
    heads = [] if spec.task == "generation" else _heads_of(model)
    for head in heads:
        head.requires_grad_(True)
        if spec.head is None:
            fresh |= {f"{names[id(head)]}.{name}" for name, _ in head.named_parameters()}
        elif spec.task == "classification":
            _reorder(head, spec.head)
    parameters = dict(model.named_parameters())
    for name in fresh:
        parameters[name].requires_grad_(True)
    described = [_describe(model, name, parameters[name]) for name in parameters if name in fresh]
    if spec.checkpointing:
        if not model.supports_gradient_checkpointing:
            raise ModelError(f"{model.config.model_type} does not support model.checkpointing")
        model.gradient_checkpointing_enable({"use_reentrant": False})
    encodes_separately = bool(model.config.is_encoder_decoder)
    prefix = model.base_model_prefix
    own = [names[id(head)] for head in heads]
    if not spec.is_adapted:
        trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
        return Network(model, trained, [item for item in described if item], encodes_separately, prefix, own, blocks)
    excluded = [names[id(blocks[block])] for block in (*frozen, *renewed)]
    saved = own + _saved_modules(fresh, heads, names)
    adapted = adapted_model(model, spec, excluded, saved)
    names_of = checkpoint_names(adapted)
    trained = {names_of(name): parameter for name, parameter in adapted.named_parameters() if parameter.requires_grad}
    known = {item.name: item for item in described if item}
    return Network(adapted, trained, _fresh(trained, known), encodes_separately, prefix, own, blocks)


def _fresh(trained: dict[str, nn.Parameter], described: dict[str, Fresh]) -> list[Fresh]:
    """Those of the adapters, and of the modules that are trained beside them, which peft copied."""
    fresh = []
    for name, parameter in trained.items():
        kind = initial_kind(name)
        if kind is not None:
            fresh.append(Fresh(parameter, name, kind, 0.0))
        elif name in described:
            fresh.append(Fresh(parameter, name, described[name].kind, described[name].deviation))
    return fresh


def _from_checkpoint(spec: Build, device: torch.device) -> tuple[Any, set[str]]:
    options: dict[str, Any] = {} if spec.quantize is None else quantization(spec, device)
    config = AutoConfig.from_pretrained(spec.folder, local_files_only=True)
    if spec.task == "generation":
        auto: Any = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    else:
        auto = AutoModelForImageClassification if spec.inputs == "images" else AutoModelForSequenceClassification
        names = spec.classes if spec.task == "classification" else ["LABEL_0"]
        options["id2label"] = dict(enumerate(names))
        options["label2id"] = {name: index for index, name in enumerate(names)}
        options["problem_type"] = "single_label_classification" if spec.task == "classification" else "regression"
        if spec.inputs == "texts" and getattr(config, "pad_token_id", None) is None:
            options["pad_token_id"] = spec.pad_id
    if spec.dropout is not None:
        options |= {name: spec.dropout for name in config.to_dict() if _is_dropout(name)}
    try:
        model, info = auto.from_pretrained(
            spec.folder,
            local_files_only=True,
            dtype=torch.float32,
            output_loading_info=True,
            ignore_mismatched_sizes=spec.head is None,
            **options,
        )
    except (ValueError, RuntimeError, OSError) as error:
        raise ModelError(f"{spec.folder}: {_first_lines(error)}") from error
    if spec.task == "generation":
        model.generation_config.eos_token_id = spec.end_ids
        model.config.eos_token_id = spec.end_ids if len(spec.end_ids) > 1 else spec.end_ids[0]
    missing = set(info["missing_keys"]) | {found[0] for found in info["mismatched_keys"]}
    own = {name for name, _ in model.named_parameters()}
    lost = sorted(name for name in missing & own if not _may_be_missing(name))
    if lost:
        raise ModelError(f"{spec.folder} has no tensor {lost[0]} ({len(lost)} are missing)")
    return model, missing & own


def _may_be_missing(name: str) -> bool:
    return "pooler" in name or name.split(".")[0] in _HEADS or name.startswith("lm_head")


def _is_dropout(name: str) -> bool:
    return re.search(r"(dropout|pdrop)(_prob|_rate)?$|^(resid|embd|attn)_pdrop$", name) is not None


def _first_lines(error: Exception) -> str:
    return " ".join(str(error).split()[:60])


def _blocks_of(base: nn.Module) -> nn.ModuleList:
    """The longest list of like modules: the layers between embeddings and head."""
    lists = [module for module in base.modules() if isinstance(module, nn.ModuleList) and len(module) > 0]
    return max(lists, key=len, default=nn.ModuleList())


def _counted(spec: Build, count: int) -> tuple[range, range]:
    for name, wanted in (("freeze", spec.freeze), ("reinitialize", spec.reinitialize)):
        if wanted > count:
            raise ModelError(f"model.{name} is {wanted}, but the network in {spec.folder} has {count} layers")
    return range(spec.freeze), range(count - spec.reinitialize, count)


def _is_input(name: str) -> bool:
    return re.search(r"(^|\.)(embed\w*|\w*embeddings?|wte|wpe|shared)\.", name) is not None


def _heads_of(model: nn.Module) -> list[nn.Module]:
    """What stands beside the base model: everything that only this task has."""
    base = model.base_model_prefix
    return [module for name, module in model.named_children() if name != base and any(True for _ in module.parameters())]


def _reorder(head: nn.Module, order: list[int]) -> None:
    """Puts the outputs of the last linear layer into the order of the classes."""
    last = [module for module in head.modules() if isinstance(module, nn.Linear)][-1]
    if last.out_features != len(order) or order == list(range(len(order))):
        return
    with torch.no_grad():
        for parameter in (last.weight, last.bias):
            if parameter is not None:
                parameter.copy_(parameter[order].clone())


def _describe(model: Any, name: str, parameter: nn.Parameter) -> Fresh | None:
    """How a new parameter is sampled; None for those of modules that initialize themselves in a way of their own."""
    path, _, own = name.rpartition(".")
    module = model.get_submodule(path)
    if own == "bias":
        return Fresh(parameter, name, "zeros", 0.0)
    if isinstance(module, nn.Linear | nn.Embedding | Conv1D):
        deviation = float(getattr(model.config, "initializer_range", None) or 0.02)
        return Fresh(parameter, name, "normal", deviation)
    return Fresh(parameter, name, "ones", 0.0) if "norm" in type(module).__name__.lower() else None


def _saved_modules(fresh: set[str], heads: list[nn.Module], names: dict[int, str]) -> list[str]:
    """Modules outside the head whose new weights are trained beside the adapters."""
    own = tuple(f"{names[id(head)]}." for head in heads)
    rest = [name for name in fresh if not name.startswith(own)]
    found = {name[: block.end()] if (block := BLOCK.search(name)) else name.rpartition(".")[0] for name in rest}
    return sorted(found)
