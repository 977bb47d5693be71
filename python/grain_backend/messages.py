"""What the run process asks; src/backends/torch/messages.ts is the other side. Names are in camelCase on the pipe."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

Uint8 = Annotated[np.ndarray, "uint8"]
Int32 = Annotated[np.ndarray, "int32"]
Float32 = Annotated[np.ndarray, "float32"]
Float64 = Annotated[np.ndarray, "float64"]

Task = Literal["classification", "regression", "generation"]


@dataclass(frozen=True)
class Lora:
    """Low-rank adapters; peft's defaults of the architecture where no targets are named."""

    # Whether each column's length is trained too: DoRA.
    decomposed: bool
    rank: int
    alpha: float
    dropout: float
    targets: list[str] | None


@dataclass(frozen=True)
class Adalora:
    """LoRA whose ranks fall, from `rank` to a mean of `target_rank`."""

    rank: int
    target_rank: int
    alpha: float
    dropout: float
    targets: list[str] | None
    # Steps in all; those before ranks fall; and the last ones, in which they stay.
    steps: int
    warmup: int
    fixed: int
    # Weight of the regularization.
    orthogonality: float


@dataclass(frozen=True)
class Ia3:
    """Scales of layers' outputs, and of the inputs of those that are named as feed-forward layers."""

    targets: list[str] | None
    feedforward: list[str] | None


@dataclass(frozen=True)
class PromptTuning:
    """Embeddings of tokens before each text."""

    tokens: int


@dataclass(frozen=True)
class Optimizer:
    """As in the config."""

    name: Literal["adamw", "sgd"]
    momentum: float
    weight_decay: float
    beta1: float
    beta2: float
    epsilon: float


@dataclass(frozen=True)
class LossShape:
    """What techniques make of the loss; see losses.py."""

    smoothing: float
    weights: list[float] | None
    margins: list[float] | None
    scale: float
    focus: float
    # Regions that 1 - p of the target is counted in over the batch; None: it is not.
    regions: int | None
    kept: float
    tilt: float
    # The weight of the disagreement of two rows that follow each other, and are one example's; None: each row is an example.
    agreement: float | None


@dataclass(frozen=True)
class Neighborhood:
    """Places at one distance from the parameters, in random directions, that count by exp(tilt * loss)."""

    samples: int
    noise: float
    tilt: float


@dataclass(frozen=True)
class Ascent:
    """Gradients are taken this far uphill, by the size of each parameter where there is an eta."""

    radius: float
    eta: float | None
    # None: uphill from the parameters themselves.
    neighborhood: Neighborhood | None


@dataclass(frozen=True)
class Build:
    """Loads a checkpoint and prepares it for training; replaces the model before. The reply lists what has no values yet."""

    folder: str
    # Hub id or folder that an adapter's config names, and its commit.
    base: str
    revision: str | None
    inputs: Literal["texts", "images"]
    task: Task
    classes: list[str]
    # For each trained output the saved output that it starts from; None: a new head.
    head: list[int] | None
    pad_id: int
    end_ids: list[int]
    freeze: int
    reinitialize: int
    # At most one of these.
    lora: Lora | None
    adalora: Adalora | None
    ia3: Ia3 | None
    prompt_tuning: PromptTuning | None
    dropout: float | None
    checkpointing: bool
    accumulate: bool
    dtype: Literal["float32", "bfloat16", "float16"]
    # Bits of the weights that adapters are trained beside.
    quantize: Literal["4bit", "8bit"] | None
    optimizer: Optimizer
    # None: the task's own.
    loss: LossShape | None
    metric: Literal["euclidean", "preconditioned"]
    # Whether updates are corrected, and so the parameters before a step kept.
    guarded: bool
    # Whether an average of the parameters is validated and saved.
    averages: bool
    # Noise on pretrained tensors, relative to the spread of their values.
    noise: float | None
    # Share of the inputs of pretrained layers that keep their weights in a step; None: there is no mixing.
    mixing: float | None
    # Whether training begins with the head alone, until `stage`.
    head_first: bool
    # None: gradients are taken at the parameters.
    ascent: Ascent | None
    seed: int

    @property
    def is_adapted(self) -> bool:
        """Whether adapters are trained, and not the weights themselves."""
        return any(it is not None for it in (self.lora, self.adalora, self.ia3, self.prompt_tuning))


@dataclass(frozen=True)
class Initialize:
    """Values of the parameters that the checkpoint does not have, one after another in the order of the reply to `build`."""

    values: Float32


@dataclass(frozen=True)
class Stage:
    """Trains the head alone, or all parameters, with a new optimizer."""

    head_only: bool


@dataclass(frozen=True)
class Blocks:
    """The block of each parameter that the stage trains, in their order: gradients have a Gram matrix for each block."""

    blocks: Int32


@dataclass(frozen=True)
class Batch:
    """Examples of token ids, padded to one length; group g has the examples bounds[g] … bounds[g + 1] − 1."""

    ids: Int32
    type_ids: Int32
    lengths: Int32
    bounds: Int32
    # Classes or values; for generation where each answer starts.
    targets: Float64

    def of_group(self, group: int) -> "Batch":
        """The examples of one group, padded only to the longest of them."""
        start, end = self.bounds[group : group + 2]
        lengths = self.lengths[start:end]
        width = lengths.max()
        ids, type_ids = self.ids[start:end, :width], self.type_ids[start:end, :width]
        return Batch(ids, type_ids, lengths, _alone(end - start), self.targets[start:end])


@dataclass(frozen=True)
class ImageBatch:
    """Examples that are images: files, or pixels between 0 and 1, examples × height × width × channels; groups as in `Batch`."""

    # Of files; or where `encoded` has an image, what it is called: another name for each.
    paths: list[str]
    # Bytes of files, one after another, and where each ends; nothing: they are read.
    encoded: Uint8
    ends: Int32
    pixels: Float32
    bounds: Int32
    targets: Float64

    def of_group(self, group: int) -> "ImageBatch":
        """The examples of one group."""
        start, end = self.bounds[group : group + 2]
        first = self.ends[start - 1] if start > 0 and len(self.ends) > 0 else 0
        ends = self.ends[start:end] - first
        encoded = self.encoded[first : first + ends[-1]] if len(ends) > 0 else self.encoded
        paths, pixels, targets = self.paths[start:end], self.pixels[start:end], self.targets[start:end]
        return ImageBatch(paths, encoded, ends, pixels, _alone(end - start), targets)

    def contents(self) -> list[bytes]:
        """Of each file; empty: it is to be read."""
        return [part.tobytes() for part in np.split(self.encoded, self.ends[:-1])]


AnyBatch = Batch | ImageBatch


def _alone(count: int) -> np.ndarray:
    """Bounds of a group without others."""
    return np.array([0, count], np.int32)


@dataclass(frozen=True)
class Gradients(Batch):
    """Each group's loss and gradient, at the current parameters; the gradients stay here until `update` and `discard`."""

    seed: int


@dataclass(frozen=True)
class ImageGradients(ImageBatch):
    """As `Gradients`."""

    seed: int


@dataclass(frozen=True)
class Meet:
    """How the gradient of one group, the last `gradients`, meets the direction d that the groups before it have made."""


@dataclass(frozen=True)
class Move:
    """d ← (1 − share)d + share · g of that gradient."""

    share: float


@dataclass(frozen=True)
class DropSigns:
    """Makes GradDrop's d from the gradients of some groups."""

    groups: Int32
    leak: float
    seed: int


@dataclass(frozen=True)
class Update:
    """Combines the gradients, by a row of weights for each block, clips and steps. All weights 0: no step."""

    # None: the step follows the direction that `move` or `dropSigns` has made.
    weights: Float64 | None
    learning_rate: float
    max_grad_norm: float | None
    # Share of the parameters in their average after this step; 0: it stays.
    average_share: float


@dataclass(frozen=True)
class Correct:
    """Adds MΣ λᵢgᵢ to the last update, where M is the metric."""

    multipliers: Float64


@dataclass(frozen=True)
class Discard:
    """Frees the gradients, and a step that was prepared."""


@dataclass(frozen=True)
class Outputs(Batch):
    """Logits or values of each example."""


@dataclass(frozen=True)
class ImageOutputs(ImageBatch):
    """Logits or values of each image."""


@dataclass(frozen=True)
class AnswerLosses(Batch):
    """Loss of each answer token, in nats."""


@dataclass(frozen=True)
class Generate:
    """Greedy answers to prompts, which follow each other in `ids`; reports its progress."""

    ids: Int32
    lengths: Int32
    max_new_tokens: int
    end_ids: list[int]


@dataclass(frozen=True)
class OpenTokenizer:
    """Opens the tokenizer of a folder, which `encode` and `decode` then use."""

    folder: str


@dataclass(frozen=True)
class Encode:
    """With special tokens, truncated to `max_length`; without either if that is None."""

    text: str
    pair: str | None
    max_length: int | None


@dataclass(frozen=True)
class Decode:
    """Without special tokens."""

    ids: Int32


@dataclass(frozen=True)
class Usage:
    """How busy the device is."""


@dataclass(frozen=True)
class Save:
    """Writes model and optimizer into an existing folder."""

    folder: str


@dataclass(frozen=True)
class Load:
    """Reads what `save` wrote, or another trainer."""

    folder: str


Request = (
    Build
    | Initialize
    | Stage
    | Blocks
    | Gradients
    | ImageGradients
    | Meet
    | Move
    | DropSigns
    | Update
    | Correct
    | Discard
    | Outputs
    | ImageOutputs
    | AnswerLosses
    | Generate
    | OpenTokenizer
    | Encode
    | Decode
    | Usage
    | Save
    | Load
)

REQUESTS: dict[str, type[Request]] = {
    "build": Build,
    "initialize": Initialize,
    "stage": Stage,
    "blocks": Blocks,
    "gradients": Gradients,
    "imageGradients": ImageGradients,
    "meet": Meet,
    "move": Move,
    "dropSigns": DropSigns,
    "update": Update,
    "correct": Correct,
    "discard": Discard,
    "outputs": Outputs,
    "imageOutputs": ImageOutputs,
    "answerLosses": AnswerLosses,
    "generate": Generate,
    "tokenizer": OpenTokenizer,
    "encode": Encode,
    "decode": Decode,
    "usage": Usage,
    "save": Save,
    "load": Load,
}
