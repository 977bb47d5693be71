"""Adapters of the device torch: each group's gradient is autograd's, and what is saved is what was trained."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from grain_backend import checkpoint, quantization
from grain_backend.batches import Batch
from grain_backend.build import Adalora, Build, Ia3, Lora, Optimizer, PromptTuning
from grain_backend.errors import ModelError
from grain_backend.gradients import GradientPass
from grain_backend.learner import Learner
from grain_backend.messages import Gradients, Update
from grain_backend.network import load_network
from grain_backend.optimizers import build_optimizer
from grain_backend.passes import Passes
from grain_backend.ranks import Ranks

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")
SIZES = {
    "vocab_size": 40,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 24,
    "pad_token_id": 0,
}
ADAPTERS: dict[str, dict[str, Any]] = {
    "lora": {"lora": Lora(decomposed=False, rank=2, alpha=4.0, dropout=0.0, targets=None)},
    "dora": {"lora": Lora(decomposed=True, rank=2, alpha=4.0, dropout=0.0, targets=None)},
    "adalora": {"adalora": Adalora(4, 2, 4.0, 0.0, None, steps=10, warmup=2, fixed=3, orthogonality=0.5)},
    "ia3": {"ia3": Ia3(None, None)},
    "prompt tuning": {"prompt_tuning": PromptTuning(3)},
}


def spec_of(folder: Path, task: str, **settings: Any) -> Build:
    fields: dict[str, Any] = {
        "folder": str(folder),
        "base": str(folder),
        "revision": None,
        "inputs": "texts",
        "task": task,
        "classes": ["no", "yes"] if task == "classification" else [],
        "head": None,
        "pad_id": 0,
        "end_ids": [1],
        "freeze": 0,
        "reinitialize": 0,
        "lora": None,
        "adalora": None,
        "ia3": None,
        "prompt_tuning": None,
        "dropout": 0.0,
        "checkpointing": False,
        "accumulate": False,
        "dtype": "float32",
        "quantize": None,
        "optimizer": Optimizer("adamw", 0.0, 0.0, 0.9, 0.999, 1e-8),
        "loss": None,
        "metric": "euclidean",
        "guarded": False,
        "averages": False,
        "noise": None,
        "mixing": None,
        "head_first": False,
        "ascent": None,
        "stability": None,
        "seed": 1,
    }
    return Build(**{**fields, **settings})


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    from transformers import BertConfig, BertModel, LlamaConfig, LlamaForCausalLM, T5Config, T5ForConditionalGeneration

    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    BertModel(BertConfig(**SIZES)).save_pretrained(folder / "classification")
    LlamaForCausalLM(LlamaConfig(**SIZES, num_key_value_heads=2)).save_pretrained(folder / "generation")
    t5 = T5Config(vocab_size=40, d_model=32, d_kv=8, d_ff=48, num_layers=1, num_heads=4, decoder_start_token_id=0)
    T5ForConditionalGeneration(t5).save_pretrained(folder / "t5")
    return {name: folder / name for name in ("classification", "generation", "t5")}


def batch(task: str) -> Batch:
    """Three groups of examples of different lengths."""
    random = np.random.default_rng(2)
    lengths = np.array([5, 9, 7, 4, 8, 6, 9], np.int32)
    ids = random.integers(2, 40, (7, 9)).astype(np.int32)
    ids[np.arange(9)[None, :] >= lengths[:, None]] = 0
    targets = np.array([0, 1, 1, 0, 1, 0, 1] if task == "classification" else [2, 4, 1, 3, 5, 2, 6], np.float64)
    return Batch(ids, np.zeros_like(ids), lengths, np.array([0, 2, 5, 7], np.int32), targets)


@pytest.mark.parametrize("task", ["classification", "generation"])
@pytest.mark.parametrize("adapter", list(ADAPTERS))
def test_each_groups_gradient_is_autograds(checkpoints: dict[str, Path], adapter: str, task: str) -> None:
    spec = spec_of(checkpoints[task], task, **ADAPTERS[adapter])
    network = load_network(spec, CPU)
    parameters = list(network.trained.values())
    for parameter in parameters:
        # Adapters begin where half of their gradients are zero.
        torch.nn.init.normal_(parameter, mean=0.5, std=0.3)
    passes = Passes(network, spec, CPU)
    network.train()
    gradients = GradientPass(network.model, passes, parameters, accumulate=False)
    losses, stack = gradients.run(batch(task), 0)
    one_by_one = adapter in ("dora", "adalora", "prompt tuning")
    assert (gradients.is_grouped, gradients.separately is None) == (not one_by_one, not one_by_one)

    values, counts = passes.losses(batch(task))
    for group, rows in enumerate((slice(0, 2), slice(2, 5), slice(5, 7))):
        loss = (values[rows] * counts[rows]).sum() / counts[rows].sum()
        assert abs(losses[group] - loss.item()) < 1e-5
        expected = torch.autograd.grad(loss, parameters, retain_graph=True)
        length = torch.cat([one.flatten() for one in expected]).norm()
        for (name, parameter), theirs in zip(network.trained.items(), expected, strict=True):
            ours = stack.row_of(parameter, group)
            assert ours is not None, name
            assert (ours - theirs).norm() <= 1e-5 * theirs.norm() + 1e-6 * length, (group, name)


@pytest.mark.parametrize("task", ["classification", "generation"])
@pytest.mark.parametrize("adapter", list(ADAPTERS))
def test_a_checkpoint_brings_all_that_was_trained(checkpoints: dict[str, Path], tmp_path: Path, adapter: str, task: str) -> None:
    spec = spec_of(checkpoints[task], task, **ADAPTERS[adapter])
    networks = [load_network(spec, CPU) for _ in range(2)]
    optimizers = [build_optimizer(spec.optimizer, list(network.trained.values())) for network in networks]
    for parameter in networks[0].trained.values():
        torch.nn.init.normal_(parameter, mean=1)
    ranks = [Ranks(it.model, list(it.trained.values())) if spec.adalora is not None else None for it in networks]
    checkpoint.save(str(tmp_path), networks[0], optimizers[0], ranks[0])
    with torch.no_grad():
        checkpoint.load(str(tmp_path), networks[1], optimizers[1], ranks[1])
    trained = [network.trained for network in networks]
    assert list(trained[0]) == list(trained[1])
    for name, parameter in trained[0].items():
        assert torch.equal(parameter, trained[1][name]), name


def test_what_prompts_do_not_go_with_is_refused_by_name(checkpoints: dict[str, Path]) -> None:
    prompt = ADAPTERS["prompt tuning"]
    with pytest.raises(ModelError, match="classifier on a decoder"):
        load_network(spec_of(checkpoints["generation"], "classification", classes=["no", "yes"], **prompt), CPU)
    with pytest.raises(ModelError, match="t5 is both"):
        load_network(spec_of(checkpoints["t5"], "generation", **prompt), CPU)


def test_layers_of_ia3_are_named_where_they_are_wrong(checkpoints: dict[str, Path]) -> None:
    with pytest.raises(ModelError, match="feedforward names value"):
        load_network(spec_of(checkpoints["classification"], "classification", ia3=Ia3(["key"], ["value"])), CPU)
    with pytest.raises(ModelError, match="no linear layer nothing"):
        load_network(spec_of(checkpoints["classification"], "classification", ia3=Ia3(["nothing"], None)), CPU)


def test_frozen_blocks_get_no_scales(checkpoints: dict[str, Path]) -> None:
    spec = spec_of(checkpoints["classification"], "classification", freeze=1, ia3=Ia3(None, None))
    scales = [name for name in load_network(spec, CPU).trained if "ia3" in name]
    assert len(scales) == 4, scales
    assert all(".layer.1." in name for name in scales), scales


def prepared(spec: Build) -> tuple[GradientPass, list[torch.nn.Parameter]]:
    network = load_network(spec, CPU)
    parameters = list(network.trained.values())
    network.train()
    passes = Passes(network, spec, CPU)
    return GradientPass(network.model, passes, parameters, accumulate=spec.accumulate), parameters


@pytest.mark.parametrize("accumulate", [False, True])
def test_float16_is_scaled_and_unscaled(checkpoints: dict[str, Path], accumulate: bool) -> None:
    settings = {"head": [0, 1], "accumulate": accumulate}
    exact, parameters = prepared(spec_of(checkpoints["classification"], "classification", **settings))
    half, halves = prepared(spec_of(checkpoints["classification"], "classification", dtype="float16", **settings))
    for parameter, other in zip(parameters, halves, strict=True):
        other.data.copy_(parameter.data)
    wanted = exact.run(batch("classification"), 0)[1].gram()
    # Far too much: it is halved until nothing overflows.
    half.loss_scale = 2.0**40
    found = half.run(batch("classification"), 0)[1].gram()
    assert 1 < half.loss_scale < 2.0**40
    np.testing.assert_allclose(found, wanted, atol=0.02 * wanted.max())
    assert not np.array_equal(found, wanted)
    # The scale goes through as it is.
    half.loss_scale /= 4
    np.testing.assert_allclose(half.run(batch("classification"), 0)[1].gram(), found, atol=1e-3 * wanted.max())


def test_quantized_weights_are_refused_without_cuda_or_bitsandbytes(
    checkpoints: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_of(checkpoints["generation"], "generation", quantize="4bit", **ADAPTERS["lora"])
    with pytest.raises(ModelError, match=r"needs a GPU with CUDA, but PyTorch computes on cpu.*install bitsandbytes"):
        load_network(spec, CPU)
    monkeypatch.setattr(quantization.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ModelError, match="needs bitsandbytes, which this Python lacks"):
        load_network(spec, torch.device("cuda"))


def test_a_model_is_loaded_once_for_the_same_request_until_it_is_trained(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(checkpoints["classification"], folder)
    learner = Learner(CPU, lambda _done: None, lambda: False)
    spec = spec_of(folder, "classification")
    first = learner.answer(spec)
    shutil.rmtree(folder)
    assert learner.answer(spec) == first
    learner.answer(Gradients(**vars(batch("classification")), seed=0))
    learner.answer(Update(np.full((1, 3), 1 / 3), 0.1, None, 0.0))
    with pytest.raises(OSError, match="checkpoint"):
        learner.answer(spec)
