"""Answers requests: holds the model in training, its optimizer and the gradients of the step in progress."""

import gc
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial, singledispatchmethod
from typing import Any

import numpy as np
import torch

from grain_torch.gradients.stack import GradientStack

from . import checkpoint
from .ascent import gradients_uphill
from .average import ParameterAverage
from .build import Build
from .devices import memory_of, usage_of
from .directions import Direction, drop_signs, inner_of, length2_of, moved
from .gradients import GradientPass
from .messages import (
    AnswerLosses,
    Blocks,
    Correct,
    Decode,
    Discard,
    DropSigns,
    Encode,
    Generate,
    Gradients,
    ImageGradients,
    ImageOutputs,
    Initialize,
    Load,
    Meet,
    Move,
    OpenTokenizer,
    Outputs,
    Request,
    Save,
    Stage,
    Update,
    Usage,
)
from .mixout import Mixout
from .network import Network, load_network
from .noise import add_noise
from .optimizers import AdamW, Optimizer, build_optimizer
from .passes import Passes
from .ranks import Ranks
from .step import Measured, Step
from .texts import Texts

Reply = dict[str, Any]


class Learner:
    """Answers one request after another."""

    def __init__(self, device: torch.device, report: Callable[[float], None], cancelled: Callable[[], bool]) -> None:
        self._device = device
        self._report = report
        self._cancelled = cancelled
        self._spec: Build
        self._network: Network
        self._passes: Passes
        self._gradients: GradientPass
        self._optimizer: Optimizer
        self._blocks: list[int]
        # What the stage trains.
        self._parameters: list[torch.nn.Parameter]
        self._average: ParameterAverage | None = None
        self._ranks: Ranks | None = None
        self._mixout: Mixout | None = None
        self._step: Step | None = None
        # What the step follows, where no weights say it.
        self._direction: Direction | None = None
        # The reply to the last `build`, while the model is as it was then.
        self._built: Reply | None = None
        self._texts: Texts

    def _forget(self) -> None:
        """Frees the model before, so that two are never in memory together."""
        self._drop_step()
        self._average = None
        self._ranks = None
        self._mixout = None
        self._built = None
        for name in ("_network", "_passes", "_gradients", "_optimizer", "_parameters"):
            self.__dict__.pop(name, None)
        gc.collect()
        self.free()

    def free(self) -> None:
        """After an error: gives back what the request had allocated."""
        self._drop_step()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    @singledispatchmethod
    def answer(self, request: Request) -> Reply:
        raise NotImplementedError(type(request))

    @answer.register
    def _(self, request: Build) -> Reply:
        if self._built is not None and request == self._spec:
            return self._built
        self._forget()
        self._spec = request
        network = load_network(request, self._device)
        if request.noise is not None:
            add_noise(network, request.noise, request.seed)
        if request.quantize is None:
            network.model.to(self._device)
        self._network = network
        if request.mixing is not None:
            self._mixout = Mixout(network, request.mixing)
        self._passes = Passes(network, request, self._device)
        self._begin_stage(head_only=request.head_first)
        if request.adalora is not None:
            self._ranks = Ranks(network.model, self._parameters)
        fresh = [
            {"name": item.name, "shape": list(item.parameter.shape), "kind": item.kind, "deviation": item.deviation}
            for item in network.fresh
        ]
        trained = [
            {"name": name, "layer": network.layer_of(name), "size": parameter.numel(), "head": network.is_head(name)}
            for name, parameter in network.trained.items()
        ]
        separately = self._gradients.separately
        self._built = {"fresh": fresh, "trained": trained, "separately": separately, "batchNorms": len(network.batch_norms)}
        return self._built

    def _begin_stage(self, *, head_only: bool) -> None:
        """What a stage does not train has no gradients in its passes."""
        network = self._network
        for name, parameter in network.trained.items():
            parameter.requires_grad_(not head_only or network.is_head(name))
        self._parameters = [parameter for parameter in network.trained.values() if parameter.requires_grad]
        self._gradients = GradientPass(network.model, self._passes, self._parameters, accumulate=self._spec.accumulate)
        self._optimizer = build_optimizer(self._spec.optimizer, self._parameters)
        self._blocks = [0] * len(self._parameters)

    @answer.register
    @torch.no_grad()
    def _(self, request: Initialize) -> Reply:
        at = 0
        for item in self._network.fresh:
            count = item.parameter.numel()
            values = torch.from_numpy(request.values[at : at + count])
            item.parameter.copy_(values.view_as(item.parameter))
            at += count
        if self._spec.averages:
            self._average = ParameterAverage(list(self._network.trained.values()))
        return {}

    @answer.register
    def _(self, request: Stage) -> Reply:
        self._step = None
        self._built = None
        self._begin_stage(head_only=request.head_only)
        return {}

    @answer.register
    def _(self, request: Blocks) -> Reply:
        self._blocks = request.blocks.tolist()
        return {}

    @answer.register
    def _(self, request: Gradients | ImageGradients) -> Reply:
        self._step = None
        self._network.train()
        sizes = np.diff(request.bounds).tolist()
        ascent = self._spec.ascent
        run = partial(self._run, request)
        losses, stack = run() if ascent is None else gradients_uphill(run, self._parameters, sizes, ascent, request.seed)
        step = Step(self._parameters, stack, self._blocks)
        if self._spec.metric == "preconditioned":
            assert isinstance(self._optimizer, AdamW)
            step.use_metric_of(self._optimizer, sizes)
        self._step = step
        return {"losses": losses, "grams": step.grams(), "memory": memory_of(self._device)}

    @answer.register
    @torch.no_grad()
    def _(self, _request: Meet) -> Reply:
        assert self._step is not None
        if self._direction is None:
            return {"inner": np.zeros(1)}
        return {"inner": inner_of(self._direction, self._parameters, self._step.stack)}

    @answer.register
    @torch.no_grad()
    def _(self, request: Move) -> Reply:
        assert self._step is not None
        self._direction = moved(self._direction, self._parameters, self._step.stack, request.share)
        return {"norm2": np.array([length2_of(self._direction)])}

    @answer.register
    @torch.no_grad()
    def _(self, request: DropSigns) -> Reply:
        assert self._step is not None
        stack = self._step.stack
        self._direction = drop_signs(self._parameters, stack, request.groups, request.leak, request.seed)
        inner = inner_of(self._direction, self._parameters, stack)
        return {"inner": inner, "norm2": np.array([length2_of(self._direction)])}

    def _run(self, request: Gradients | ImageGradients) -> tuple[np.ndarray, GradientStack]:
        if self._mixout is None:
            return self._gradients.run(request, request.seed)
        with self._mixout.mixed(request.seed) as factors:
            losses, stack = self._gradients.run(request, request.seed)
        for weight, factor in factors.items():
            stack.multiply(weight, factor)
        return losses, stack

    @answer.register
    @torch.no_grad()
    def _(self, request: Update) -> Reply:
        assert self._step is not None
        self._built = None
        direction = self._direction
        if request.weights is not None:
            direction = self._step.combined(request.weights) if request.weights.any() else None
        measured, norm = self._step.update(self._optimizer, direction, request, keep=self._spec.guarded, ranks=self._ranks)
        if self._average is not None:
            self._average.add(request.average_share)
        return {**_measured(measured), "clippedNorm": norm, "memory": memory_of(self._device)}

    @answer.register
    @torch.no_grad()
    def _(self, request: Correct) -> Reply:
        assert self._step is not None
        return _measured(self._step.correct(request.multipliers))

    @answer.register
    def _(self, _request: Discard) -> Reply:
        self._drop_step()
        self._optimizer.discard()
        return {}

    @answer.register
    def _(self, request: Outputs | ImageOutputs) -> Reply:
        with self._averaged():
            return {"outputs": self._passes.outputs(request)}

    @answer.register
    def _(self, request: AnswerLosses) -> Reply:
        with self._averaged():
            return {"losses": self._passes.answer_losses(request)}

    @answer.register
    def _(self, request: Generate) -> Reply:
        with self._averaged():
            ids, lengths = self._passes.generate(request, self._report, self._cancelled)
        return {"ids": ids, "lengths": lengths}

    @answer.register
    def _(self, request: OpenTokenizer) -> Reply:
        self._texts = Texts(request.folder)
        return self._texts.special_ids()

    @answer.register
    def _(self, request: Encode) -> Reply:
        ids, type_ids = self._texts.encode(request.text, request.pair, request.max_length)
        return {"ids": ids, "typeIds": type_ids}

    @answer.register
    def _(self, request: Decode) -> Reply:
        return {"text": self._texts.decode(request.ids)}

    @answer.register
    def _(self, _request: Usage) -> Reply:
        return usage_of(self._device)

    @answer.register
    def _(self, request: Save) -> Reply:
        checkpoint.save(request.folder, self._network, self._optimizer, self._ranks or self._average)
        return {}

    @answer.register
    @torch.no_grad()
    def _(self, request: Load) -> Reply:
        self._drop_step()
        self._built = None
        checkpoint.load(request.folder, self._network, self._optimizer, self._ranks or self._average)
        return {}

    def _drop_step(self) -> None:
        self._step = None
        self._direction = None

    def _averaged(self) -> AbstractContextManager[None]:
        """Within it the network has the average of its parameters, if there is one."""
        return nullcontext() if self._average is None else self._average.used()


def _measured(measured: Measured) -> Reply:
    numbers = [measured.norm2, measured.metric_norm2, measured.rounding]
    return {"inner": measured.inner, "numbers": np.array(numbers, np.float64)}
