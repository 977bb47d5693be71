"""Forward passes: losses with a graph for training, outputs and answers without one for validation."""

import inspect
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import GenerationConfig
from transformers.generation import StoppingCriteria, StoppingCriteriaList

from .batches import AnyBatch, Batch, ImageBatch
from .build import Build
from .images import images_for
from .losses import ShapedLoss
from .messages import Generate
from .network import Network
from .stability import NoiseStability

# Ignored by every loss.
IGNORED = -100


class Passes:
    """A network's forward passes on one device."""

    def __init__(self, network: Network, spec: Build, device: torch.device) -> None:
        self._network = network
        self._model = network.model
        self._task = spec.task
        self._pad_id = spec.pad_id
        self._images = images_for(spec.folder, network.model.config) if spec.inputs == "images" else None
        self.device = device
        self.is_float16 = spec.dtype == "float16"
        self._dtype: torch.dtype = getattr(torch, spec.dtype)
        self._loss = None if spec.loss is None else ShapedLoss(spec.loss, spec.task, device)
        self._stability = None if spec.stability is None else NoiseStability(network, spec.stability)
        self._prompt_tokens = spec.prompt_tuning.tokens if spec.prompt_tuning is not None else 0
        base = self._model.get_base_model() if hasattr(self._model, "get_base_model") else self._model
        self._takes_types = "token_type_ids" in inspect.signature(base.forward).parameters

    def losses(self, batch: AnyBatch, regions: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Loss of each row, and how much it counts for: 1 (or what techniques make of it), or its number of answer tokens.

        `regions` are those of the whole batch, of which this is a group.
        """
        if isinstance(batch, Batch) and self._task == "generation":
            values, owners = self._answer_losses(batch)
            counts = torch.bincount(owners, minlength=len(batch.lengths))
            return torch.zeros_like(counts, dtype=values.dtype).index_add(0, owners, values) / counts, counts
        if self._stability is None:
            return self._losses_of(self._outputs(batch), batch, regions)
        mask = self._mask(batch.lengths, batch.ids.shape[1]) if isinstance(batch, Batch) else None
        outputs, unstable = self._stability.outputs(lambda: self._outputs(batch), mask)
        losses, counts = self._losses_of(outputs, batch, regions)
        return losses + unstable, counts

    def _losses_of(self, outputs: Tensor, batch: AnyBatch, regions: Tensor | None) -> tuple[Tensor, Tensor]:
        if self._loss is not None:
            return self._loss(outputs, batch, regions)
        targets = torch.from_numpy(batch.targets)
        if self._task == "classification":
            losses = functional.cross_entropy(outputs, targets.long().to(self.device), reduction="none")
        else:
            losses = (outputs[:, 0] - targets.float().to(self.device)).square()
        return losses, torch.ones_like(losses)

    @torch.no_grad()
    def regions(self, batch: AnyBatch) -> Tensor | None:
        """What `losses` needs of each group before the first, added up; None where groups do not depend on each other."""
        if self._loss is None or not self._loss.counts_regions:
            return None
        return self._loss.regions(self._outputs(batch), batch)

    def missing_images(self, names: list[str]) -> np.ndarray:
        """Places of the images that are not there."""
        assert self._images is not None
        return self._images.missing(names)

    @torch.inference_mode()
    def outputs(self, batch: AnyBatch) -> np.ndarray:
        """Logits or values, in float32: examples × outputs."""
        self._model.eval()
        return self._outputs(batch).cpu().numpy()

    @torch.inference_mode()
    def answer_losses(self, batch: Batch) -> np.ndarray:
        """Loss of each answer token, example by example."""
        self._model.eval()
        return self._answer_losses(batch)[0].cpu().numpy()

    def _outputs(self, batch: AnyBatch) -> Tensor:
        if isinstance(batch, ImageBatch):
            assert self._images is not None
            return self._forward(pixel_values=self._images.pixels(batch).to(self.device)).float()
        return self._forward(**self._inputs(batch.ids, batch.lengths, batch.type_ids)).float()

    def _forward(self, **inputs: Any) -> Tensor:
        with torch.autocast(self.device.type, self._dtype, enabled=self._dtype != torch.float32):
            logits: Tensor = self._model(**inputs).logits
        if self._prompt_tokens > 0 and self._task == "generation":
            # Those of the prompt come first.
            return logits[:, self._prompt_tokens :]
        return logits

    def _inputs(self, ids: np.ndarray, lengths: np.ndarray, type_ids: np.ndarray) -> dict[str, Tensor]:
        inputs = {
            "input_ids": torch.from_numpy(ids).long().to(self.device),
            "attention_mask": self._mask(lengths, ids.shape[1]),
        }
        if self._takes_types:
            inputs["token_type_ids"] = torch.from_numpy(type_ids).long().to(self.device)
        return inputs

    def _mask(self, lengths: np.ndarray, width: int) -> Tensor:
        counts = torch.from_numpy(lengths).to(self.device)
        return (torch.arange(width, device=self.device)[None, :] < counts[:, None]).long()

    def _answer_losses(self, batch: Batch) -> tuple[Tensor, Tensor]:
        starts = batch.targets.astype(np.int32)
        if self._network.encodes_separately:
            return self._translated(batch, starts)
        logits = self._forward(**self._inputs(batch.ids, batch.lengths, batch.type_ids))
        ids = torch.from_numpy(batch.ids).long().to(self.device)
        at = torch.arange(ids.shape[1], device=self.device)[None, :]
        begin = torch.from_numpy(starts).to(self.device)[:, None]
        end = torch.from_numpy(batch.lengths).to(self.device)[:, None]
        is_answer = (at >= begin) & (at < end)
        # The token at t is predicted from those before it.
        chosen = is_answer[:, 1:]
        losses = functional.cross_entropy(logits[:, :-1][chosen].float(), ids[:, 1:][chosen], reduction="none")
        return losses, chosen.nonzero()[:, 0]

    def _translated(self, batch: Batch, starts: np.ndarray) -> tuple[Tensor, Tensor]:
        """For encoder-decoders: the prompt is encoded, the answer decoded."""
        rows = range(len(starts))
        prompts, lengths = _padded([self._source(batch.ids[i, : starts[i]]) for i in rows], self._pad_id)
        answers, counts = _padded([batch.ids[i, starts[i] : batch.lengths[i]] for i in rows], IGNORED)
        labels = torch.from_numpy(answers).long().to(self.device)
        inputs = self._inputs(prompts, lengths, np.zeros_like(prompts))
        inputs.pop("token_type_ids", None)
        logits = self._forward(**inputs, labels=labels)
        chosen = self._mask(counts, answers.shape[1]).bool()
        losses = functional.cross_entropy(logits[chosen].float(), labels[chosen], reduction="none")
        return losses, chosen.nonzero()[:, 0]

    def _source(self, prompt: np.ndarray) -> np.ndarray:
        """A prompt as encoders read it, with the token that ends texts."""
        ends = self._model.config.eos_token_id
        end = ends[0] if isinstance(ends, list) else ends
        return prompt if end is None else np.append(prompt, np.int32(end))

    @torch.inference_mode()
    def generate(
        self, request: Generate, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Greedy answers, one after another, with the token that ends each; and their lengths."""
        self._model.eval()
        bounds = np.concatenate([[0], np.cumsum(request.lengths)])
        texts = [request.ids[start:end] for start, end in pairwise(bounds)]
        # Left padding, so that all answers start at one place.
        reverse = not self._network.encodes_separately
        if not reverse:
            texts = [self._source(text) for text in texts]
        prompts, lengths = _padded(texts, self._pad_id, left=reverse)
        mask = self._mask(lengths, prompts.shape[1])
        config = GenerationConfig(
            do_sample=False,
            max_new_tokens=request.max_new_tokens,
            eos_token_id=request.end_ids,
            pad_token_id=self._pad_id,
            bos_token_id=getattr(self._model.config, "bos_token_id", None),
            decoder_start_token_id=getattr(self._model.config, "decoder_start_token_id", None),
        )
        start = 1 if self._network.encodes_separately else prompts.shape[1]
        watch = _Watch(start, request, progress, cancelled)
        with torch.autocast(self.device.type, self._dtype, enabled=self._dtype != torch.float32):
            written = self._model.generate(
                input_ids=torch.from_numpy(prompts).long().to(self.device),
                attention_mask=mask.flip(1) if reverse else mask,
                generation_config=config,
                stopping_criteria=StoppingCriteriaList([watch]),
            )
        answers = [_until(row[start:].tolist(), request.end_ids) for row in written.cpu()]
        flat = np.array([token for answer in answers for token in answer], np.int32)
        return flat, np.array([len(answer) for answer in answers], np.int32)


class _Watch(StoppingCriteria):  # type: ignore[misc]
    """Reports each token that was generated, and stops where the answers are no longer wanted."""

    def __init__(self, start: int, request: Generate, progress: Callable[[float], None], cancelled: Callable[[], bool]) -> None:
        self._start = start
        self._request = request
        self._progress = progress
        self._cancelled = cancelled

    def __call__(self, input_ids: Tensor, *_: Any, **__: Any) -> Tensor:
        count = input_ids.shape[1] - self._start
        self._progress(count / self._request.max_new_tokens)
        return torch.full((len(input_ids),), self._cancelled(), device=input_ids.device)


def _padded(rows: list[np.ndarray], fill: int, *, left: bool = False) -> tuple[np.ndarray, np.ndarray]:
    lengths = np.array([len(row) for row in rows], np.int32)
    padded = np.full((len(rows), lengths.max()), fill, np.int32)
    for target, row in zip(padded, rows, strict=True):
        if left:
            target[len(target) - len(row) :] = row
        else:
            target[: len(row)] = row
    return padded, lengths


def _until(tokens: list[int], end_ids: list[int]) -> list[int]:
    """Up to the first token that ends an answer, which is part of it."""
    ends = [at for at, token in enumerate(tokens) if token in end_ids]
    return tokens[: ends[0] + 1] if ends else tokens
