"""What test/unit/nn/encoders.test.ts compares with: transformers, peft and PyTorch's autograd."""

import json
import sys
from pathlib import Path

import torch
import transformers
from peft import LoraConfig, get_peft_model
from references import reference, scatter_up
from transformers import AutoModelForSequenceClassification, BertConfig, DistilBertConfig, RobertaConfig

CONFIGS = {
    "bert": lambda size: BertConfig(**size, hidden_act="gelu", num_labels=3),
    "roberta": lambda size: RobertaConfig(**size, hidden_act="gelu_new", type_vocab_size=1, pad_token_id=1, num_labels=3),
    "distilbert": lambda size: DistilBertConfig(
        vocab_size=size["vocab_size"],
        dim=size["hidden_size"],
        n_layers=size["num_hidden_layers"],
        n_heads=size["num_attention_heads"],
        hidden_dim=size["intermediate_size"],
        max_position_embeddings=size["max_position_embeddings"],
        activation="gelu",
        initializer_range=size["initializer_range"],
        num_labels=3,
    ),
}
SIZE = dict(
    vocab_size=100,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=48,
    max_position_embeddings=24,
    initializer_range=0.05,
)


def scattered(model, generator):
    """Values large enough that every part of the network matters."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            scale = 0.1 if "norm" in name.lower() or name.endswith("bias") else 0.25
            parameter.add_(scale * torch.randn(parameter.shape, generator=generator))
    return model


def inputs(batch, kind):
    """The batch as the model wants it; padding by its mask."""
    ids = torch.tensor(batch["ids"][kind])
    mask = torch.arange(ids.shape[1])[None, :] < torch.tensor(batch["lengths"])[:, None]
    types = {"token_type_ids": torch.tensor(batch["typeIds"])} if kind == "bert" else {}
    return {"input_ids": ids, "attention_mask": mask.long(), **types}


def main(folder, batch):
    for number, (kind, config) in enumerate(CONFIGS.items()):
        generator = torch.Generator().manual_seed(number)
        torch.manual_seed(number)
        for task, labels in [("classification", 3), ("regression", 1)]:
            here = Path(folder, kind, task)
            described = config(SIZE)
            described.num_labels = labels
            model = scattered(AutoModelForSequenceClassification.from_config(described), generator)
            model.save_pretrained(here)
            reference(model, inputs(batch, kind), batch[task], batch["examples"], here / "reference.safetensors")
            if task == "regression":
                continue
            head = ["pre_classifier", "classifier"] if kind == "distilbert" else ["classifier"]
            targets = ["q_lin", "v_lin"] if kind == "distilbert" else None  # None: peft's own choice
            lora = LoraConfig(
                task_type="SEQ_CLS", r=4, lora_alpha=12, lora_dropout=0.0, target_modules=targets, modules_to_save=head
            )
            adapted = get_peft_model(model, lora)
            scatter_up(adapted, generator)
            adapted.save_pretrained(here / "lora")
            file = here / "lora" / "reference.safetensors"
            reference(adapted, inputs(batch, kind), batch[task], batch["examples"], file)


transformers.logging.set_verbosity_error()
main(sys.argv[1], json.loads(sys.argv[2]))
