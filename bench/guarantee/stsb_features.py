"""Features of STS-B pairs from a frozen MiniLM: |u - v| and u * v of the mean-pooled, normalised embeddings, as CSV.

Usage: stsb_features.py FOLDER_OF_MINILM FOLDER_OF_STSB OUTPUT_FOLDER
"""

import csv
import sys
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

TRAIN, VALIDATION = 500, 700


def pairs(file: Path, count: int) -> list[tuple[float, str, str]]:
    """The first `count` pairs of a shuffle with a fixed seed."""
    lines = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()]
    order = torch.randperm(len(lines), generator=torch.Generator().manual_seed(0))
    chosen = [lines[i] for i in order[:count].tolist()]
    return [(float(cells[4]), cells[5], cells[6]) for cells in chosen]


@torch.no_grad()
def embed(texts: list[str]) -> torch.Tensor:
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModel.from_pretrained(checkpoint).eval()
    rows = []
    for start in range(0, len(texts), 64):
        batch = tokenizer(texts[start : start + 64], padding=True, truncation=True, return_tensors="pt")
        mask = batch["attention_mask"].unsqueeze(-1)
        hidden = model(**batch).last_hidden_state
        rows.append((hidden * mask).sum(1) / mask.sum(1))
    return torch.nn.functional.normalize(torch.cat(rows))


def write(file: Path, examples: list[tuple[float, str, str]]) -> None:
    u, v = (embed([example[side] for example in examples]) for side in (1, 2))
    # Embeddings have unit length: brought to a scale of about 1.
    features = torch.cat([(u - v).abs(), u * v], dim=1) * u.shape[1] ** 0.5
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow([*(f"f{i}" for i in range(features.shape[1])), "score"])
        for row, (score, _, _) in zip(features.tolist(), examples, strict=True):
            writer.writerow([*(f"{value:.6g}" for value in row), score])


checkpoint, source, target = map(Path, sys.argv[1:])
write(target / "train.csv", pairs(source / "sts-train.csv", TRAIN))
write(target / "validation.csv", pairs(source / "sts-dev.csv", VALIDATION))
