"""Several processes against one: the same steps, from the same examples."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import models
import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from torch.distributed.fsdp import fully_shard
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from grain_torch import Grain, Step, UnsupportedModelError
from grain_torch.distributed import Shards
from grain_torch.runs import Run, RunDescription

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from models import Case
    from torch import Tensor

WORLD = 4
STEPS = 3
IDS = torch.tensor([2, 1, 0, 0, 3, 1, 1, 2, 0, 3, 0, 1])


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1, momentum=0.9)


def adamw(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=1e-2)


def frozen() -> Case:
    case = models.convolutions()
    case.model.layers[0].requires_grad_(False)
    return case


@dataclass(frozen=True)
class Setting:
    """What one process, two and four do alike."""

    case: Callable[[], Case]
    optimizer: Callable[[nn.Module], torch.optim.Optimizer] = sgd
    grain: dict[str, Any] = field(default_factory=lambda: {"groups": 4})
    wrapped: bool = False
    bucket_bytes: int | None = None


SETTINGS = {
    "full": Setting(models.convolutions),
    "frozen layers": Setting(frozen),
    "a group in several processes": Setting(models.shared, grain={"groups": "group", "count": 4}),
    "preconditioned": Setting(models.shared, adamw, {"groups": 4, "metric": "preconditioned"}),
    "pass per group": Setting(lambda: models.convolutions(nn.BatchNorm2d), grain={"groups": 4, "method": "accumulate"}),
    "DistributedDataParallel": Setting(models.shared, wrapped=True),
    "small buckets": Setting(models.convolutions, bucket_bytes=1000),
}


def trained(setting: Setting, rank: int = 0, size: int = 1, group: Any = None) -> tuple[list[Step], dict[str, Tensor]]:
    """Steps with this process's share of the batch, and the parameters after them."""
    case = setting.case()
    if rank > 0:
        # The model of process 0 is everybody's.
        for parameter in case.model.parameters():
            nn.init.zeros_(parameter)
    model = DistributedDataParallel(case.model, process_group=group) if setting.wrapped and size > 1 else case.model
    grain = Grain(model, setting.optimizer(model), **setting.grain, process_group=group)
    if setting.bucket_bytes is not None and size > 1:
        aggregator = grain._aggregator
        aggregator._shards = Shards(aggregator.parameters.values(), aggregator.ranks, bucket_bytes=setting.bucket_bytes)
    rows = slice(rank * models.BATCH // size, (rank + 1) * models.BATCH // size)
    batch = {**case.inputs, "targets": case.targets, "group": IDS}
    share = {key: value[rows] for key, value in batch.items()}

    def losses(batch: dict[str, Any]) -> Tensor:
        outputs = case.call(model, {key: batch[key] for key in case.inputs})
        values = cross_entropy(outputs.movedim(-1, 1), batch["targets"], reduction="none")
        return values if values.ndim == 1 else values.mean(1)

    steps = [grain.step(losses, share) for _ in range(STEPS)]
    return steps, {name: one.detach() for name, one in case.model.named_parameters() if one.requires_grad}


def volume(rank: int) -> dict[str, float]:
    """Bytes that a process sends in a step of one group per process, beside those of a ring all-reduce."""
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 200))
    grain = Grain(model, sgd(model), groups=WORLD)
    ranks = grain._aggregator.ranks
    assert ranks is not None
    before = ranks.sent
    x = torch.randn(3, 64, generator=torch.Generator().manual_seed(rank))
    grain.step(lambda x: model(x).square().sum(1), x)
    gradient = sum(4 * parameter.numel() for parameter in model.parameters())
    return {"sent": ranks.sent - before, "ring": 2 * gradient * (WORLD - 1) / WORLD, "parameters": 4}


def refusals() -> list[str]:
    """What the library says to models that it cannot train in several processes."""

    def message(make: Callable[[], Any]) -> str:
        try:
            make()
        except (UnsupportedModelError, ValueError) as error:
            return str(error)
        return "accepted"

    model = nn.Linear(8, 8)
    sharded = copy.deepcopy(model)
    fully_shard(sharded)
    other = nn.Linear(8, 8 + dist.get_rank())
    return [
        message(lambda: Grain(sharded, sgd(sharded))),
        message(lambda: Grain(model, sgd(model), groups=6)),
        message(lambda: Grain(model, sgd(model), groups=4, aggregate="grain-layerwise")),
        message(lambda: Grain(nn.Sequential(DistributedDataParallel(model)), sgd(model), groups=4)),
        message(lambda: Grain(other, sgd(other), groups=4)),
    ]


def logged(rank: int, folder: Path) -> list[bool]:
    """A run of all processes; whether each was asked to stop, before and after someone did."""
    model = nn.Linear(8, 3)
    grain = Grain(model, sgd(model), groups=WORLD)
    with Run.create(RunDescription("ranks", group_names=["a", "b", "c", "d"], steps=1), folder) as run:
        x = torch.randn(2, 8, generator=torch.Generator().manual_seed(rank))
        run.step(grain.step(lambda x: model(x).square().sum(1), x), learning_rate=0.1)
        before = run.is_asked_to_stop()
        if rank == 0:
            (run.folder / "stop").touch()
        after = run.is_asked_to_stop()
        run.validation({"loss": 1.0})
    return [before, after]


def work(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=WORLD)
    pair = dist.new_group([0, 1])
    found: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        found[f"4 {name}"] = trained(setting, rank, WORLD)
        if rank < 2:
            found[f"2 {name}"] = trained(setting, rank, 2, pair)
    found["volume"] = volume(rank)
    found["refusals"] = refusals()
    found["stops"] = logged(rank, folder)
    torch.save(found, folder / f"{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("ranks")
    mp.spawn(work, args=(made,), nprocs=WORLD)
    return made


@pytest.fixture(scope="module")
def found(folder: Path) -> list[dict[str, Any]]:
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in range(WORLD)]


@pytest.mark.filterwarnings("ignore::grain_torch.GrainWarning")
@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize("name", SETTINGS)
def test_several_processes_take_the_steps_of_one(name: str, size: int, found: list[dict[str, Any]]) -> None:
    expected, parameters = trained(SETTINGS[name])
    for rank in range(size):
        steps, ours = found[rank][f"{size} {name}"]
        for one, other in zip(steps, expected, strict=True):
            assert one.groups == other.groups
            np.testing.assert_array_equal(one.sizes, other.sizes)
            np.testing.assert_array_equal(one.counts, other.counts)
            np.testing.assert_allclose(one.loss, other.loss, rtol=1e-6)
            np.testing.assert_allclose(one.losses, other.losses, rtol=1e-6)
            np.testing.assert_allclose(one.gram, other.gram, rtol=1e-6, atol=1e-6 * np.trace(other.gram))
            np.testing.assert_allclose(one.weights, other.weights, atol=1e-6)
            np.testing.assert_allclose(one.norm2, other.norm2, rtol=1e-5)
            np.testing.assert_allclose(one.update.norm2, other.update.norm2, rtol=1e-5)
            np.testing.assert_allclose(one.update.inner, other.update.inner, rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(one.update.rounding, other.update.rounding, rtol=1e-6)
        for parameter, value in parameters.items():
            torch.testing.assert_close(ours[parameter], value, rtol=1e-6, atol=1e-6)
            # No process drifts away from another.
            torch.testing.assert_close(ours[parameter], found[0][f"{size} {name}"][1][parameter], rtol=0, atol=0)


def test_a_step_sends_what_a_ring_all_reduce_sends(found: list[dict[str, Any]]) -> None:
    for of_rank in found:
        volume = of_rank["volume"]
        # Sizes, losses, scales and which parameters have gradients; Gram matrix, weights, and what the update is measured by.
        numbers = 3 * WORLD + volume["parameters"]
        facts = 8 * (numbers * (WORLD - 1) + 2 * (WORLD**2 + 1 + 1 + WORLD) + WORLD)
        padding = 8 * WORLD
        assert volume["ring"] <= volume["sent"] <= volume["ring"] + facts + padding


def test_what_does_not_work_is_refused_by_name(found: list[dict[str, Any]]) -> None:
    for of_rank in found:
        sharded, uneven, layerwise, nested, different = of_rank["refusals"]
        assert "FSDP" in sharded
        assert "6 groups cannot be shared out among 4 processes" in uneven
        assert "grain-layerwise" in layerwise
        assert "DistributedDataParallel averages gradients" in nested
        assert "72 in 2 tensors, 81 in 2 tensors" in different


def test_wrappers_that_cut_up_parameters_are_refused_by_name() -> None:
    model = nn.Linear(2, 2)
    model.weight.ds_id = 1
    with pytest.raises(UnsupportedModelError, match="DeepSpeed ZeRO-3"):
        Grain(model, sgd(model))
    for name in ("FullyShardedDataParallel", "DeepSpeedEngine"):
        wrapper = type(name, (nn.Sequential,), {})(nn.Linear(2, 2))
        with pytest.raises(UnsupportedModelError, match=name):
            Grain(wrapper, sgd(wrapper))


def test_process_0_writes_the_one_run(folder: Path, found: list[dict[str, Any]]) -> None:
    (run,) = (folder / ".grain" / "runs").iterdir()
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    assert [event["kind"] for event in events] == ["start", "step", "validation", "end"]
    assert events[1]["groups"] == [0, 1, 2, 3]
    assert len(events[1]["losses"]) == len(events[1]["weights"]) == 4
    assert events[-1]["status"] == "stopped"
    assert [of_rank["stops"] for of_rank in found] == [[False, True]] * WORLD
