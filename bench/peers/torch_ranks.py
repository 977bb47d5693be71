"""The Python side of bench/torchrun.ts: what processes of one machine send each other in a training step, and how long it takes.

    torch_ranks.py PROCESSES WIDTH STEPS    one JSON object on standard output

Bytes are those that the loopback interface carried, headers included: start it in a network of its own (unshare -n).
"""

import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "python"))

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from grain_torch import Grain


def carried():
    """Bytes that the loopback interface has sent so far."""
    line = next(line for line in Path("/proc/net/dev").read_text().splitlines() if line.strip().startswith("lo:"))
    return int(line.split()[9])


def network(width):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(width, width, bias=False), nn.ReLU(), nn.Linear(width, width, bias=False))


def measured(step, steps):
    """Bytes and seconds of a step, over all processes."""
    step()
    dist.barrier()
    before, began = carried(), time.perf_counter()
    for _ in range(steps):
        step()
    dist.barrier()
    return {"bytes": (carried() - before) / steps, "seconds": (time.perf_counter() - began) / steps}


def mean(width, x):
    model = DistributedDataParallel(network(width))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)

    def step():
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()

    return step


def grain(width, x, groups, **settings):
    model = network(width)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    stepper = Grain(model, optimizer, groups=groups, measure_update=False, **settings)
    return lambda: stepper.step(lambda batch: model(batch).square().mean(1), x)


def work(rank, processes, width, steps, folder):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=processes)
    x = torch.randn(4, width, generator=torch.Generator().manual_seed(rank))
    found = {
        "gradient": 2 * width * width * 4,
        "mean": measured(mean(width, x), steps),
        "one": measured(grain(width, x, processes), steps),
        "two": measured(grain(width, x, 2 * processes), steps),
    }
    if rank == 0:
        print(json.dumps(found), flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    count, size, repeats = (int(word) for word in sys.argv[1:])
    with tempfile.TemporaryDirectory() as store:
        mp.spawn(work, args=(count, size, repeats, store), nprocs=count)
