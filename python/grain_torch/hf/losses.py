"""A loss per example of the models of transformers: their own loss, before its mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from grain_torch.gradients import UnsupportedModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor, nn

_IGNORED = -100
# Suffixes of the names of transformers' classes.
_BY_EXAMPLE = ("SequenceClassification", "ImageClassification", "AudioClassification", "VideoClassification", "MultipleChoice")
_BY_TOKEN = ("MaskedLM", "TokenClassification")
_NEXT_TOKEN = ("CausalLM", "LMHeadModel")


def example_losses(model: nn.Module, inputs: Mapping[str, Any], smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """Runs the model, and computes a loss for each example and how much it counts for in the model's own mean.

    Examples of classification and regression count alike. Where the model averages over tokens, an example counts as many times
    as it has labels.

    Args:
        model: of transformers, also one with adapters of peft.
        inputs: with `labels`.
        smoothing: `label_smoothing_factor` of TrainingArguments.

    Raises:
        UnsupportedModelError: for a model with another loss.
    """
    base: Any = model
    while hasattr(base, "get_base_model") or hasattr(base, "_orig_mod"):
        base = base._orig_mod if hasattr(base, "_orig_mod") else base.get_base_model()
    name = type(base).__name__
    is_encoder_decoder = bool(getattr(base.config, "is_encoder_decoder", False))
    if getattr(base.config, "output_router_logits", False):
        raise UnsupportedModelError(
            f"{name} adds a loss of its routers, which is not one example's. Set output_router_logits=False."
        )
    if name.endswith("QuestionAnswering"):
        return _spans(model, inputs)
    if "labels" not in inputs:
        raise ValueError(f"the batch has no labels, only {', '.join(inputs)}. Expected labels, or example_losses=….")
    labels = inputs["labels"]
    # Encoder–decoders make the decoder's inputs of them.
    outputs = model(**inputs) if is_encoder_decoder else model(**{key: it for key, it in inputs.items() if key != "labels"})
    logits = outputs.logits.float()
    if name.endswith(_BY_EXAMPLE):
        losses = _example_loss(base.config, smoothing)(logits, labels)
        return losses, torch.ones_like(losses)
    if (is_encoder_decoder and name.endswith("ConditionalGeneration")) or name.endswith(_BY_TOKEN):
        return _tokens(logits, labels, smoothing)
    if name.endswith(_NEXT_TOKEN):
        # The labels are shifted, not the logits, which are large.
        return _tokens(logits, functional.pad(labels, (0, 1), value=_IGNORED)[:, 1:], smoothing)
    raise UnsupportedModelError(
        f"the loss of {name} is not known per example. Pass example_losses=…, a function (model, inputs) → losses."
    )


def _example_loss(config: Any, smoothing: float) -> Callable[[Tensor, Tensor], Tensor]:
    """As ForSequenceClassificationLoss of transformers."""

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        kind = config.problem_type
        if kind is None:
            is_whole = not labels.is_floating_point()
            kind = "regression" if config.num_labels == 1 else "single" if is_whole else "multi_label_classification"
        if kind == "regression":
            squares: Tensor = (logits.reshape(len(labels), -1) - labels.reshape(len(labels), -1).to(logits.dtype)).square()
            return squares.mean(1)
        if kind == "multi_label_classification":
            return functional.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype), reduction="none").mean(1)
        flat = logits.reshape(len(labels), -1)
        return functional.cross_entropy(flat, labels.reshape(-1), reduction="none", label_smoothing=smoothing)

    return loss


def _tokens(logits: Tensor, labels: Tensor, smoothing: float) -> tuple[Tensor, Tensor]:
    """Mean over the labels of each example, and their number."""
    flat = functional.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), reduction="none", ignore_index=_IGNORED, label_smoothing=smoothing
    )
    losses = flat.reshape(labels.shape)
    counts = labels.ne(_IGNORED).sum(1)
    return losses.sum(1) / counts.clamp(min=1), counts.float()


def _spans(model: nn.Module, inputs: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    """Of question answering: mean of the losses of beginning and end.

    Places outside the text do not count, as in transformers' mean over those that do; an example with neither counts for nothing.
    """
    places = ("start_positions", "end_positions")
    outputs = model(**{key: it for key, it in inputs.items() if key not in places})
    targets = [inputs[key].reshape(-1).clamp(0, outputs.start_logits.shape[1]) for key in places]
    inside = [target < outputs.start_logits.shape[1] for target in targets]
    counts = (inside[0] | inside[1]).float()
    total: Any = 0
    for target, is_inside, logits in zip(targets, inside, (outputs.start_logits, outputs.end_logits), strict=True):
        losses = functional.cross_entropy(logits.float(), target, reduction="none", ignore_index=logits.shape[1])
        total = total + losses * (counts.sum() / is_inside.sum().clamp(min=1))
    return total / 2, counts
