"""Answers requests: holds the model in training, its optimizer and the gradients of the step in progress."""

import gc
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import singledispatchmethod
from typing import Any

import numpy as np
import torch

from . import checkpoint
from .average import ParameterAverage
from .build import Build
from .devices import memory_of, usage_of
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
    MissingImages,
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
from .passes import Passes
from .ranks import Ranks
from .step import Measured
from .texts import Texts
from .training import Training

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
        self._training: Training | None = None
        self._average: ParameterAverage | None = None
        self._ranks: Ranks | None = None
        self._mixout: Mixout | None = None
        # The reply to the last `build`, while the model is as it was then.
        self._built: Reply | None = None
        self._texts: Texts

    def _forget(self) -> None:
        """Frees the model before, so that two are never in memory together."""
        self._training = self._average = self._ranks = self._mixout = self._built = None
        for name in ("_network", "_passes"):
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
        training = self._begin_stage(head_only=request.head_first)
        if request.adalora is not None:
            self._ranks = Ranks(network.model, training.parameters)
        fresh = [
            {"name": item.name, "shape": list(item.parameter.shape), "kind": item.kind, "deviation": item.deviation}
            for item in network.fresh
        ]
        trained = [
            {"name": name, "layer": network.layer_of(name), "size": parameter.numel(), "head": network.is_head(name)}
            for name, parameter in network.trained.items()
        ]
        norms = len(network.batch_norms)
        self._built = {"fresh": fresh, "trained": trained, "separately": training.separately, "batchNorms": norms}
        return self._built

    def _begin_stage(self, *, head_only: bool) -> Training:
        self._training = Training(self._network, self._passes, self._spec, self._mixout, head_only=head_only)
        return self._training

    @property
    def _stage(self) -> Training:
        assert self._training is not None
        return self._training

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
        self._drop_step()
        self._built = None
        self._begin_stage(head_only=request.head_only)
        return {}

    @answer.register
    def _(self, request: Blocks) -> Reply:
        self._stage.blocks = request.blocks.tolist()
        return {}

    @answer.register
    def _(self, request: Gradients | ImageGradients) -> Reply:
        losses, grams = self._stage.gradients(request)
        return {"losses": losses, "grams": grams, "memory": memory_of(self._device)}

    @answer.register
    @torch.no_grad()
    def _(self, _request: Meet) -> Reply:
        return {"inner": self._stage.meet()}

    @answer.register
    @torch.no_grad()
    def _(self, request: Move) -> Reply:
        return {"norm2": np.array([self._stage.move(request.share)])}

    @answer.register
    @torch.no_grad()
    def _(self, request: DropSigns) -> Reply:
        inner, norm2 = self._stage.drop_signs(request)
        return {"inner": inner, "norm2": np.array([norm2])}

    @answer.register
    @torch.no_grad()
    def _(self, request: Update) -> Reply:
        self._built = None
        measured, norm = self._stage.update(request, self._ranks)
        if self._average is not None:
            self._average.add(request.average_share)
        return {**_measured(measured), "clippedNorm": norm, "memory": memory_of(self._device)}

    @answer.register
    @torch.no_grad()
    def _(self, request: Correct) -> Reply:
        return _measured(self._stage.correct(request.multipliers))

    @answer.register
    def _(self, _request: Discard) -> Reply:
        if self._training is not None:
            self._training.discard()
        return {}

    @answer.register
    def _(self, request: Outputs | ImageOutputs) -> Reply:
        with self._averaged():
            return {"outputs": self._passes.outputs(request)}

    @answer.register
    def _(self, request: MissingImages) -> Reply:
        return {"missing": self._passes.missing_images(request.names)}

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
        checkpoint.save(request.folder, self._network, self._stage.optimizer, self._ranks or self._average)
        return {}

    @answer.register
    @torch.no_grad()
    def _(self, request: Load) -> Reply:
        self._drop_step()
        self._built = None
        checkpoint.load(request.folder, self._network, self._stage.optimizer, self._ranks or self._average)
        return {}

    def _drop_step(self) -> None:
        if self._training is not None:
            self._training.drop_step()

    def _averaged(self) -> AbstractContextManager[None]:
        """Within it the network has the average of its parameters, if there is one."""
        return nullcontext() if self._average is None else self._average.used()


def _measured(measured: Measured) -> Reply:
    numbers = [measured.norm2, measured.metric_norm2, measured.rounding]
    return {"inner": measured.inner, "numbers": np.array(numbers, np.float64)}
