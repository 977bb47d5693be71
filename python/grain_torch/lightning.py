"""`GrainCallback` for Lightning's Trainer: `pip install lightning`."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from grain_torch.aggregation import StepAggregator
from grain_torch.batches import batch_size_of, device_of
from grain_torch.gradients import UnsupportedModelError
from grain_torch.runs import Run, RunDescription
from grain_torch.step import Step, diagnostics_of

if TYPE_CHECKING:
    from torch import Tensor

    from grain_torch.grain import Groups


class GrainCallback(Callback):  # type: ignore[misc]
    """Aggregates the groups' gradients of a LightningModule whose `training_step` returns a loss per example.

    Lightning's own backward pass then has nothing left to do; accumulation, clipping, precision, schedules and loggers stay as
    they are. Layers of `grain-layerwise` are combined at the end of a step, with the gradients of all of them in memory.

    Example:
        >>> def training_step(self, batch, batch_idx):
        ...     return F.cross_entropy(self(batch["x"]), batch["y"], reduction="none")
        >>> Trainer(callbacks=[GrainCallback(groups=8)]).fit(module, loader)
    """

    def __init__(
        self,
        groups: Groups = 8,
        *,
        count: int | None = None,
        aggregate: str = "grain",
        metric: str = "euclidean",
        method: str = "auto",
        name: str | None = None,
        run_root: str | Path | None = None,
    ) -> None:
        """Args:
        groups: how many consecutive slices the examples of an optimizer step are cut into; or the key of the batch, or a function
            of it, that gives the group of each example, a whole number.
        count: number of groups, where `groups` gives ids.
        aggregate, metric, method: as for `Grain`.
        name: of the experiment; by default that of the module's class.
        run_root: the folder that holds `.grain`; by default the nearest one, upwards from the working directory.
        """
        self._groups = groups
        self._count = groups if isinstance(groups, int) else count
        if self._count is None or self._count < 1:
            raise ValueError(f"the number of groups is {self._count}. Expected at least 1: GrainCallback(…, count=…).")
        self._settings = {"aggregator": aggregate, "metric": metric, "method": method}
        self._name = name
        self._run_root = run_root
        self._aggregator: StepAggregator | None = None
        self._run: Run | None = None
        self._known: str | None = None
        self._place = 0
        self._is_last = False
        self._step: Step | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Puts its own step around the module's, and makes the run's folder, or takes over that of the checkpoint's run."""
        _refuse(trainer, pl_module)
        self._aggregator = StepAggregator(pl_module, trainer.optimizers[0], **self._settings)  # type: ignore[arg-type]
        self._place = 0
        given = pl_module.training_step
        pl_module.training_step = lambda batch, batch_idx, *rest: self._passes(trainer, given, batch, batch_idx, *rest)
        known = None if self._known is None else Path(self._known)
        if known is not None and (known / "run.json").is_file():
            self._run = Run(known)
        else:
            self._run = Run.create(self._description(trainer, pl_module), self._run_root)
        self._run.start(trainer.global_step)

    def on_after_backward(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """After Lightning has set gradients to zero, and before it unscales and clips them."""
        del trainer, pl_module
        if self._aggregator is not None and self._is_last:
            self._step = self._aggregator.finish()

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Logs the step that the optimizer has taken."""
        step, self._step = self._step, None
        if self._aggregator is None or self._run is None or step is None:
            return
        clipping = _clipping_of(trainer, step)
        step = dataclasses.replace(self._aggregator.facts(step), clipping=clipping)
        self._aggregator.free()
        scaler = _scaler_of(trainer)
        if scaler is not None and step.gram is not None and not np.isfinite(np.diagonal(step.gram)).all():
            # The scaler has seen what overflowed.
            step = dataclasses.replace(step, weights=np.zeros(len(step.groups)))
        self._run.step(step, learning_rate=float(trainer.optimizers[0].param_groups[0]["lr"]), number=trainer.global_step)
        pl_module.log_dict(diagnostics_of(step), batch_size=1)
        if self._run.is_asked_to_stop():
            trainer.should_stop = True

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Logs what the module has logged of its validation."""
        del pl_module
        if self._run is None or trainer.sanity_checking:
            return
        facts = {name: float(value) for name, value in trainer.callback_metrics.items() if not name.startswith("grain/")}
        if facts:
            self._run.validation(facts, number=trainer.global_step)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Links the best checkpoint, and ends the run."""
        best = getattr(trainer.checkpoint_callback, "best_model_path", "")
        if self._run is not None and best:
            self._run.checkpoint(Path(best), is_best=True)
        self._end(pl_module, "stopped" if self._run is not None and self._run.is_asked_to_stop() else "finished")

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Ends the run; one that was interrupted has stopped."""
        del trainer
        is_stop = isinstance(exception, (KeyboardInterrupt, SystemExit))
        self._end(pl_module, "stopped" if is_stop else "failed", None if is_stop else exception)

    def state_dict(self) -> dict[str, Any]:
        """Where the run is, for `fit(ckpt_path=…)`."""
        return {} if self._run is None else {"run": str(self._run.folder.resolve())}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on with the checkpoint's run."""
        self._known = state_dict.get("run")

    def _passes(self, trainer: Trainer, given: Any, batch: Any, batch_idx: int, *rest: Any) -> Tensor:
        """All passes of a batch. The loss that Lightning gets has no graph."""
        aggregator, count = self._aggregator, self._count
        assert aggregator is not None
        assert count is not None
        micro_batches = trainer.accumulate_grad_batches
        self._is_last = (batch_idx + 1) % micro_batches == 0 or trainer.is_last_batch
        if self._place == 0:
            scaler = _scaler_of(trainer)
            aggregator.begin(count, loss_scale=1.0 if scaler is None else float(scaler.get_scale()))
        ids = self._ids(batch, micro_batches)
        before = aggregator.loss_sum

        def losses(part: Any) -> Any:
            with trainer.precision_plugin.train_step_context():
                return given(part, batch_idx, *rest)

        # Products of gradients are not for autocast.
        with torch.autocast(ids.device.type, enabled=False):
            aggregator.backward(losses, batch, ids, is_last=False)
        self._place = 0 if self._is_last else self._place + 1
        total, counted = (now - then for now, then in zip(aggregator.loss_sum, before, strict=True))
        return torch.tensor(total / counted, device=ids.device, requires_grad=True)

    def _ids(self, batch: Any, micro_batches: int) -> Tensor:
        groups = self._groups
        if isinstance(groups, int):
            size = batch_size_of(batch)
            if size * micro_batches < groups:
                raise ValueError(f"a step of {size * micro_batches} examples cannot be cut into {groups} groups.")
            places = self._place * size + torch.arange(size, device=device_of(batch))
            return places * groups // (micro_batches * size)
        ids: Tensor = batch[groups] if isinstance(groups, str) else groups(batch)
        return ids.to(device_of(batch))

    def _description(self, trainer: Trainer, module: LightningModule) -> RunDescription:
        assert self._count is not None
        by = f"column:{self._groups}" if isinstance(self._groups, str) else "microbatch"
        steps = trainer.estimated_stepping_batches
        watched = getattr(trainer.checkpoint_callback, "monitor", None) or "val_loss"
        higher = getattr(trainer.checkpoint_callback, "mode", "min") == "max"
        seed = int(torch.initial_seed() % 2**31)
        return RunDescription(
            name=self._name or type(module).__name__,
            group_names=[str(i) for i in range(self._count)],
            group_by=by,
            steps=int(steps) if math.isfinite(steps) else trainer.max_epochs or 1,
            aggregator=self._settings["aggregator"],
            metric=self._settings["metric"],
            seed=(seed, seed),
            validation_metric=(watched, "higher" if higher else "lower"),
            config={"groups": by, **self._settings, "accumulate_grad_batches": trainer.accumulate_grad_batches},
            device=module.device,
        )

    def _end(self, module: LightningModule, status: str, error: BaseException | None = None) -> None:
        # What was put around the module's step is an attribute of the instance.
        module.__dict__.pop("training_step", None)
        run, self._run = self._run, None
        if run is not None:
            run.end(status, error)
            run.close()


def _refuse(trainer: Trainer, module: LightningModule) -> None:
    if not module.automatic_optimization:
        raise UnsupportedModelError(
            "manual optimization has a loop of its own. "
            "Expected automatic_optimization=True, or grain_torch.Grain in training_step."
        )
    if trainer.world_size > 1:
        raise UnsupportedModelError(
            f"Lightning averages gradients over {trainer.world_size} processes before they can be told apart by group. "
            "Expected devices=1, or a loop of your own with grain_torch.Grain and torchrun."
        )


def _scaler_of(trainer: Trainer) -> Any:
    scaler = getattr(trainer.precision_plugin, "scaler", None)
    if scaler is not None:
        # It makes its scale when it is first used.
        scaler.scale(torch.zeros((), device=trainer.strategy.root_device))
    return scaler


def _clipping_of(trainer: Trainer, step: Step) -> tuple[float, float] | None:
    """‖d‖ before, and what the optimizer got d times, where Lightning clips by the norm."""
    if not trainer.gradient_clip_val or str(trainer.gradient_clip_algorithm or "norm").endswith("value"):
        return None
    norm = math.sqrt(step.norm2) if step.norm2 >= 0 else math.nan
    factor = float(trainer.gradient_clip_val) / (norm + 1e-6)
    return (norm, factor) if factor < 1 else None
