"""What rliable makes of the scores of two methods over several tasks.

The argument is a file with a list of [one, other], each a list of tasks with a list of scores of runs; printed is a list of objects.
"""

import json
import sys

import numpy as np
from parts import part_of

# arch, of which rliable has its bootstrap, cannot be imported as a whole with pandas 3: its bootstrap alone can.
part_of("arch", "bootstrap")
library, metrics = part_of("rliable", "library"), part_of("rliable", "metrics")


def figures(one, other):
    a, b = np.transpose(one), np.transpose(other)
    threshold = float(np.median(b))
    aggregates = lambda x: np.array([metrics.aggregate_mean(x), metrics.aggregate_iqm(x), metrics.aggregate_median(x)])
    np.random.seed(0)
    points, intervals = library.get_interval_estimates({"one": a}, aggregates, reps=500)
    better, better_interval = library.get_interval_estimates(
        {"pair": (a, b)}, lambda x, y: np.array([metrics.probability_of_improvement(x, y)]), reps=500
    )
    profiles, bands = library.create_performance_profile({"one": a}, [threshold], reps=500)
    return {
        "points": [*points["one"], *better["pair"], *profiles["one"]],
        "intervals": [*intervals["one"].T.tolist(), *better_interval["pair"].T.tolist(), *bands["one"].T.tolist()],
        "threshold": threshold,
    }


print(json.dumps([figures(*pair) for pair in json.load(open(sys.argv[1]))]))
