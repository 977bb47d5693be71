"""`run.json`: what was asked for, and what it ran on (docs/run-format.md)."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sys
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class RunDescription:
    """What a run is about.

    Attributes:
        name: of the experiment. Runs of one name, script and day are one experiment if they share `experiment`.
        aggregator: its name.
        metric: `euclidean` or `preconditioned`.
        group_by: what groups are: `microbatch` for slices of a batch, otherwise for instance `column:source`.
        group_names: in the order of their indices.
        steps: optimizer steps asked for.
        task: `classification`, `regression` or `generation`.
        seed: of the initial values of new weights and of the order of the examples.
        validation_metric: that ranks checkpoints, and whether higher or lower is better.
        config: everything else, as JSON.
        experiment: id that runs share which may be compared; by default one of its own.
        device: that it trains on.
    """

    name: str
    group_names: Sequence[str]
    steps: int
    aggregator: str = "grain"
    metric: str = "euclidean"
    group_by: str = "microbatch"
    task: Literal["classification", "regression", "generation"] = "classification"
    seed: tuple[int, int] = (0, 0)
    validation_metric: tuple[str, Literal["higher", "lower"]] = ("loss", "lower")
    config: Mapping[str, Any] = field(default_factory=dict)
    experiment: str | None = None
    device: torch.device | str = "cpu"

    @property
    def label(self) -> str:
        """The aggregator and its settings that are not defaults."""
        return self.aggregator if self.metric == "euclidean" else f"{self.aggregator} {self.metric}"


def manifest_of(run: RunDescription, root: Path) -> dict[str, Any]:
    """`root`: the folder that holds `.grain`."""
    created = datetime.now(timezone.utc)
    init, order = run.seed
    seed = f"seed{init}" if init == order else f"init{init}-order{order}"
    unique = f"{created:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}"
    script = Path(sys.argv[0]).resolve() if sys.argv and sys.argv[0] else None
    is_script = script is not None and script.is_file()
    config = json.dumps(run.config, sort_keys=True, default=str)
    fingerprints = {"config": hashlib.sha256(config.encode()).hexdigest()}
    if script is not None and is_script:
        fingerprints["code"] = hashlib.sha256(script.read_bytes()).hexdigest()
    return {
        "format": 1,
        "id": f"{_slug(run.name)}-{_slug(run.label)}-{seed}-{unique}",
        "experiment": {"id": run.experiment or f"{_slug(run.name)}-{unique}", "name": run.name},
        "createdAt": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "aggregator": run.label,
        "aggregation": {
            "name": run.aggregator,
            "parameters": {},
            "metric": run.metric,
            "smoothing": 0,
            "zeroGroups": "drop",
            "guard": None,
        },
        "seed": {"init": init, "order": order},
        "steps": run.steps,
        "task": run.task,
        "groups": {"by": run.group_by, "names": list(run.group_names)},
        "metric": {"name": run.validation_metric[0], "better": run.validation_metric[1]},
        "configPath": _relative(script, root) if script is not None and is_script else run.name,
        "config": json.loads(config),
        "fingerprints": fingerprints,
        "sources": {},
        "device": {"backend": "torch", "name": _device_name(torch.device(run.device))},
        "versions": _versions(),
    }


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "run"


def _relative(script: Path, root: Path) -> str:
    try:
        return script.relative_to(root.resolve()).as_posix()
    except ValueError:
        return script.as_posix()


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return platform.processor() or platform.machine() if device.type == "cpu" else device.type


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    for package in ("grain-torch", "transformers", "peft", "accelerate"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions
