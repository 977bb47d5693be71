"""Makes what test/unit/nn/saved.test.ts trains, and loads what it saved, as a user of transformers and peft would."""

import json
import sys
from pathlib import Path

import torch
import transformers
from peft import PeftModel
from safetensors.torch import save_file
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    BertConfig,
    DistilBertConfig,
    GPT2Config,
    LlamaConfig,
    MistralConfig,
    Qwen2Config,
    Qwen3Config,
    RobertaConfig,
)

WIDE = dict(
    vocab_size=50,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    max_position_embeddings=16,
    pad_token_id=0,
)
ROTARY = dict(num_key_value_heads=2, bos_token_id=1, eos_token_id=2)
ENCODERS = {
    "bert": BertConfig(**WIDE),
    "roberta": RobertaConfig(**WIDE, type_vocab_size=1),
    "distilbert": DistilBertConfig(
        vocab_size=50, dim=32, n_layers=2, n_heads=4, hidden_dim=64, max_position_embeddings=16
    ),
}
DECODERS = {
    "gpt2": GPT2Config(
        vocab_size=50, n_embd=32, n_layer=2, n_head=4, n_positions=16, pad_token_id=0, bos_token_id=1, eos_token_id=2
    ),
    "llama": LlamaConfig(**WIDE, **ROTARY),
    "mistral": MistralConfig(**WIDE, **ROTARY, sliding_window=16),
    "qwen2": Qwen2Config(**WIDE, **ROTARY, tie_word_embeddings=True),
    "qwen3": Qwen3Config(**WIDE, **ROTARY, head_dim=12),
}


def make(folder):
    """A tiny checkpoint of each kind: encoders for three classes, language models."""
    torch.manual_seed(0)
    for kind, config in ENCODERS.items():
        config.num_labels = 3
        AutoModelForSequenceClassification.from_config(config).save_pretrained(f"{folder}/{kind}/base")
    for kind, config in DECODERS.items():
        AutoModelForCausalLM.from_config(config).save_pretrained(f"{folder}/{kind}/base")


def load(folder, batch):
    """Writes the outputs of the checkpoint, or of the adapter, in each folder beside the base of each kind."""
    for kind in [*ENCODERS, *DECODERS]:
        base = Path(folder, kind, "base")
        for saved in base.parent.iterdir():
            if saved != base:
                write_outputs(kind, saved, base, json.loads(batch))


def write_outputs(kind, folder, base, batch):
    auto = AutoModelForSequenceClassification if kind in ENCODERS else AutoModelForCausalLM
    if Path(folder, "adapter_config.json").exists():
        model = PeftModel.from_pretrained(auto.from_pretrained(base), folder)
    else:
        model, report = auto.from_pretrained(folder, output_loading_info=True)
        assert not any(report.values()), report
    ids = torch.tensor(batch["ids"])
    mask = torch.arange(ids.shape[1])[None, :] < torch.tensor(batch["lengths"])[:, None]
    types = {"token_type_ids": torch.tensor(batch["typeIds"])} if kind == "bert" else {}
    with torch.no_grad():
        outputs = model.eval()(input_ids=ids, attention_mask=mask.long(), **types).logits
    save_file({"outputs": outputs.contiguous()}, Path(folder, "outputs.safetensors"))


transformers.logging.set_verbosity_error()
globals()[sys.argv[1]](*sys.argv[2:])
