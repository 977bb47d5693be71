"""Gram matrices of all kinds, the degenerate ones that training meets among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grain_torch.engine.types import Array


def gram_matrices(count: int, seed: int) -> Iterator[Array]:
    """Random ones of eight kinds in turn, with 1 to 16 groups."""
    random = np.random.default_rng(seed)
    for at in range(count):
        k = int(random.integers(1, 17))
        gradients = _gradients(at % 8, k, random)
        gram = gradients @ gradients.T
        yield (gram + gram.T) / 2


def _gradients(kind: int, k: int, random: np.random.Generator) -> Array:
    d = int(random.integers(1, 40))
    rows = random.standard_normal((k, d))
    if kind == 1:  # nearly orthogonal, as in training
        rows = random.standard_normal((k, 1000))
    elif kind == 2:  # norms over twelve decades
        rows *= 10.0 ** random.uniform(-6, 6, (k, 1))
    elif kind == 3:  # duplicates
        rows = rows[random.integers(0, k, k)]
    elif kind == 4:  # parallel, of different lengths
        rows = rows[random.integers(0, max(1, k // 2), k)] * random.uniform(0.5, 2, (k, 1))
    elif kind == 5:  # stationary: 0 lies in the hull
        rows -= rows.mean(axis=0)
    elif kind == 6:  # one rank
        rows = np.outer(random.standard_normal(k), rows[0])
    elif kind == 7:  # all in one direction, with zeros
        rows += 3
        rows[random.random(k) < 0.2] = 0
    return rows
