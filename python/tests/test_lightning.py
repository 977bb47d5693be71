"""GrainCallback in Lightning's Trainer: with the mean, training is Lightning's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from grain_torch import UnsupportedModelError
from grain_torch.lightning import GrainCallback

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(autouse=True)
def _in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Module(lightning.LightningModule):  # type: ignore[misc, name-defined]
    def __init__(self, reduction: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(6, 16), nn.LayerNorm(16), nn.Tanh(), nn.Linear(16, 3))
        self.reduction = reduction

    def losses(self, batch: dict[str, Tensor], reduction: str) -> Tensor:
        return functional.cross_entropy(self.layers(batch["x"]), batch["y"], reduction=reduction)

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        del batch_idx
        losses = self.losses(batch, self.reduction)
        self.log("train_loss", losses.mean())
        return losses

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        del batch_idx
        self.log("val_loss", self.losses(batch, "mean"))

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.5, momentum=0.9)
        schedule = torch.optim.lr_scheduler.LinearLR(optimizer, total_iters=8)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def loader() -> Any:
    random = torch.Generator().manual_seed(1)
    rows = [
        {"x": torch.randn(6, generator=random), "y": int(torch.randint(0, 3, (1,), generator=random)), "source": i % 2}
        for i in range(40)
    ]
    # The last step of an epoch has fewer examples, and with accumulation fewer batches.
    return torch.utils.data.DataLoader(rows, batch_size=8)


def trained(module: Module, *callbacks: Any, resume: str | None = None, epochs: int = 2, **settings: Any) -> Any:
    trainer = lightning.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=list(callbacks),
        **settings,
    )
    trainer.fit(module, loader(), loader(), ckpt_path=resume, weights_only=False)
    return trainer


def events_of(kind: str) -> list[dict[str, Any]]:
    (run,) = Path(".grain/runs").iterdir()
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    return [event for event in events if event["kind"] == kind]


@pytest.mark.parametrize(
    "settings", [{}, {"accumulate_grad_batches": 2}, {"gradient_clip_val": 0.3}, {"precision": "bf16-mixed"}], ids=str
)
def test_the_mean_trains_as_lightning_does(settings: dict[str, Any]) -> None:
    ours, theirs = Module("none"), Module("mean")
    trained(ours, GrainCallback(4, aggregate="mean"), enable_checkpointing=False, **settings)
    trained(theirs, enable_checkpointing=False, **settings)
    tolerance = 2e-2 if "precision" in settings else 1e-4
    if "accumulate_grad_batches" not in settings:
        for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(own, other, rtol=tolerance, atol=tolerance)
    count = 6 if "accumulate_grad_batches" in settings else 10
    steps = events_of("step")
    assert [step["step"] for step in steps] == list(range(1, count + 1))
    assert all(len(step["gram"]) == len(step["groups"]) * (len(step["groups"]) + 1) // 2 for step in steps)
    assert ("clipping" in steps[0]) == ("gradient_clip_val" in settings)
    assert events_of("end")[0]["status"] == "finished"


def test_a_run_has_groups_by_a_key_validations_and_the_best_checkpoint() -> None:
    trainer = trained(Module("none"), GrainCallback("source", count=2))
    assert [len(step["gram"]) for step in events_of("step")] == [3] * 10
    assert [event["step"] for event in events_of("validation")] == [5, 10]
    assert set(events_of("validation")[0]["metrics"]) >= {"val_loss", "train_loss"}
    (saved,) = events_of("checkpoint")
    (run,) = Path(".grain/runs").iterdir()
    assert (run / saved["path"]).resolve() == Path(trainer.checkpoint_callback.best_model_path).resolve()
    assert trainer.callback_metrics["grain/min_cosine"] >= -1e-6


def test_a_resumed_run_is_one_that_never_stopped() -> None:
    whole = Module("none")
    trained(whole, GrainCallback(4), enable_checkpointing=False)
    for folder in Path(".grain/runs").iterdir():
        folder.rename(folder.parent.parent / "whole")
    half = trained(Module("none"), GrainCallback(4), epochs=1)
    resumed = Module("none")
    trained(resumed, GrainCallback(4), resume=half.checkpoint_callback.best_model_path)
    for own, other in zip(resumed.parameters(), whole.parameters(), strict=True):
        assert torch.equal(own, other)
    assert [step["step"] for step in events_of("step")] == list(range(1, 11))
    assert [event["fromStep"] for event in events_of("start")] == [0, 5]


def test_a_failure_ends_the_run() -> None:
    with pytest.raises(ValueError, match="Expected 8 losses"):
        trained(Module("mean"), GrainCallback(4))
    assert events_of("end")[0]["status"] == "failed"


def test_manual_optimization_is_refused_by_name() -> None:
    module = Module("none")
    module.automatic_optimization = False
    with pytest.raises(UnsupportedModelError, match="manual optimization"):
        trained(module, GrainCallback(4))
