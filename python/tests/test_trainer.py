"""GrainTrainer against transformers' Trainer, and its runs against the TypeScript reader."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import models
import numpy as np
import pytest
import torch
from models import BATCH
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainerCallback, TrainingArguments

from grain_torch import GrainWarning, UnsupportedModelError
from grain_torch.hf import GrainTrainer, example_losses

torch.set_num_threads(2)
ROOT = Path(__file__).parents[2]
SOURCES = ["blue", "green", "red"]


@pytest.fixture(autouse=True)
def _in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def data(count: int = 48) -> list[dict[str, Any]]:
    random = torch.Generator().manual_seed(0)
    return [
        {
            "input_ids": torch.randint(1, 40, (6,), generator=random),
            "labels": int(torch.randint(0, 3, (1,), generator=random)),
            "source": SOURCES[i % 3],
        }
        for i in range(count)
    ]


def model_of(dropout: float = 0.0) -> BertForSequenceClassification:
    torch.manual_seed(0)
    sizes = {"vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24}
    dropouts = {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
    return BertForSequenceClassification(BertConfig(**sizes, **dropouts, max_position_embeddings=16, num_labels=3))


def arguments(**settings: Any) -> TrainingArguments:
    defaults: dict[str, Any] = {
        "output_dir": "out",
        "per_device_train_batch_size": 12,
        "max_steps": 4,
        "learning_rate": 1e-2,
        "warmup_steps": 2,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": True,
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }
    return TrainingArguments(**{**defaults, **settings})


def trained(kind: type[Trainer] = GrainTrainer, *, model: Any = None, resume: Any = None, **settings: Any) -> Trainer:
    ours = {
        key: settings.pop(key) for key in ("groups", "aggregate", "shadow", "method", "metric", "predictions") if key in settings
    }
    if kind is GrainTrainer:
        ours.setdefault("groups", 4)
    model = model_of() if model is None else model
    trainer = kind(model=model, args=arguments(**settings), train_dataset=data(), eval_dataset=data(12), **ours)
    trainer.train(resume_from_checkpoint=resume)
    return trainer


class _PlainTrainer(Trainer):
    """BERT's loss is a mean over the micro-batch, which Trainer takes for one over the step: its gradients are then too long."""

    loss_is_scaled_for_ga = False


def parameters_of(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: parameter.detach() for name, parameter in trainer.model.named_parameters()}


def events_of(folder: Path, kind: str | None = None) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    return [event for event in events if kind in (None, event["kind"])]


def only_run() -> Path:
    (folder,) = Path(".grain/runs").iterdir()
    return folder


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"gradient_accumulation_steps": 2},
        {"gradient_accumulation_steps": 4, "groups": 2},
        {"gradient_accumulation_steps": 3, "groups": 4},
        {"max_grad_norm": 0.01},
    ],
    ids=["plain", "accumulated", "several micro-batches a group", "groups across micro-batches", "clipped"],
)
def test_the_mean_trains_as_trainer_does(settings: dict[str, Any]) -> None:
    plain = {key: it for key, it in settings.items() if key != "groups"}
    # Not Adam, which makes steps of full length of gradients that are zero but for rounding.
    sgd = {"optim": "sgd", "learning_rate": 0.5}
    ours, theirs = trained(aggregate="mean", **settings, **sgd), trained(_PlainTrainer, **plain, **sgd)
    for name, parameter in parameters_of(theirs).items():
        torch.testing.assert_close(parameters_of(ours)[name], parameter, rtol=1e-4, atol=1e-5)
    losses = [[entry["loss"] for entry in it.state.log_history if "loss" in entry] for it in (ours, theirs)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)


def test_the_mean_of_a_language_model_is_over_tokens_as_trainers_is() -> None:
    random = torch.Generator().manual_seed(0)
    data = []
    for i in range(48):
        ids = torch.randint(1, 40, (models.TOKENS,), generator=random)
        data.append({"input_ids": ids, "labels": ids.masked_fill(torch.arange(models.TOKENS) < i % 6, -100)})
    settings = {"gradient_accumulation_steps": 2, "optim": "sgd", "learning_rate": 0.5}
    after = []
    for kind, ours in ((GrainTrainer, {"aggregate": "mean", "groups": 4}), (Trainer, {})):
        torch.manual_seed(0)
        trainer = kind(model=models.llama().model, args=arguments(**settings), train_dataset=data, **ours)
        trainer.train()
        after.append((parameters_of(trainer), [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]))
    for name, parameter in after[1][0].items():
        torch.testing.assert_close(after[0][0][name], parameter, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(after[0][1], after[1][1], rtol=1e-3)


def test_a_run_is_written_that_the_extension_reads() -> None:
    trainer = trained(eval_strategy="steps", eval_steps=2, save_strategy="steps", save_steps=2, gradient_accumulation_steps=2)
    folder = only_run()
    steps = events_of(folder, "step")
    assert [step["step"] for step in steps] == [1, 2, 3, 4]
    assert [len(step["gram"]) for step in steps] == [10] * 4
    assert all(step["sizes"] == [6] * 4 for step in steps)
    # Two micro-batches of 12 texts of 6 tokens.
    assert all(step["tokens"] == 144 for step in steps)
    rates = [entry["learning_rate"] for entry in trainer.state.log_history if "learning_rate" in entry]
    assert [step["learningRate"] for step in steps] == pytest.approx(rates)
    assert [event["step"] for event in events_of(folder, "validation")] == [2, 4]
    assert [event["path"] for event in events_of(folder, "checkpoint")] == [
        "checkpoints/checkpoint-2",
        "checkpoints/checkpoint-4",
    ]
    assert (folder / "checkpoints/checkpoint-4/model.safetensors").is_file()
    assert not (folder / "owner.json").exists()
    assert events_of(folder)[-1]["status"] == "finished"
    assert "grain/min_cosine" in trainer.state.log_history[0]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_typescript_reader_finds_every_fact() -> None:
    trained(groups="source", eval_strategy="steps", eval_steps=2)
    folder = only_run()
    command = ["node", "--disable-warning=ExperimentalWarning", str(ROOT / "test/python/readRun.ts"), str(folder.resolve())]
    read = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert read["unread"] == []
    assert read["status"] == "finished"
    assert read["names"] == SOURCES
    assert read["step"] == 4
    assert read["certified"] == [True] * 4
    assert read["metric"]["name"] == "loss"


def test_groups_by_a_column_have_its_values_as_names() -> None:
    trained(groups="column:source", aggregate="grain-normalized")
    manifest = json.loads((only_run() / "run.json").read_text())
    assert manifest["groups"] == {"by": "column:source", "names": SOURCES}
    assert manifest["aggregator"] == "grain-normalized"
    assert manifest["seed"] == {"init": 42, "order": 42}
    assert manifest["config"]["learning_rate"] == 0.01
    with pytest.raises(ValueError, match='no column "colour"'):
        trained(groups="colour")


def test_a_resumed_run_goes_on_as_if_it_had_never_stopped() -> None:
    whole = trained(max_steps=6, save_strategy="steps", save_steps=3, output_dir="whole", model=model_of(0.1))
    shutil.rmtree(".grain")

    class Stopping(TrainerCallback):
        def on_step_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
            if state.global_step == 3:
                (only_run() / "stop").touch()

    settings: dict[str, Any] = {"max_steps": 6, "save_strategy": "steps", "save_steps": 3, "output_dir": "part"}
    trainer = GrainTrainer(
        model=model_of(0.1), args=arguments(**settings), train_dataset=data(), groups=4, callbacks=[Stopping()]
    )
    trainer.train()
    assert trainer.state.global_step in (3, 4)
    assert events_of(only_run())[-1]["status"] == "stopped"
    resumed = trained(model=model_of(0.1), resume="part/checkpoint-3", **settings)
    for name, parameter in parameters_of(whole).items():
        torch.testing.assert_close(parameters_of(resumed)[name], parameter, rtol=0, atol=0)
    events = events_of(only_run())
    assert [event["step"] for event in events if event["kind"] == "step"] == [1, 2, 3, 4, 5, 6]
    assert [event["fromStep"] for event in events if event["kind"] == "start"] == [0, 3]
    assert events[-1]["status"] == "finished"


def test_a_failure_is_in_the_log() -> None:
    class Failing(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            raise RuntimeError("CUDA out of memory")

    trainer = GrainTrainer(model=model_of(), args=arguments(), train_dataset=data(), groups=4, callbacks=[Failing()])
    with pytest.raises(RuntimeError):
        trainer.train()
    assert events_of(only_run())[-1]["failure"] == {"code": "outOfMemory", "message": "CUDA out of memory"}


@pytest.mark.parametrize("settings", [{}, {"gradient_accumulation_steps": 2}])
def test_the_shadow_changes_nothing(settings: dict[str, Any]) -> None:
    theirs = trained(Trainer, model=model_of(0.1), **settings)
    ours = trained(shadow=2, model=model_of(0.1), **settings)
    for name, parameter in parameters_of(theirs).items():
        torch.testing.assert_close(parameters_of(ours)[name], parameter, rtol=0, atol=0)
    steps = events_of(only_run(), "step")
    assert [step["gram"] is None for step in steps] == [False, True, False, True]
    assert all(step["weights"] == [0.25] * 4 for step in steps)
    assert 0 < ours.state.log_history[0]["grain/shadow_norm_ratio"] <= 1


def test_bf16_peft_and_layers_work() -> None:
    import peft

    config = peft.LoraConfig(task_type="SEQ_CLS", r=64, target_modules=["query", "value"])
    trained(model=peft.get_peft_model(model_of(), config), bf16=True, aggregate="grain-layerwise")
    steps = events_of(only_run(), "step")
    assert len(steps[0]["blocks"]) > 1
    assert steps[0]["update"] is None


def test_checkpointing_works() -> None:
    trained(gradient_checkpointing=True, gradient_checkpointing_kwargs={"use_reentrant": False})
    assert len(events_of(only_run(), "step")) == 4


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        trained(groups=0)
    with pytest.raises(ValueError, match="metric=euclidean"):
        trained(shadow=2, metric="preconditioned")
    with pytest.raises(ValueError, match="example_losses"):
        GrainTrainer(model=model_of(), args=arguments(), train_dataset=data(), compute_loss_func=lambda *_: 0)


def test_torchjd_and_a_pass_per_group() -> None:
    pytest.importorskip("torchjd")
    trained(aggregate="pcgrad", method="accumulate")
    assert len(events_of(only_run(), "step")) == 4


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama"])
def test_losses_per_example_have_the_models_own_mean(name: str) -> None:
    case = models.ALL[name]()
    model = case.model.eval()
    labels = case.targets if name == "bert" else case.inputs["input_ids"].masked_fill(case.inputs["input_ids"] < 20, -100)
    losses, counts = example_losses(model, {**case.inputs, "labels": labels})
    assert losses.shape == (BATCH,)
    expected = model(**case.inputs, labels=labels).loss
    torch.testing.assert_close((losses * counts).sum() / counts.sum(), expected)


def test_an_encoder_decoder_has_losses_per_example() -> None:
    from transformers import T5Config, T5ForConditionalGeneration, ViTConfig, ViTForImageClassification, ViTModel

    sizes = {"vocab_size": 40, "d_model": 16, "d_kv": 8, "d_ff": 24, "num_layers": 1, "num_heads": 2}
    model = T5ForConditionalGeneration(T5Config(**sizes, decoder_start_token_id=0)).eval()
    inputs = {"input_ids": torch.randint(2, 40, (4, 5)), "labels": torch.randint(2, 40, (4, 3))}
    losses, counts = example_losses(model, inputs)
    torch.testing.assert_close((losses * counts).sum() / counts.sum(), model(**inputs).loss)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24, "image_size": 8}
    config = ViTConfig(**shape, patch_size=4, num_labels=3)
    images = {"pixel_values": torch.randn(4, 3, 8, 8), "labels": torch.tensor([0, 1, 2, 0])}
    seer = ViTForImageClassification(config).eval()
    torch.testing.assert_close(example_losses(seer, images)[0].mean(), seer(**images).loss)
    with pytest.raises(UnsupportedModelError, match="ViTModel is not known"):
        example_losses(_Headless(ViTModel(config)), images)


class _Headless(torch.nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def get_base_model(self) -> Any:
        return self.model

    def forward(self, **inputs: Any) -> Any:
        class Outputs:
            logits = self.model(**inputs).last_hidden_state

        return Outputs


def test_models_without_a_rule_are_told_of() -> None:
    from transformers import ViTConfig, ViTForImageClassification

    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24, "image_size": 8}
    model = ViTForImageClassification(ViTConfig(**shape, patch_size=4, num_labels=3))
    images = [{"pixel_values": torch.randn(3, 8, 8), "labels": i % 3} for i in range(24)]
    model.classifier = torch.nn.Sequential(Scale(16), model.classifier)
    trainer = GrainTrainer(model=model, args=arguments(max_steps=1), train_dataset=images, groups=4)
    with pytest.warns(GrainWarning, match="factors"):
        trainer.train()


class Scale(torch.nn.Module):
    """A layer that nobody has a rule for."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.factors = torch.nn.Parameter(torch.ones(size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.factors


def test_callbacks_and_tensorboard_get_the_diagnostics() -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    seen: list[dict[str, float]] = []

    class Listener(TrainerCallback):
        def on_log(self, _args: Any, _state: Any, _control: Any, logs: dict[str, float], **_: Any) -> None:
            seen.append(dict(logs))

    trainer = GrainTrainer(
        model=model_of(),
        args=arguments(report_to="tensorboard"),
        train_dataset=data(),
        groups=4,
        callbacks=[Listener()],
    )
    trainer.train()
    cosines = [logs["grain/min_cosine"] for logs in seen if "loss" in logs]
    assert len(cosines) == 4
    (events,) = {file.parent for file in Path().rglob("events.out.tfevents.*")}
    board = EventAccumulator(str(events))
    board.Reload()
    assert [it.value for it in board.Scalars("train/grain/min_cosine")] == pytest.approx(cosines)


def predictions_of_run() -> list[dict[str, Any]] | None:
    file = only_run() / "predictions.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else None


def test_the_final_models_predictions_are_kept() -> None:
    trainer = trained(eval_strategy="steps", eval_steps=2, per_device_eval_batch_size=5)
    lines = predictions_of_run()
    assert lines is not None
    validation = data(12)
    with torch.inference_mode():
        trainer.model.eval()
        logits = trainer.model(input_ids=torch.stack([row["input_ids"] for row in validation])).logits.double()
    for index, (line, row) in enumerate(zip(lines, validation, strict=True)):
        assert (line["index"], line["target"]) == (index, f"LABEL_{row['labels']}")
        assert line["prediction"] == f"LABEL_{int(logits[index].argmax())}"
        np.testing.assert_allclose(list(line["probabilities"].values()), logits[index].softmax(0), atol=1e-6)
    read = subprocess.run(
        ["node", "--input-type=module", "-e", READ_PREDICTIONS, str(ROOT), str(only_run().resolve())],
        capture_output=True,
        text=True,
    )
    assert (read.stdout, read.stderr) == ("12", ""), read.stderr


READ_PREDICTIONS = """
const { readPredictions } = await import(process.argv[1] + '/src/runs/predictions.ts');
process.stdout.write(String((await readPredictions(process.argv[2]))?.length));
"""


def test_predictions_of_an_evaluation_after_the_training_are_kept_those_of_other_data_are_not() -> None:
    trainer = trained(eval_strategy="no")
    assert predictions_of_run() is None
    trainer.evaluate(data(5))
    trainer.predict(data(5))
    assert predictions_of_run() is None
    assert "eval_loss" in trainer.evaluate()
    assert len(predictions_of_run() or []) == 12


def test_predictions_of_a_step_are_not_those_of_the_best_model_which_is_loaded_at_the_end() -> None:
    saved = {"save_strategy": "steps", "save_steps": 2, "load_best_model_at_end": True}
    trainer = trained(eval_strategy="steps", eval_steps=2, **saved)
    assert predictions_of_run() is None
    trainer.evaluate()
    assert len(predictions_of_run() or []) == 12


def test_predictions_can_be_turned_off() -> None:
    trained(eval_strategy="steps", eval_steps=2, predictions=False)
    assert predictions_of_run() is None
