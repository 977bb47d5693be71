"""`predictions.jsonl`: what a run's final model predicts for each validation example (docs/run-format.md)."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from grain_torch.runs.json_line import json_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from grain_torch.engine.types import Array


def class_predictions(logits: Array, targets: Array, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """A line for each example: the class of the largest logit, and the probabilities that softmax makes of them, in float64."""
    wide = logits.astype(np.float64)
    with np.errstate(invalid="ignore"):
        exponentials = np.exp(wide - wide.max(1, keepdims=True))
    for index, (row, target) in enumerate(zip(exponentials / exponentials.sum(1, keepdims=True), targets, strict=True)):
        is_known = bool(np.isfinite(row).any())
        yield {
            "index": index,
            "target": names[int(target)],
            "prediction": names[int(np.nanargmax(row))] if is_known else None,
            "probabilities": {name: _number(value) for name, value in zip(names, row, strict=True)},
        }


def value_predictions(values: Array, targets: Array) -> Iterator[dict[str, Any]]:
    """A line for each example of a regression."""
    for index, (value, target) in enumerate(zip(values, targets, strict=True)):
        yield {"index": index, "target": float(target), "prediction": _number(value)}


def write_predictions(folder: Path, lines: Sequence[dict[str, Any]]) -> None:
    """Replaces the file of a run's folder, whole."""
    text = "".join(json_line(line) for line in lines)
    partial = folder / f"predictions.jsonl.{os.getpid()}"
    partial.write_text(text, encoding="utf-8")
    partial.replace(folder / "predictions.jsonl")


def _number(value: float) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
