"""Which parameters of a model have a rule, and what else a model contains that breaks the notion of a group's gradient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DataParallel, DistributedDataParallel

from grain_torch.gradients.rules import Rule, refusal_of, rule_of


class UnsupportedModelError(ValueError):
    """A model, or a part of it, whose groups' gradients cannot be computed as asked; the message names it."""


@dataclass
class Coverage:
    """Attributes:
    ruled: modules with trainable parameters of their own that a rule covers.
    scaled: IA³ layers.
    reasons: why not all trainable parameters are covered, one line per module.
    """

    ruled: dict[nn.Module, Rule] = field(default_factory=dict)
    scaled: list[Any] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def trainable_of(model: nn.Module) -> dict[str, nn.Parameter]:
    """The trainable parameters by name, each once."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def without_ddp(model: nn.Module) -> nn.Module:
    """The model itself, where it is wrapped in DistributedDataParallel."""
    return cast("nn.Module", model.module) if isinstance(model, DistributedDataParallel) else model


def refuse_wrappers(model: nn.Module) -> None:
    """Raises UnsupportedModelError for what averages gradients, or cuts up parameters, by itself."""
    for module in model.modules():
        wrapper = _wrapper_of(module)
        if wrapper is not None:
            raise UnsupportedModelError(f"{wrapper}. Expected the model itself: with torchrun, the same in every process.")
    for name, parameter in model.named_parameters():
        if hasattr(parameter, "ds_id"):
            raise UnsupportedModelError(f"DeepSpeed ZeRO-3 cuts up {name}. Expected whole parameters: ZeRO stage 0, or torchrun.")
        if hasattr(parameter, "device_mesh"):
            raise UnsupportedModelError(
                f"{name} is cut up among devices (FSDP's fully_shard, or tensor parallelism). "
                "Expected whole parameters: with torchrun, the same in every process."
            )


def _wrapper_of(module: nn.Module) -> str | None:
    name = type(module).__name__
    if isinstance(module, (DataParallel, DistributedDataParallel)):
        return f"{name} averages gradients before they can be told apart by group"
    if name == "FullyShardedDataParallel":
        return f"{name} (FSDP) cuts up parameters and averages their gradients"
    if name == "DeepSpeedEngine":
        return f"{name} averages gradients, and with ZeRO cuts up parameters"
    return None


def coverage_of(model: nn.Module) -> Coverage:
    """Looks up the rule of each module that has trainable parameters."""
    found = Coverage()
    if any(type(module).__name__ == "OptimizedModule" for module in model.modules()):
        found.reasons.append("torch.compile: a compiled model hides its layers")
    names = {module: name or "the model" for name, module in model.named_modules()}
    covered: set[nn.Module] = set()
    for module in model.modules():
        if depends_on_batch(module):
            found.reasons.append(f"{names[module]}: BatchNorm makes examples depend on each other")
        elif _is_prompt(module):
            found.reasons.append(f"{names[module]} ({type(module).__name__}): all examples share its output")
        elif _is_scaled(module):
            found.scaled.append(module)
            covered.add(cast("nn.Module", module.ia3_l))
    for module in model.modules():
        own = [key for key, parameter in module.named_parameters(recurse=False) if parameter.requires_grad]
        if not own or module in covered or depends_on_batch(module):
            continue
        rule = rule_of(module)
        refusal = refusal_of(module)
        if rule is None:
            found.reasons.append(f"{names[module]} ({type(module).__name__}): no rule for {', '.join(own)}")
        elif refusal is not None:
            found.reasons.append(f"{names[module]} ({type(module).__name__}): {refusal}")
        else:
            found.ruled[module] = rule
    return found


def batch_norms_of(model: nn.Module) -> list[str]:
    """Names of the modules whose output of an example depends on the other examples."""
    return [name for name, module in model.named_modules() if depends_on_batch(module)]


def depends_on_batch(module: nn.Module) -> bool:
    """Whether this is BatchNorm that takes its statistics from the batch: in training mode, or without running ones."""
    return isinstance(module, _BatchNorm) and (module.training or module.running_mean is None)


def _is_prompt(module: nn.Module) -> bool:
    """Whether this is an encoder of peft's for tokens before the texts, whose output peft repeats for each example."""
    return type(module).__module__.startswith("peft.tuners.") and type(module).__name__ in _PROMPTS


_PROMPTS = ("PromptEmbedding", "MultitaskPromptEmbedding", "PromptEncoder", "PrefixEncoder", "CPTEmbedding")


def _is_scaled(module: Any) -> bool:
    """Whether this is peft's IA³ for a Linear layer with one adapter that trains."""
    if type(module).__module__ != "peft.tuners.ia3.layer" or type(module).__name__ != "Linear":
        return False
    is_simple = len(module.active_adapters) == 1 and not module.merged and not module.disable_adapters
    return is_simple and all(isinstance(scale, torch.Tensor) for scale in module.ia3_l.values())
