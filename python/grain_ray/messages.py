"""What `grain run` and this driver say to each other: a JSON object a line; src/experiment/ray/messages.ts is the other side."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from grain_backend.schema import camel, parse


@dataclass(frozen=True)
class Begin:
    """The first message. Attributes:
    address: of the cluster, as `ray.init` takes it.
    root: the folder that holds `.grain` and the project's files.
    grain: Node's flags and the script of `grain`.
    ship: folder of the script that is sent to the nodes; None: it is there, under the same path.
    cpus, gpus: of each run.
    """

    address: str
    root: str
    grain: list[str]
    ship: str | None
    cpus: float
    gpus: float


@dataclass(frozen=True)
class Train:
    """Trains the run of that folder."""

    id: str
    folder: str


@dataclass(frozen=True)
class Stop:
    """Ends a run as soon as it can, with a checkpoint."""

    id: str


REQUESTS: dict[str, type] = {"begin": Begin, "train": Train, "stop": Stop}


def request_of(line: str) -> Any:
    """Raises SchemaError for what is not a request."""
    message = json.loads(line)
    kind = message.pop("kind")
    return parse(REQUESTS[kind], message, kind)


@dataclass(frozen=True)
class Ready:
    """The cluster is there, with so many of everything."""

    nodes: int
    cpus: float
    gpus: float


@dataclass(frozen=True)
class Note:
    """Something that a user may want to know."""

    text: str


@dataclass(frozen=True)
class Ended:
    """Nothing more comes of a run. `message`: why, of interest if its log has no end."""

    id: str
    message: str


def line_of(message: Ready | Note | Ended) -> str:
    fields = {camel(name): value for name, value in asdict(message).items()}
    return json.dumps({"kind": type(message).__name__.lower(), **fields}) + "\n"
