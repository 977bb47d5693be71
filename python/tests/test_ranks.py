"""AdaLoRA on the device torch: with the mean it is peft's own training, and a resumed run is one that never stopped."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from test_adapters import ADAPTERS, CPU, SIZES, batch, spec_of
from torch.nn import functional
from transformers import AutoModelForSequenceClassification, BertConfig, BertModel

from grain_backend.learner import Learner
from grain_backend.messages import Discard, Gradients, Initialize, Load, Outputs, Save, Update
from grain_backend.network import load_network
from grain_backend.passes import Passes

if TYPE_CHECKING:
    from pathlib import Path

    from grain_backend.build import Build

STEPS = 10
RATE = 0.05


@pytest.fixture
def spec(tmp_path: Path) -> Build:
    torch.manual_seed(0)
    BertModel(BertConfig(**SIZES)).save_pretrained(tmp_path / "base")
    return spec_of(tmp_path / "base", "classification", **ADAPTERS["adalora"])


class Run:
    def __init__(self, spec: Build) -> None:
        self.learner = Learner(CPU, lambda _done: None, lambda: False)
        self.learner.answer(spec)
        torch.manual_seed(3)
        count = sum(item.parameter.numel() for item in self.network.fresh)
        self.learner.answer(Initialize(torch.randn(count).mul(0.1).numpy()))

    @property
    def network(self) -> Any:
        return self.learner._network

    def step(self, number: int, weights: np.ndarray | None = None) -> dict[str, Any]:
        self.learner.answer(Gradients(**vars(batch("classification")), seed=number))
        shares = np.array([[2, 3, 2]]) / 7 if weights is None else weights
        reply = self.learner.answer(Update(shares, RATE, 0.5, 0.0))
        self.learner.answer(Discard())
        return reply

    def values(self) -> dict[str, torch.Tensor]:
        return {name: parameter.detach().clone() for name, parameter in self.network.trained.items()}

    def ranks(self) -> int:
        return sum(int((value != 0).sum()) for name, value in self.values().items() if name.endswith("lora_E"))


def test_with_the_mean_it_is_pefts_own_training(spec: Build) -> None:
    run = Run(spec)
    network = load_network(spec, CPU)
    for name, value in run.values().items():
        network.trained[name].data.copy_(value)
    passes = Passes(network, spec, CPU)
    optimizer = torch.optim.AdamW(network.trained.values(), lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
    model = network.model
    everything = batch("classification")
    for number in range(1, STEPS + 1):
        before = run.values()
        reply = run.step(number)
        moved = sum(float((value - before[name]).square().sum()) for name, value in run.values().items())
        # What setting ranks to zero moves is part of it.
        assert abs(reply["numbers"][0] / moved - 1) < 1e-4

        model.train()
        ids = torch.from_numpy(everything.ids).long()
        mask = torch.arange(ids.shape[1])[None, :] < torch.from_numpy(everything.lengths)[:, None]
        # With labels, peft adds its regularization to the loss.
        answer = model(input_ids=ids, attention_mask=mask.long(), labels=torch.from_numpy(everything.targets).long())
        answer.loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(network.trained.values(), 0.5)
        assert (reply["clippedNorm"] is not None) == (float(norm) > 0.5)
        optimizer.step()
        model.base_model.update_and_allocate(number)
        optimizer.zero_grad()
        for name, value in run.values().items():
            wanted = network.trained[name]
            assert (value - wanted).norm() <= 2e-4 * wanted.norm() + 1e-6, (number, name)
    assert run.ranks() == sum(2 for name in network.trained if name.endswith("lora_E"))
    assert np.allclose(run.learner._passes.outputs(everything), passes.outputs(everything), atol=1e-3)


# peft looks for LoRA's pattern first.
@pytest.mark.filterwarnings("ignore:The following rank_pattern keys")
def test_ranks_fall_then_stay_and_what_is_saved_is_what_was_validated(spec: Build, tmp_path: Path) -> None:
    run = Run(spec)
    counts = []
    for number in range(1, STEPS + 1):
        run.step(number)
        counts.append(run.ranks())
    layers = sum(1 for name in run.network.trained if name.endswith("lora_E"))
    assert counts[:2] == [4 * layers] * 2
    assert all(later <= earlier for earlier, later in pairwise(counts))
    assert counts[6:] == [2 * layers] * 4
    (tmp_path / "saved").mkdir()
    run.learner.answer(Save(str(tmp_path / "saved")))
    base = AutoModelForSequenceClassification.from_pretrained(spec.folder, num_labels=2)
    read = PeftModel.from_pretrained(base, str(tmp_path / "saved")).eval()
    everything = batch("classification")
    ids = torch.from_numpy(everything.ids).long()
    mask = torch.arange(ids.shape[1])[None, :] < torch.from_numpy(everything.lengths)[:, None]
    with torch.inference_mode():
        logits = read(input_ids=ids, attention_mask=mask.long()).logits
    ours = torch.from_numpy(run.learner.answer(Outputs(**vars(everything)))["outputs"])
    assert (functional.log_softmax(logits, 1) - functional.log_softmax(ours, 1)).abs().max() < 1e-5


@pytest.mark.parametrize("stop", [1, 4, 8])
def test_a_resumed_run_is_one_that_never_stopped(spec: Build, tmp_path: Path, stop: int) -> None:
    whole, first = Run(spec), Run(spec)
    for number in range(1, STEPS + 1):
        # Saving changes nothing.
        if number == stop + 1:
            (tmp_path / "aside").mkdir()
            whole.learner.answer(Save(str(tmp_path / "aside")))
        whole.step(number)
    for number in range(1, stop + 1):
        first.step(number)
    (tmp_path / "saved").mkdir()
    first.learner.answer(Save(str(tmp_path / "saved")))
    second = Run(spec)
    second.learner.answer(Load(str(tmp_path / "saved")))
    for number in range(stop + 1, STEPS + 1):
        second.step(number)
    for name, value in whole.values().items():
        assert torch.equal(value, second.values()[name]), name


def test_a_skipped_step_moves_nothing(spec: Build) -> None:
    run = Run(spec)
    run.step(1)
    before = run.values()
    assert run.step(2, np.zeros((1, 3)))["numbers"][0] == 0
    assert all(torch.equal(value, before[name]) for name, value in run.values().items())
