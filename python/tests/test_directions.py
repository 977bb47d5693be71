"""Directions that the device torch makes itself: streaming in the memory of two gradients, and GradDrop's."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from test_adapters import CPU, SIZES, spec_of
from torch import nn

from grain_backend.directions import drop_signs
from grain_backend.learner import Learner
from grain_backend.messages import Discard, Gradients, Meet, Move, Update
from grain_torch.gradients.stack import GradientStack

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def learner(tmp_path: Path) -> Learner:
    from transformers import BertConfig, BertModel

    BertModel(BertConfig(**SIZES)).save_pretrained(tmp_path)
    learner = Learner(CPU, lambda _done: None, lambda: False)
    learner.answer(spec_of(tmp_path, "classification"))
    return learner


def group(index: int) -> Gradients:
    ids = np.random.default_rng(index).integers(2, 40, (2, 6)).astype(np.int32)
    lengths, bounds = np.array([6, 6], np.int32), np.array([0, 2], np.int32)
    return Gradients(ids, np.zeros_like(ids), lengths, bounds, np.array([0.0, 1.0]), seed=index)


def live_bytes() -> int:
    gc.collect()
    storages = {
        tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes()
        for tensor in gc.get_objects()
        if isinstance(tensor, torch.Tensor)
    }
    return sum(storages.values())


def test_streaming_needs_no_more_memory_for_more_groups(learner: Learner) -> None:
    learner.answer(group(0))
    learner.answer(Discard())
    before = live_bytes()
    size = sum(trained["size"] for trained in learner.answer(learner._spec)["trained"])
    held = []
    for index in range(6):
        learner.answer(group(index))
        inner = learner.answer(Meet())["inner"]
        learner.answer(Move(1 / (1 + index)))
        held.append((live_bytes() - before) / (4 * size))
        assert (inner == 0) == (index == 0)
    # d, and one gradient.
    assert max(held) < 2.1, held
    assert abs(held[-1] - held[1]) < 0.01, held
    learner.answer(Update(None, 0.1, None, 0.0))
    learner.answer(Discard())
    assert live_bytes() - before < 0.1 * 4 * size


def test_graddrop_is_the_mean_of_one_sign_by_its_probability() -> None:
    rows = torch.tensor([[3.0, -1.0, 2.0, 0.0], [1.0, 1.0, -6.0, 0.0], [float("nan")] * 4])
    parameter = nn.Parameter(torch.zeros(4))
    stack = GradientStack(3)
    stack.add(parameter, rows)
    finite = np.array([0, 1], np.int32)
    found = torch.stack([drop_signs([parameter], stack, finite, 0.25, seed)[0] for seed in range(4000)])
    # With leak ℓ: (p + ℓn)/k with probability p/(p − n), else (ℓp + n)/k.
    assert torch.equal(found[:, 0], torch.full((4000,), 2.0))
    assert torch.equal(found[:, 3], torch.zeros(4000))
    for column, (positive, negative) in {1: (1.0, -1.0), 2: (2.0, -6.0)}.items():
        one, other = (positive + 0.25 * negative) / 2, (0.25 * positive + negative) / 2
        assert set(found[:, column].tolist()) == {one, other}
        share = float((found[:, column] == one).double().mean())
        assert abs(share - positive / (positive - negative)) < 0.03
    again = drop_signs([parameter], stack, finite, 0.25, 7)[0]
    assert torch.equal(again, found[7])
