"""Small models of all kinds, with a batch and a loss per example."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 12
TOKENS = 7


@dataclass
class Case:
    model: nn.Module
    inputs: dict[str, Tensor]
    targets: Tensor
    call: Callable[[nn.Module, dict[str, Tensor]], Tensor] = field(default=lambda model, inputs: model(**inputs).logits)

    def losses(self) -> Tensor:
        """A loss per example; the same dropout in every call."""
        torch.manual_seed(1)
        outputs = self.call(self.model, self.inputs)
        losses = functional.cross_entropy(outputs.movedim(-1, 1), self.targets, reduction="none")
        return losses if losses.ndim == 1 else losses.mean(1)


def _texts(model: nn.Module, *, per_token: bool = False) -> Case:
    torch.manual_seed(2)
    ids = torch.randint(1, 40, (BATCH, TOKENS))
    targets = torch.randint(0, 3, (BATCH, TOKENS) if per_token else (BATCH,))
    return Case(model, {"input_ids": ids}, targets)


def bert(**settings: Any) -> Case:
    from transformers import BertConfig, BertForSequenceClassification

    sizes = {"vocab_size": 40, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    config = BertConfig(**sizes, max_position_embeddings=16, num_labels=3, **settings)
    return _texts(BertForSequenceClassification(config).train())


def gpt2() -> Case:
    """Conv1D, embeddings tied to the head, position embeddings that all examples share."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=40, n_positions=16, n_embd=32, n_layer=2, n_head=4)
    return _texts(GPT2LMHeadModel(config).train(), per_token=True)


def llama() -> Case:
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {"vocab_size": 40, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    return _texts(LlamaForCausalLM(LlamaConfig(**sizes, num_key_value_heads=2, pad_token_id=0)).train(), per_token=True)


def opt() -> Case:
    """Its feed-forward layers see rows of examples and tokens in one dimension."""
    from transformers import OPTConfig, OPTForCausalLM

    sizes = {"vocab_size": 40, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "ffn_dim": 48}
    config = OPTConfig(**sizes, max_position_embeddings=16, word_embed_proj_dim=32)
    case = _texts(OPTForCausalLM(config).train(), per_token=True)
    # Its position embeddings compute their own indices: without a rule.
    case.model.model.decoder.embed_positions.requires_grad_(False)
    return case


def t5() -> Case:
    """Position biases without a batch dimension."""
    from transformers import T5Config, T5ForSequenceClassification

    sizes = {"vocab_size": 40, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}
    case = _texts(T5ForSequenceClassification(T5Config(**sizes, num_labels=3, decoder_start_token_id=0)).train())
    case.inputs["input_ids"][:, -1] = 1
    case.inputs["input_ids"][:, :-1].clamp_(2)
    return case


def adapted(kind: str, case: Callable[[], Case] = llama, **settings: Any) -> Case:
    """With an adapter of peft."""
    import peft

    configs: dict[str, Callable[..., Any]] = {"lora": peft.LoraConfig, "ia3": peft.IA3Config}
    made = case()
    if kind == "ia3":
        settings = {"target_modules": ["k_proj", "v_proj", "down_proj"], "feedforward_modules": ["down_proj"], **settings}
    elif case is llama:
        settings = {"r": 4, "lora_dropout": 0.1, "target_modules": "all-linear", **settings}
    torch.manual_seed(3)
    made.model = peft.get_peft_model(made.model, configs[kind](**settings)).train()
    for parameter in made.model.parameters():
        if parameter.requires_grad:
            nn.init.normal_(parameter, std=0.3)
    return made


class Convolutions(nn.Module):
    def __init__(self, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, 8, 3, padding=1, stride=2),
            norm(8),
            nn.ReLU(inplace=True),
            nn.Conv2d(8, 8, 3, padding="same", groups=2, bias=False),
            nn.ReLU(inplace=True),
            nn.Flatten(),
            nn.Linear(8 * 16, 3),
        )

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images)
        return logits


def convolutions(norm: Callable[[int], nn.Module] = lambda width: nn.GroupNorm(4, width)) -> Case:
    torch.manual_seed(4)
    images = torch.randn(BATCH, 2, 8, 8)
    targets = torch.randint(0, 3, (BATCH,))
    return Case(Convolutions(norm).train(), {"images": images}, targets, lambda model, inputs: model(**inputs))


def vit(**settings: Any) -> Case:
    """A class token and position embeddings beside the patches."""
    from transformers import ViTConfig, ViTForImageClassification

    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
    return _images(ViTForImageClassification(ViTConfig(**sizes, image_size=8, patch_size=4, num_labels=3, **settings)))


def resnet() -> Case:
    """BatchNorm in evaluation mode, with statistics that are not those of a new layer."""
    from transformers import ResNetConfig, ResNetForImageClassification

    sizes = {"embedding_size": 8, "hidden_sizes": [8, 12], "depths": [1, 1], "layer_type": "basic"}
    case = _images(ResNetForImageClassification(ResNetConfig(**sizes, num_labels=3)))
    for module in case.model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            module.eval()
    return case


def _images(model: nn.Module) -> Case:
    torch.manual_seed(6)
    return Case(model.train(), {"pixel_values": torch.randn(BATCH, 3, 8, 8)}, torch.randint(0, 3, (BATCH,)))


class Shared(nn.Module):
    """One layer twice, and inputs without a dimension for tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Linear(6, 6)
        self.norm = nn.RMSNorm(6)
        self.head = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.norm(self.shared(torch.tanh(self.shared(x)))))
        return logits


def shared(model: nn.Module | None = None) -> Case:
    torch.manual_seed(5)
    x = torch.randn(BATCH, 6)
    return Case(
        Shared() if model is None else model,
        {"x": x},
        torch.randint(0, 3, (BATCH,)),
        lambda module, inputs: module(**inputs),
    )


ALL: dict[str, Callable[[], Case]] = {
    "bert": bert,
    "gpt2": gpt2,
    "llama": llama,
    "opt": opt,
    "lora": lambda: adapted("lora"),
    "lora-bias": lambda: adapted("lora", bias="lora_only"),
    "ia3": lambda: adapted("ia3"),
    "convolutions": convolutions,
    "shared": shared,
    "vit": vit,
    "resnet": resnet,
}
