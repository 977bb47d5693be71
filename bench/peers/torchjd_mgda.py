"""Times TorchJD's MGDA weighting on given Gram matrices.

Reads one JSON line per problem on standard input, {"gram": file of k*k little-endian float64, "k": k, "epsilon", "iterations"},
and answers each with {"seconds": median of the calls, "weights": [...]}.
"""

import array
import json
import statistics
import sys
import time

import torch
from torchjd.aggregation import MGDAWeighting

BUDGET_SECONDS = 1.0


def seconds_of(call):
    """Median duration over as many calls as fit the budget, after one that does not count unless it fills the budget."""
    durations = []
    started = time.perf_counter()
    while not durations or (time.perf_counter() - started < BUDGET_SECONDS and len(durations) < 1000):
        before = time.perf_counter()
        call()
        durations.append(time.perf_counter() - before)
    return statistics.median(durations[1:] or durations)


for line in sys.stdin:
    problem = json.loads(line)
    entries = array.array("d")
    with open(problem["gram"], "rb") as file:
        entries.frombytes(file.read())
    gram = torch.frombuffer(entries, dtype=torch.float64).reshape(problem["k"], problem["k"])
    weighting = MGDAWeighting(epsilon=problem["epsilon"], max_iters=problem["iterations"])
    answer = {"seconds": seconds_of(lambda: weighting(gram)), "weights": weighting(gram).tolist()}
    print(json.dumps(answer), flush=True)
