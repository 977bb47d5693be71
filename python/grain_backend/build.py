"""The request `build`: a model, and how it is trained; src/backends/torch/buildMessage.ts is the other side."""

from dataclasses import dataclass
from typing import Literal

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
class Stability:
    """Noise after a layer, 1-based, and how much what it changes above counts."""

    layer: int
    noise: float
    weight: float


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
    # None: losses are those of the outputs alone.
    stability: Stability | None
    seed: int

    @property
    def is_adapted(self) -> bool:
        """Whether adapters are trained, and not the weights themselves."""
        return any(it is not None for it in (self.lora, self.adalora, self.ia3, self.prompt_tuning))
