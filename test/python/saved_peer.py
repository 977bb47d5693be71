"""Loads what test/unit/training/transformer/saved.test.ts saved, as a user of transformers and peft would."""

import json
import sys
from pathlib import Path

import torch
import transformers
from peft import PeftModel
from safetensors.torch import save_file
from transformers import AutoModelForSequenceClassification, BertConfig


def make(folder):
    """A tiny checkpoint for three classes."""
    config = BertConfig(
        vocab_size=50,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=16,
        num_labels=3,
    )
    torch.manual_seed(0)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)


def load(base, batch, *folders):
    """Writes the outputs of the checkpoint, or of the adapter, in each folder."""
    for folder in folders:
        write_outputs(folder, base, json.loads(batch))


def write_outputs(folder, base, batch):
    if Path(folder, "adapter_config.json").exists():
        model = AutoModelForSequenceClassification.from_pretrained(base)
        model = PeftModel.from_pretrained(model, folder)
    else:
        model, report = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True)
        assert not any(report.values()), report
    ids = torch.tensor(batch["ids"])
    mask = torch.arange(ids.shape[1])[None, :] < torch.tensor(batch["lengths"])[:, None]
    with torch.no_grad():
        given = dict(input_ids=ids, attention_mask=mask.long(), token_type_ids=torch.tensor(batch["typeIds"]))
        outputs = model.eval()(**given).logits
    save_file({"outputs": outputs.contiguous()}, Path(folder, "outputs.safetensors"))


transformers.logging.set_verbosity_error()
globals()[sys.argv[1]](*sys.argv[2:])
