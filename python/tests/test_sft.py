"""GrainSFTTrainer against TRL's SFTTrainer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import models
import numpy as np
import pytest
import torch
from datasets import Dataset
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast
from trl import SFTConfig, SFTTrainer

from grain_torch import UnsupportedModelError
from grain_torch.hf.sft import GrainSFTTrainer

WORDS = ["a", "cat", "dog", "sleeps", "runs", "home", "old", "the", "sea", "bird"]


@pytest.fixture(autouse=True)
def _in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def tokenizer() -> PreTrainedTokenizerFast:
    words = {word: i for i, word in enumerate(["<pad>", "<eos>", "<unk>", *WORDS])}
    fast = Tokenizer(WordLevel(words, unk_token="<unk>"))
    fast.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=fast, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")


def data() -> Dataset:
    random = np.random.default_rng(0)
    rows = [
        {
            "prompt": " ".join(random.choice(WORDS, 3)),
            "completion": " ".join(random.choice(WORDS, random.integers(1, 6))),
            "source": ["blue", "green"][i % 2],
        }
        for i in range(48)
    ]
    return Dataset.from_list(rows)


def trained(kind: type[Any], ours: dict[str, Any], **settings: Any) -> Any:
    arguments: dict[str, Any] = {
        "output_dir": "out",
        "per_device_train_batch_size": 6,
        "gradient_accumulation_steps": 2,
        "max_steps": 3,
        # Not Adam, which makes steps of full length of gradients that are zero but for rounding.
        "optim": "sgd",
        "learning_rate": 0.5,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": True,
        "disable_tqdm": True,
        "gradient_checkpointing": False,
        "bf16": False,
    }
    config = SFTConfig(**{**arguments, **settings})
    torch.manual_seed(0)
    model = models.llama().model
    trainer = kind(model=model, args=config, train_dataset=data(), processing_class=tokenizer(), **ours)
    trainer.train()
    return trainer


def test_the_mean_trains_as_sft_trainer_does() -> None:
    ours = trained(GrainSFTTrainer, {"aggregate": "mean", "groups": 4})
    theirs = trained(SFTTrainer, {})
    wanted = dict(theirs.model.named_parameters())
    for name, parameter in ours.model.named_parameters():
        torch.testing.assert_close(parameter, wanted[name], rtol=1e-4, atol=1e-5)
    losses = [[entry["loss"] for entry in it.state.log_history if "loss" in entry] for it in (ours, theirs)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)


def test_groups_by_a_column_of_the_data_and_adapters_of_peft() -> None:
    from peft import LoraConfig

    ours = {"groups": "source", "peft_config": LoraConfig(r=2, target_modules=["q_proj", "v_proj"])}
    trainer = trained(GrainSFTTrainer, ours, gradient_checkpointing=True)
    (run,) = Path(".grain/runs").iterdir()
    assert json.loads((run / "run.json").read_text())["groups"]["names"] == ["blue", "green"]
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    steps = [event for event in events if event["kind"] == "step"]
    assert [len(step["gram"]) for step in steps] == [3] * 3
    assert all(sum(step["sizes"]) == 12 for step in steps)
    # Answers have one to five words, and an end.
    assert all(2 * 12 <= sum(step["counts"]) <= 6 * 12 and step["counts"] != step["sizes"] for step in steps)
    assert all("grain/min_cosine" in entry for entry in trainer.state.log_history if "loss" in entry)


@pytest.mark.parametrize(
    ("setting", "words"), [({"padding_free": True, "max_length": None}, "padding_free"), ({"loss_type": "dft"}, "dft")]
)
@pytest.mark.filterwarnings("ignore")
def test_what_hides_examples_is_refused_by_name(setting: dict[str, Any], words: str) -> None:
    with pytest.raises(UnsupportedModelError, match=words):
        trained(GrainSFTTrainer, {"groups": 4}, **setting)
