"""`GrainTrainer` in place of transformers' `Trainer`."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import Trainer, TrainerCallback

from grain_torch.aggregation import StepAggregator
from grain_torch.batches import tokens_of
from grain_torch.distributed import Ranks, is_first_process
from grain_torch.engine import aggregate
from grain_torch.gradients.coverage import without_ddp
from grain_torch.hf.groups import ByColumn, groups_of
from grain_torch.hf.losses import example_losses
from grain_torch.hf.parallel import refuse_parallel
from grain_torch.hf.predictions import KeptPredictions
from grain_torch.runs import Run, RunDescription, SilentRun
from grain_torch.step import diagnostics_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from grain_torch.step import Step

# In the output folder: where the run's facts are, for `resume_from_checkpoint`.
_POINTER = "grain_run.json"


class GrainMixin:
    """What turns a Trainer into one that makes no group of examples worse. Write it before the Trainer's class."""

    def __init__(
        self,
        *args: Any,
        groups: int | str = 8,
        aggregate: str = "grain",
        metric: str = "euclidean",
        method: str = "auto",
        shadow: int | None = None,
        example_losses: Callable[[nn.Module, dict[str, Any]], Any] | None = None,
        run_root: str | Path | None = None,
        predictions: bool = True,
        **kwargs: Any,
    ) -> None:
        """Args:
        args, kwargs: of the Trainer. All of TrainingArguments keeps its meaning.
        groups: how many slices the examples of an optimizer step are cut into; or a column of the training data.
        aggregate: `grain`, `grain-normalized`, … as for `Grain`.
        metric: `euclidean` or `preconditioned`.
        method: `auto`, `grouped` or `accumulate`.
        shadow: train with the mean, unchanged bit for bit, and measure in every n-th step what GRAIN would have done. A
            measured step costs one more forward and backward pass: about 1/n of the training time.
        example_losses: (model, inputs) → a loss per example, or (losses, weights); by default the model's own loss.
        run_root: the folder that holds `.grain`; by default the nearest one, upwards from the working directory.
        predictions: whether a run keeps what its last `evaluate()`, during the training or after it, predicts for each example.
            For models that classify examples or give each a value; evaluations then gather logits too.
        """
        super().__init__(*args, **kwargs)
        trainer: Any = self
        refuse_parallel(trainer.args)
        if trainer.compute_loss_func is not None and example_losses is None:
            raise ValueError("compute_loss_func gives one loss for the batch. Expected example_losses=…, with one per example.")
        if shadow and metric != "euclidean":
            raise ValueError(f"shadow={shadow} leaves the optimizer as it is. Expected metric=euclidean.")
        self._groups = groups_of(groups, trainer.train_dataset)
        if isinstance(self._groups, ByColumn):
            trainer.data_collator = self._groups.collating(trainer.data_collator)
        self._settings = {"aggregator": "mean" if shadow else aggregate, "metric": metric, "method": method}
        self._shadow = shadow
        self._example_losses = example_losses
        self._run_root = run_root
        self._predictions = KeptPredictions(trainer) if predictions else None
        self._step_aggregator: StepAggregator | None = None
        self._place = 0
        self._tokens: Tensor | None = None
        self._step: Step | None = None
        self._run: Run | None = None
        self._resumes = False
        self._clipped: tuple[float, float] | None = None
        trainer.add_callback(_RunCallback(self))

    def training_step(self, model: nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Tensor:
        """Computes the groups' gradients of a micro-batch, and after the last puts the aggregated one into `.grad`."""
        trainer: Any = self
        is_last = bool(trainer.accelerator.sync_gradients)
        self._count_tokens(inputs)
        ids = self._groups.ids(inputs, self._place, trainer.current_gradient_accumulation_steps).to(trainer.args.device)
        if self._shadow:
            measured = trainer.state.global_step % self._shadow == 0
            if measured:
                self._measure_beside(model, inputs, ids, is_last=is_last)
            loss: Tensor = super().training_step(model, inputs, num_items_in_batch)  # type: ignore[misc]
        else:
            model = without_ddp(model)
            model.train()
            if callable(getattr(trainer.optimizer, "train", None)):
                trainer.optimizer.train()
            loss = self._backward(model, trainer._prepare_inputs(inputs), ids, num_items_in_batch, is_last=is_last)
        self._place = 0 if is_last else self._place + 1
        return loss

    def train(self, resume_from_checkpoint: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As the Trainer's; the run's log says how it ended."""
        self._resumes = bool(resume_from_checkpoint)
        self._place = 0
        try:
            result = super().train(resume_from_checkpoint, *args, **kwargs)  # type: ignore[misc]
        except BaseException as error:
            self._end(error)
            raise
        self._end(None)
        return result

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Adds the last step's diagnostics to what goes to TensorBoard, W&B and the like."""
        if "loss" in logs and self._step is not None:
            logs.update(diagnostics_of(self._step))
            if self._shadow and self._step.gram is not None:
                logs.update(_shadow_of(self._step))
        super().log(logs, *args, **kwargs)  # type: ignore[misc]

    def prediction_step(self, model: nn.Module, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Evaluation needs no groups."""
        if self._groups.column is not None:
            inputs = {key: it for key, it in inputs.items() if key != self._groups.column}
        return super().prediction_step(model, inputs, *args, **kwargs)  # type: ignore[misc]

    def evaluate(self, eval_dataset: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As the Trainer's."""
        if self._predictions is not None:
            self._predictions.are_validation = eval_dataset is None
        return super().evaluate(eval_dataset, *args, **kwargs)  # type: ignore[misc]

    def evaluation_loop(
        self, dataloader: Any, description: str, prediction_loss_only: Any = None, *rest: Any, **named: Any
    ) -> Any:
        """As the Trainer's; keeps the predictions of the validation set."""
        kept = self._predictions
        keeps = kept is not None and kept.are_wanted(dataloader, *rest[1:], **named)
        only = None if keeps else prediction_loss_only
        output = super().evaluation_loop(dataloader, description, only, *rest, **named)  # type: ignore[misc]
        if kept is not None and keeps:
            kept.keep(output)
        return output

    def _set_signature_columns_if_needed(self) -> None:
        super()._set_signature_columns_if_needed()  # type: ignore[misc]
        column = self._groups.column
        if column is not None and column not in self._signature_columns:
            self._signature_columns: list[str] = [*self._signature_columns, column]

    def _clip_grad_norm(self, model: nn.Module) -> Any:
        norm = super()._clip_grad_norm(model)  # type: ignore[misc]
        trainer: Any = self
        factor = min(1.0, trainer.args.max_grad_norm / (float(norm) + 1e-6))
        self._clipped = (float(norm), factor) if factor < 1 and math.isfinite(factor) else None
        return norm

    def _count_tokens(self, inputs: dict[str, Any]) -> None:
        """Adds those of a micro-batch to those of its step."""
        tokens = tokens_of(inputs)
        before = self._tokens if self._place > 0 else None
        self._tokens = tokens if before is None or tokens is None else before + tokens

    def _tokens_of_all(self) -> int | None:
        """Tokens of the step in all processes; None if its inputs are not texts."""
        if self._tokens is None:
            return None
        ranks = Ranks.of(None, self._tokens.device)
        own = float(self._tokens)
        return int(own if ranks is None else ranks.sum(np.array([own]))[0])

    def _backward(self, model: nn.Module, inputs: dict[str, Any], ids: Tensor, items: Any, *, is_last: bool) -> Tensor:
        trainer: Any = self
        aggregator = self._aggregator_of(model)
        if self._place == 0:
            scaler = trainer.accelerator.scaler
            scale = 1.0 if scaler is None else _scale_of(scaler, ids.device)
            aggregator.begin(len(self._groups.names), own=self._groups.own, loss_scale=scale)
        before = aggregator.loss_sum
        aggregator.backward(self._losses_of(model), inputs, ids, is_last=is_last)
        total, counted = (now - then for now, then in zip(aggregator.loss_sum, before, strict=True))
        if is_last:
            self._step = aggregator.finish()
        # As the Trainer sums it up: over the micro-batches of a step it is the mean loss.
        by_token = counted != len(ids) and items is not None
        processes = trainer.args.world_size if trainer.args.average_tokens_across_devices else 1
        share = float(items) / processes if by_token else counted * trainer.current_gradient_accumulation_steps
        return torch.tensor(total / share, device=trainer.args.device)

    def _measure_beside(self, model: nn.Module, inputs: dict[str, Any], ids: Tensor, *, is_last: bool) -> None:
        """Measures the groups' gradients, and leaves everything as it was: gradients and random numbers too."""
        trainer: Any = self
        model = without_ddp(model)
        model.train()
        aggregator = self._aggregator_of(model)
        devices = [ids.device] if ids.device.type == "cuda" else []
        held = {parameter: parameter.grad for parameter in aggregator.parameters.values()}
        with torch.random.fork_rng(devices=devices):
            if self._place == 0:
                aggregator.begin(len(self._groups.names), own=self._groups.own)
            aggregator.backward(self._losses_of(model), trainer._prepare_inputs(dict(inputs)), ids, is_last=is_last)
            if is_last:
                self._step = aggregator.finish()
        for parameter, gradient in held.items():
            parameter.grad = gradient

    def _losses_of(self, model: nn.Module) -> Callable[[Any], Any]:
        trainer: Any = self
        given = self._example_losses

        def losses(inputs: Any) -> Any:
            with trainer.compute_loss_context_manager():
                if given is not None:
                    return given(model, inputs)
                return example_losses(model, inputs, trainer.args.label_smoothing_factor)

        return losses

    def _aggregator_of(self, model: nn.Module) -> StepAggregator:
        trainer: Any = self
        if self._step_aggregator is None:
            optimizer = getattr(trainer.optimizer, "optimizer", trainer.optimizer)
            self._step_aggregator = StepAggregator(model, optimizer, **self._settings)  # type: ignore[arg-type]
        return self._step_aggregator

    def _optimizer_stepped(self) -> None:
        """Logs the step; called after the optimizer's."""
        trainer: Any = self
        aggregator, step = self._step_aggregator, self._step
        if aggregator is None or step is None:
            return
        number = trainer.state.global_step + 1
        if self._shadow and trainer.state.global_step % self._shadow:
            unknown = np.full(len(step.groups), np.nan)
            step = dataclasses.replace(step, losses=unknown, gram=None, update=None, seconds=(0.0, 0.0, 0.0))
        else:
            step = self._step = dataclasses.replace(aggregator.facts(step), clipping=self._clipped)
            if trainer.accelerator.optimizer_step_was_skipped:
                step = dataclasses.replace(step, weights=np.zeros(len(step.groups)))
            aggregator.free()
        tokens = self._tokens_of_all()
        if self._run is not None:
            step = dataclasses.replace(step, tokens=tokens)
            self._run.step(step, learning_rate=float(trainer._get_learning_rate()), number=number)

    def _open_run(self) -> None:
        """Makes the run's folder, or takes over the one of the checkpoint's run."""
        trainer: Any = self
        if self._run is not None:
            # The Trainer begins anew by itself, as with auto_find_batch_size.
            self._run.end("stopped")
            self._run.close()
        self._step_aggregator = None
        self._step = None
        pointer = Path(trainer.args.output_dir) / _POINTER
        # Under `program:` the run is the one that grain made the folder for.
        is_given = "GRAIN_RUN_FOLDER" in os.environ
        self._run = _known_run(pointer) if self._resumes and not is_given else None
        if self._run is None:
            self._run = Run.create(self._description(), self._run_root)
            if is_first_process():
                pointer.parent.mkdir(parents=True, exist_ok=True)
                pointer.write_text(json.dumps({"run": str(self._run.folder)}), encoding="utf-8")
        self._run.start(trainer.state.global_step)

    def _description(self) -> RunDescription:
        trainer: Any = self
        args = trainer.args
        ranked = (args.metric_for_best_model or "loss").removeprefix("eval_")
        higher = args.greater_is_better if args.greater_is_better is not None else not ranked.endswith("loss")
        order = args.seed if args.data_seed is None else args.data_seed
        return RunDescription(
            name=Path(args.run_name or args.output_dir or "transformers").name,
            group_names=self._groups.names,
            group_by=self._groups.by,
            steps=trainer.state.max_steps,
            aggregator=self._settings["aggregator"],
            metric=self._settings["metric"],
            task=_task_of(trainer.model),
            seed=(args.seed, order),
            validation_metric=(ranked, "higher" if higher else "lower"),
            config={"groups": self._groups.by, "shadow": self._shadow, **self._settings, **args.to_sanitized_dict()},
            device=args.device,
        )

    def _end(self, error: BaseException | None) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        if error is None and self._predictions is not None:
            self._predictions.finish(run)
        run.__exit__(None if error is None else type(error), error, None)


class GrainTrainer(GrainMixin, Trainer):  # type: ignore[misc]
    """transformers' Trainer with the groups' gradients aggregated instead of averaged.

    Example:
        >>> from grain_torch.hf import GrainTrainer
        >>> trainer = GrainTrainer(model=model, args=args, train_dataset=train, eval_dataset=dev, groups=8)
        >>> trainer.train()
    """


class _RunCallback(TrainerCallback):  # type: ignore[misc]
    """Writes what the Trainer does into the run's log."""

    def __init__(self, trainer: GrainMixin) -> None:
        self._trainer = trainer

    def on_train_begin(self, _args: Any, _state: Any, _control: Any, **_: Any) -> None:
        self._trainer._open_run()

    def on_optimizer_step(self, _args: Any, _state: Any, _control: Any, **_: Any) -> None:
        self._trainer._optimizer_stepped()

    def on_step_end(self, _args: Any, _state: Any, control: Any, **_: Any) -> None:
        run = self._trainer._run
        if run is not None and run.is_asked_to_stop():
            control.should_save = True
            control.should_training_stop = True

    def on_evaluate(self, _args: Any, state: Any, _control: Any, metrics: dict[str, Any] | None = None, **_: Any) -> None:
        run = self._trainer._run
        found = {
            name.removeprefix("eval_"): float(value) for name, value in (metrics or {}).items() if isinstance(value, (int, float))
        }
        left_out = ("runtime", "samples_per_second", "steps_per_second", "epoch", "model_preparation_time")
        facts = {name: value for name, value in found.items() if name not in left_out}
        if run is not None and facts:
            run.validation(facts, number=state.global_step)

    def on_save(self, args: Any, state: Any, _control: Any, **_: Any) -> None:
        run = self._trainer._run
        saved = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if run is not None and saved.is_dir():
            best = state.best_model_checkpoint
            run.checkpoint(saved, is_best=best is not None and Path(best) == saved, number=state.global_step)


def _known_run(pointer: Path) -> Run | None:
    if not is_first_process():
        return SilentRun()
    try:
        folder = Path(json.loads(pointer.read_text(encoding="utf-8"))["run"])
    except (OSError, ValueError, KeyError):
        return None
    return Run(folder) if (folder / "run.json").is_file() else None


def _task_of(model: Any) -> Any:
    config = getattr(model, "config", None)
    name = type(model.get_base_model() if hasattr(model, "get_base_model") else model).__name__
    if name.endswith(("LM", "LMHeadModel", "Generation")):
        return "generation"
    is_regression = getattr(config, "problem_type", None) == "regression" or getattr(config, "num_labels", 2) == 1
    return "regression" if is_regression else "classification"


def _scale_of(scaler: Any, device: torch.device) -> float:
    # A scaler makes its scale when it is first used.
    scaler.scale(torch.zeros((), device=device))
    return float(scaler.get_scale())


def _shadow_of(step: Step) -> dict[str, float]:
    """What GRAIN would have done: the length of its step beside the mean's, and how many groups it would have heeded."""
    would = aggregate(step.gram, "grain", sizes=step.counts.tolist()) if step.gram is not None else None
    if would is None or not step.norm2 > 0 or not would.weights.any():
        return {}
    return {
        "grain/shadow_norm_ratio": math.sqrt(would.norm2 / step.norm2),
        "grain/shadow_effective_groups": float(1 / np.square(would.weights).sum()),
    }
