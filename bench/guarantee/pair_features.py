"""Features of pairs of sentences from a frozen MiniLM: |u - v| and u * v of the mean-pooled, normalised embeddings, as CSV.

Usage: pair_features.py FOLDER_OF_MINILM TSV COLUMNS LINES_OF_HEADER COUNT OUTPUT
COLUMNS are the numbers of the target's and the two sentences' columns: 4,5,6.
"""

import csv
import sys
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

def pairs(file: Path, columns: list[int], header: int, count: int) -> list[list[str]]:
    """Target and sentences of the first `count` pairs of a shuffle with a fixed seed."""
    lines = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()[header:]]
    order = torch.randperm(len(lines), generator=torch.Generator().manual_seed(0))
    return [[lines[i][column] for column in columns] for i in order[:count].tolist()]


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


def write(file: Path, examples: list[list[str]]) -> None:
    u, v = (embed([example[side] for example in examples]) for side in (1, 2))
    # Embeddings have unit length: brought to a scale of about 1.
    features = torch.cat([(u - v).abs(), u * v], dim=1) * u.shape[1] ** 0.5
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow([*(f"f{i}" for i in range(features.shape[1])), "score"])
        for row, (score, _, _) in zip(features.tolist(), examples, strict=True):
            writer.writerow([*(f"{value:.6g}" for value in row), score])


checkpoint, source, columns, header, count, target = sys.argv[1:]
write(Path(target), pairs(Path(source), [int(column) for column in columns.split(",")], int(header), int(count)))
