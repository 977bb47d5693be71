"""Predictions of a Trainer's evaluation, by which runs are compared example by example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from torch.utils.data import SequentialSampler

from grain_torch.runs import SilentRun
from grain_torch.runs.predictions import class_predictions, value_predictions, write_predictions

if TYPE_CHECKING:
    from pathlib import Path

    from torch.utils.data import DataLoader

    from grain_torch.runs import Run


class KeptPredictions:
    """Those of the last evaluation of the validation set, until a run takes them."""

    def __init__(self, trainer: Any) -> None:
        self._trainer = trainer
        # Whether the evaluation that runs is of the Trainer's own `eval_dataset`.
        self.are_validation = False
        self._lines: list[dict[str, Any]] | None = None
        self._step = -1
        self._finished: Path | None = None

    def are_wanted(self, dataloader: DataLoader[Any], metric_key_prefix: str = "eval", **_: Any) -> bool:
        """Whether an evaluation gives an output for each example of the one validation set, in its order."""
        trainer = self._trainer
        args = trainer.args
        is_plain = trainer.preprocess_logits_for_metrics is None and not args.prediction_loss_only and args.eval_do_concat_batches
        is_ordered = isinstance(getattr(dataloader, "sampler", None), SequentialSampler)
        is_validation = self.are_validation and metric_key_prefix == "eval"
        return is_validation and is_plain and is_ordered and _kind_of(trainer.model) is not None

    def keep(self, output: Any) -> None:
        """After training they belong to the run that has finished."""
        self._lines = predictions_of(self._trainer, output)
        self._step = self._trainer.state.global_step
        if self._finished is not None and self._trainer._run is None:
            self._write(self._finished)

    def finish(self, run: Run) -> None:
        """Hands them over if they are the final model's."""
        if isinstance(run, SilentRun):
            return
        self._finished = run.folder
        if self._step == self._trainer.state.global_step and not self._trainer.args.load_best_model_at_end:
            self._write(run.folder)

    def _write(self, folder: Path) -> None:
        if self._lines is not None:
            write_predictions(folder, self._lines)


def predictions_of(trainer: Any, output: Any) -> list[dict[str, Any]] | None:
    """Lines of the file; None where the outputs are of another form."""
    logits = output.predictions[0] if isinstance(output.predictions, tuple) else output.predictions
    targets = output.label_ids
    if not isinstance(logits, np.ndarray) or not isinstance(targets, np.ndarray):
        return None
    kind = _kind_of(trainer.model)
    if kind == "regression" and logits.size == targets.size == len(targets):
        return list(value_predictions(logits.reshape(-1), targets.reshape(-1)))
    names = _config_of(trainer.model).id2label
    if kind == "classification" and logits.shape == (len(targets), len(names)) and targets.ndim == 1:
        return list(class_predictions(logits, targets, [str(names[index]) for index in range(len(names))]))
    return None


def _kind_of(model: Any) -> str | None:
    """Of models that classify examples, or give each a value; None for others, whose outputs are large."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    config = _config_of(model)
    if config is None or not type(base).__name__.endswith(("SequenceClassification", "ImageClassification")):
        return None
    if config.problem_type == "multi_label_classification":
        return None
    return "regression" if config.problem_type == "regression" or config.num_labels == 1 else "classification"


def _config_of(model: Any) -> Any:
    return getattr(model, "config", None)
