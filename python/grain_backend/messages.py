"""What the run process asks; src/backends/torch/messages.ts is the other side. Names are in camelCase on the pipe."""

from dataclasses import dataclass

from .batches import Batch, ImageBatch
from .build import Build
from .schema import Float32, Float64, Int32


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
class MissingImages:
    """Which images of a batch are not there, so that their bytes are needed."""

    names: list[str]


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
    | MissingImages
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
    "missingImages": MissingImages,
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
