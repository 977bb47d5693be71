"""Batches as scripts have them: tensors in dictionaries, tuples and lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def batch_size_of(batch: Any) -> int:
    """The first dimension of the first tensor.

    Raises:
        ValueError: if there is no tensor.
    """
    for tensor in _tensors(batch):
        if tensor.ndim > 0:
            return len(tensor)
    raise ValueError("the batch contains no tensor. Expected tensors whose first dimension is the batch.")


def tokens_of(batch: Mapping[str, Any]) -> Tensor | None:
    """How many tokens the texts of a batch have, without padding; None if they are not texts."""
    mask, ids = batch.get("attention_mask"), batch.get("input_ids")
    if isinstance(mask, Tensor) and mask.ndim == 2:
        return mask.sum()
    return torch.tensor(ids.numel()) if isinstance(ids, Tensor) else None


def device_of(batch: Any) -> torch.device:
    """The device of the first tensor."""
    tensor: Tensor = next(iter(_tensors(batch)))
    return tensor.device


def rows_of(batch: Any, rows: Tensor, size: int) -> Any:
    """The named examples of a batch of that size. What has no row for each example stays as it is."""
    if isinstance(batch, Tensor):
        return batch.index_select(0, rows.to(batch.device)) if batch.ndim > 0 and len(batch) == size else batch
    if isinstance(batch, Mapping):
        return {key: rows_of(value, rows, size) for key, value in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(rows_of(value, rows, size) for value in batch))
    if isinstance(batch, (tuple, list)):
        if isinstance(batch, list) and len(batch) == size and not any(isinstance(one, Tensor) for one in batch):
            return [batch[i] for i in rows.tolist()]
        return type(batch)(rows_of(value, rows, size) for value in batch)
    return batch


def _tensors(batch: Any) -> Any:
    if isinstance(batch, Tensor):
        yield batch
    elif isinstance(batch, Mapping):
        for value in batch.values():
            yield from _tensors(value)
    elif isinstance(batch, (tuple, list)):
        for value in batch:
            yield from _tensors(value)
