"""Textual entailment (RTE) by MiniLM with LoRA: a plain script of transformers, and the lines that make it train with GRAIN.

    pip install "grain_torch-0.1.0-py3-none-any.whl[hf]"   # the wheel that the extension carries: docs/pytorch.md
    python train.py --train data/train.tsv --validation data/dev.tsv

The run appears in VS Code's GRAIN view while it trains, if this is run inside the folder that is open there.
"""

import argparse
import csv

import numpy as np
from peft import LoraConfig, get_peft_model
from torch.utils.data import Dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding, TrainingArguments

from grain_torch.hf import GrainTrainer  # 1: instead of `from transformers import Trainer`


class Pairs(Dataset):
    """Pairs of texts from a file of tab-separated values."""

    def __init__(self, path: str, tokenizer) -> None:
        with open(path, encoding="utf-8", newline="") as file:
            self.rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        self.tokenizer = tokenizer

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> dict:
        row = self.rows[at]
        tokens = self.tokenizer(row["sentence1"], row["sentence2"], truncation=True, max_length=128)
        return {**tokens, "labels": int(row["label"] == "entailment")}


def accuracy(predicted) -> dict:
    return {"accuracy": float(np.mean(predicted.predictions.argmax(-1) == predicted.label_ids))}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="sentence-transformers/all-MiniLM-L6-v2")
    parser.add_argument("--train", default="data/train.tsv")
    parser.add_argument("--validation", default="data/dev.tsv")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", default="out")
    options = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForSequenceClassification.from_pretrained(options.model, num_labels=2)
    model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=8, target_modules=["query", "value"]))
    trainer = GrainTrainer(  # 2: instead of `Trainer(`
        model=model,
        groups=8,  # 3: eight slices of each batch; or the name of a column of the data
        args=TrainingArguments(
            output_dir=options.output,
            run_name="hf-trainer",
            per_device_train_batch_size=options.batch,
            max_steps=options.steps,
            learning_rate=2e-3,
            warmup_steps=options.steps // 10,
            seed=options.seed,
            eval_strategy="steps",
            eval_steps=max(1, options.steps // 4),
            save_strategy="steps",
            save_steps=max(1, options.steps // 2),
            metric_for_best_model="accuracy",
            logging_steps=10,
            report_to="none",
        ),
        train_dataset=Pairs(options.train, tokenizer),
        eval_dataset=Pairs(options.validation, tokenizer),
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=accuracy,
    )
    trainer.train()


if __name__ == "__main__":
    main()
