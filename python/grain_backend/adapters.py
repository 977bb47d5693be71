"""Adapters of peft: which layers get one, and what its parameters are called in a checkpoint."""

import re
from collections.abc import Callable
from typing import Any

from peft import AdaLoraConfig, IA3Config, LoraConfig, PeftConfig, PromptTuningConfig, PromptTuningInit, TaskType, get_peft_model
from peft.utils import TRANSFORMERS_MODELS_TO_ADALORA_TARGET_MODULES_MAPPING as ADALORA_TARGETS
from peft.utils import TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING as IA3_FEEDFORWARD
from peft.utils import TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING as IA3_TARGETS
from peft.utils import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as LORA_TARGETS
from torch import nn
from transformers.pytorch_utils import Conv1D

from .build import Adalora, Build, Ia3, Lora, PromptTuning
from .errors import ModelError

# peft has no defaults for them.
_IMAGE_TARGETS = {kind: ["q_proj", "v_proj"] for kind in ("vit", "deit", "dinov2")}


def adapted_model(model: Any, spec: Build, excluded: list[str], saved: list[str]) -> Any:
    """The model with adapters, which are trained with the modules in `saved`, but not in those or the `excluded` ones.

    Raises ModelError where no layer takes an adapter.
    """
    places = _Places(model, excluded, saved)
    config: PeftConfig
    if spec.lora is not None:
        config = _lora(places, spec.lora)
    elif spec.adalora is not None:
        config = _adalora(places, spec.adalora)
    elif spec.ia3 is not None:
        config = _ia3(places, spec.ia3)
    else:
        assert spec.prompt_tuning is not None
        config = _prompt_tuning(model, spec, spec.prompt_tuning)
    config.task_type = _task_type(model, spec)
    config.base_model_name_or_path = spec.base
    config.revision = spec.revision
    config.modules_to_save = saved or None
    adapted = get_peft_model(model, config)
    adapted.peft_config["default"].base_model_name_or_path = spec.base
    if spec.checkpointing:
        adapted.enable_input_require_grads()
    return adapted


def checkpoint_names(model: Any) -> Callable[[str], str]:
    """From a parameter's name to that in a checkpoint, without what peft wraps around it."""
    wrapper = "base_model." if model.peft_config["default"].is_prompt_learning else "base_model.model."
    return lambda name: name.removeprefix(wrapper).replace(".modules_to_save.default", "").replace(".default", "")


def initial_kind(name: str) -> str | None:
    """How an adapter's parameter is initialized; None for those that have their values by now, and those of no adapter."""
    matrix = re.search(r"\.lora_([AB])\.weight$", name)
    if matrix is None:
        return None
    return "kaiming" if matrix[1] == "A" else "zeros"


class _Places:
    """The linear layers of a model that can have adapters."""

    def __init__(self, model: Any, excluded: list[str], saved: list[str]) -> None:
        self.kind: str = model.config.model_type
        self._model = model
        self._taken = [f"{name}." for name in (*excluded, *saved)]
        linear = [name for name, module in model.named_modules() if isinstance(module, nn.Linear | Conv1D)]
        heads = [f"{name}." for name in saved]
        self._layers = [name for name in linear if name != "lm_head" and not any(f"{name}.".startswith(head) for head in heads)]
        self._known = ", ".join(sorted({name.split(".")[-1] for name in self._layers}))
        if not self._layers:
            raise ModelError(f"{self.kind} has no linear layers for adapters besides its head")

    def find(self, key: str, targets: list[str] | None) -> list[str]:
        """The targets, or if some of their layers are taken, the names of the others."""
        if not targets:
            raise ModelError(f"model.adapter.{key}.targets has no default for {self.kind}. Expected some of {self._known}")
        chosen = self.matching(self._layers, targets)
        left = [name for name in chosen if not any(f"{name}.".startswith(taken) for taken in self._taken)]
        if not left:
            raise ModelError(f"no linear layer {', '.join(targets)} is left for adapters. Expected some of {self._known}")
        return list(targets) if len(left) == len(chosen) else left

    def matching(self, names: list[str], targets: list[str]) -> list[str]:
        """Names that are or end like one of the targets."""
        return [name for name in names if any(name == target or name.endswith(f".{target}") for target in targets)]

    def are_transposed(self, targets: list[str]) -> bool:
        """Whether the layers are transformers' Conv1D."""
        return isinstance(self._model.get_submodule(self.matching(self._layers, targets)[0]), Conv1D)


def _lora(places: _Places, lora: Lora) -> LoraConfig:
    key = "dora" if lora.decomposed else "lora"
    shared = _low_rank(places, key, lora, LORA_TARGETS)
    return LoraConfig(**shared, r=lora.rank, use_dora=lora.decomposed)


def _adalora(places: _Places, adalora: Adalora) -> AdaLoraConfig:
    return AdaLoraConfig(
        **_low_rank(places, "adalora", adalora, ADALORA_TARGETS),
        init_r=adalora.rank,
        target_r=adalora.target_rank,
        total_step=adalora.steps,
        tinit=adalora.warmup,
        tfinal=adalora.fixed,
        orth_reg_weight=adalora.orthogonality,
    )


def _low_rank(places: _Places, key: str, adapter: Lora | Adalora, defaults: dict[str, list[str]]) -> dict[str, Any]:
    """What the configs of LoRA and AdaLoRA have in common."""
    default = defaults.get(places.kind) or _IMAGE_TARGETS.get(places.kind)
    targets = places.find(key, adapter.targets or default)
    return {
        "lora_alpha": adapter.alpha,
        "lora_dropout": adapter.dropout,
        "target_modules": targets,
        "fan_in_fan_out": places.are_transposed(targets),
    }


def _ia3(places: _Places, ia3: Ia3) -> IA3Config:
    wanted = ia3.targets or IA3_TARGETS.get(places.kind)
    inner = ia3.feedforward
    if inner is None:
        inner = IA3_FEEDFORWARD.get(places.kind, []) if ia3.targets is None else []
    strange = sorted(set(inner) - set(wanted or []))
    if strange:
        raise ModelError(f"model.adapter.ia3.feedforward names {', '.join(strange)}. Expected only layers of targets")
    targets = places.find("ia3", wanted)
    # Where layers are named one by one, so are these.
    inputs = list(inner) if targets == list(wanted or []) else places.matching(targets, inner)
    return IA3Config(target_modules=targets, feedforward_modules=inputs, fan_in_fan_out=places.are_transposed(targets))


def _prompt_tuning(model: Any, spec: Build, prompt: PromptTuning) -> PromptTuningConfig:
    """Its tokens begin as tokens of the vocabulary, drawn at random."""
    kind = model.config.model_type
    if model.config.is_encoder_decoder:
        raise ModelError(
            f"model.adapter.promptTuning is for encoders or decoders, but {kind} is both. Expected lora, dora or ia3"
        )
    if spec.task != "generation" and hasattr(model, "score"):
        # It reads the last token of a text, which transformers does not find without the ids.
        raise ModelError(
            f"model.adapter.promptTuning does not go with a classifier on a decoder ({kind}). Expected lora, dora or ia3"
        )
    return PromptTuningConfig(num_virtual_tokens=prompt.tokens, prompt_tuning_init=PromptTuningInit.SAMPLE_VOCAB)


def _task_type(model: Any, spec: Build) -> TaskType | None:
    if spec.inputs == "images":
        return None
    if spec.task != "generation":
        return TaskType.SEQ_CLS
    return TaskType.SEQ_2_SEQ_LM if model.config.is_encoder_decoder else TaskType.CAUSAL_LM
