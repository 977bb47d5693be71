"""What packages for studies over seeds make of the values of two methods: ictonyx, rliable and deepsig.

The argument is a file with a list of [one, other], of values by seed of which higher ones are better; printed is a list of objects.
"""

import json
import sys
import warnings

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")

from deepsig.aso import aso, compute_violation_ratio
from ictonyx.analysis import _hedges_g, paired_wilcoxon_test
from rliable import metrics


def figures(one, other):
    a, b = np.array(one), np.array(other)
    paired = paired_wilcoxon_test(pd.Series(a), pd.Series(b))
    return {
        "ictonyx": {
            "signedRankP": paired.p_value,
            "rankBiserial": paired.effect_size,
            "hedgesG": _hedges_g(pd.Series(a), pd.Series(b))[0],
        },
        "rliable": {
            "iqm": metrics.aggregate_iqm(a[:, None]),
            "probabilityOfImprovement": metrics.probability_of_improvement(a[:, None], b[:, None]),
        },
        "deepsig": {
            "violationRatio": compute_violation_ratio(a, b, dt=0.001),
            "epsilon": float(aso(a, b, num_bootstrap_iterations=100, show_progress=False, seed=1)),
        },
    }


print(json.dumps([figures(*pair) for pair in json.load(open(sys.argv[1]))]))
