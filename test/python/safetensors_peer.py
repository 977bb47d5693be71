"""What test/unit/hub/safetensors.test.ts compares with: safetensors and transformers themselves."""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


def resave(source, target):
    """Reads every tensor of a file and writes it anew."""
    save_file(load_file(source), target)


def kinds(file, expected):
    """Numbers of every kind, all halves among them, and the float32 that PyTorch makes of each."""
    bits = torch.arange(-(2**15), 2**15, dtype=torch.int16)
    extremes = {
        dtype: torch.tensor([torch.iinfo(dtype).min, 0, 1, torch.iinfo(dtype).max], dtype=dtype)
        for dtype in [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.uint16, torch.uint32, torch.uint64]
    }
    tensors = {str(dtype): values for dtype, values in extremes.items()} | {
        "float16": bits.view(torch.float16),
        "bfloat16": bits.clone().view(torch.bfloat16),
        "float64": torch.tensor([1 / 3, 1e-45, 1e300, -0.0, float("inf"), float("nan")], dtype=torch.float64),
        "bool": torch.tensor([[True, False], [False, True]]),
        "scalar": torch.tensor(2.5),
        "none": torch.zeros(0, 3),
    }
    save_file(tensors, file)
    save_file({name: values.float() for name, values in tensors.items()}, expected)


def checkpoints(folder):
    """One tiny BERT as safetensors, as shards of them, and as a pickle."""
    from transformers import BertConfig, BertModel

    model = BertModel(
        BertConfig(vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
    )
    model.save_pretrained(f"{folder}/whole")
    model.save_pretrained(f"{folder}/sharded", max_shard_size="20KB")
    Path(f"{folder}/pickle").mkdir()
    torch.save(model.state_dict(), f"{folder}/pickle/pytorch_model.bin")


def accepted(folder):
    """Which files of a folder safetensors opens."""
    opened = {}
    for file in Path(folder).iterdir():
        try:
            load_file(file)
            opened[file.name] = True
        except Exception:
            opened[file.name] = False
    print(json.dumps(opened))


globals()[sys.argv[1]](*sys.argv[2:])
