"""What packages for studies over seeds make of the values of two methods: ictonyx, rliable and deepsig.

The argument is a file with a list of [one, other], of values by seed of which higher ones are better; printed is a list of objects.
"""

import json
import sys
import warnings

import numpy as np
import pandas as pd
from deepsig.aso import aso, compute_violation_ratio
from parts import part_of

warnings.simplefilter("ignore")
ictonyx = part_of("ictonyx", "analysis")
# arch, of which rliable has its bootstrap, cannot be imported as a whole with pandas 3: its bootstrap alone can.
part_of("arch", "bootstrap")
library, metrics = part_of("rliable", "library"), part_of("rliable", "metrics")


def figures(one, other):
    a, b = np.array(one), np.array(other)
    groups = {"one": pd.Series(a), "other": pd.Series(b)}
    threshold = [np.median(b)]
    np.random.seed(0)
    profiles, bands = library.create_performance_profile({"one": a[:, None]}, threshold, reps=1000)
    paired = ictonyx.paired_wilcoxon_test(pd.Series(a), pd.Series(b))
    return {
        "ictonyx": {
            "signedRankP": paired.p_value,
            "rankBiserial": paired.effect_size,
            "hedgesG": ictonyx._hedges_g(pd.Series(a), pd.Series(b))[0],
            "mannWhitneyP": ictonyx.mann_whitney_test(groups["one"], groups["other"]).p_value,
            "kruskalWallisP": ictonyx.kruskal_wallis_test(groups).p_value,
            "anovaP": ictonyx.anova_test(groups).p_value,
            "studentP": ictonyx.compare_two_models(*groups.values(), test_method="student_t").p_value,
            "welchP": ictonyx.compare_two_models(*groups.values(), test_method="welch_t").p_value,
            "shapiroP": ictonyx.shapiro_wilk_test(groups["one"]).p_value,
            "autocorrelation": ictonyx.calculate_autocorr(groups["one"]),
        },
        "rliable": {
            "iqm": metrics.aggregate_iqm(a[:, None]),
            "probabilityOfImprovement": metrics.probability_of_improvement(a[:, None], b[:, None]),
            "profile": [profiles["one"][0], *bands["one"][:, 0]],
        },
        "deepsig": {
            "violationRatio": compute_violation_ratio(a, b, dt=0.001),
            "epsilon": float(aso(a, b, num_bootstrap_iterations=100, show_progress=False, seed=1)),
        },
    }


print(json.dumps([figures(*pair) for pair in json.load(open(sys.argv[1]))]))
