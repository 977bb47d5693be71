"""What test/unit/experiment/statistics/peers.test.ts compares with: tests of scipy and statsmodels, ictonyx's of curves, and formulas in
numpy where none has them.

The argument is a file with a list of {"name", "inputs"}; printed is a list of the lists of answers, NaN and infinity as null.
"""

import gc
import itertools
import json
import sys
import warnings

import numpy as np
import pandas as pd
from parts import part_of
from scipy import stats
from scipy.stats._resampling import _bca_interval
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.proportion import proportion_confint

warnings.simplefilter("ignore")
# The package imports PyTorch.
ictonyx = part_of("ictonyx", "analysis")


def paired_t(one, other):
    differences = np.array(one) - np.array(other)
    differences = differences[~np.isnan(differences)]
    if len(differences) > 1 and np.ptp(differences) <= 1e-12 * np.abs(differences).max():
        # Without a spread scipy's p is 0: infinitely sure from two equal numbers.
        return [None] * 4
    test = stats.ttest_rel(one, other, nan_policy="omit")
    interval = test.confidence_interval(0.95)
    return [test.statistic, test.pvalue, interval.low, interval.high]


def brown_forsythe(one, other):
    samples = [np.array(values)[~np.isnan(values)] for values in (one, other)]
    if min(len(x) for x in samples) < 2 or all(len(np.unique(np.abs(x - np.median(x)))) == 1 for x in samples):
        return None
    return stats.levene(one, other, center="median", nan_policy="omit").pvalue


def sign_flip(differences):
    values = np.array(differences)
    test = stats.permutation_test(
        (values,), lambda x, axis: x.mean(axis), permutation_type="samples", n_resamples=np.inf, vectorized=True
    )
    return test.pvalue


def fisher(one, n, other, m):
    return stats.fisher_exact([[one, n - one], [other, m - other]]).pvalue


def wilson(count, n):
    return list(proportion_confint(count, n, method="wilson"))


def holm(ps):
    return multipletests(ps, method="holm")[1].tolist()


def rank_biserial(differences):
    values = np.array(differences)
    values = values[values != 0]
    if len(values) == 0:
        return None
    ranks = stats.rankdata(np.abs(values))
    return (ranks[values > 0].sum() - ranks[values < 0].sum()) / ranks.sum()


def probability(one, other):
    """Mann and Whitney's U over the number of pairs."""
    return stats.mannwhitneyu(one, other).statistic / (len(one) * len(other))


def summary(values):
    values = np.array(values)
    return [values.mean(), values.std(ddof=1), values.min(), values.max(), stats.iqr(values)]


def bca(values, statistic, distribution):
    """scipy's own function on the resamples of the other side: only the random numbers differ between the two."""
    functions = {
        "mean": lambda x, axis=-1: np.mean(x, axis=axis),
        "std": lambda x, axis=-1: np.std(x, axis=axis, ddof=1),
    }
    sample = np.array(values)
    if np.ptp(sample) == 0:
        return [None, None]
    theta = np.array(distribution)
    # The same sample in another order has the same statistic, whatever the rounding of its sums.
    estimate = functions[statistic](sample)
    theta[np.isclose(theta, estimate, rtol=1e-12, atol=0)] = estimate
    low, high = _bca_interval((sample,), functions[statistic], -1, 0.025, theta, None, np)[:2]
    if np.isnan(low):
        return [None, None]
    return [np.percentile(theta, 100 * low), np.percentile(theta, 100 * high)]


def jackknife_deviation(values):
    """Miller's jackknife of log s."""
    values = np.array(values)
    n = len(values)
    log = lambda x: np.log(x.std(ddof=1))
    pseudo = np.array([n * log(values) - (n - 1) * log(np.delete(values, i)) for i in range(n)])
    margin = stats.t.ppf(0.975, n - 1) * pseudo.std(ddof=1) / np.sqrt(n)
    return [np.exp(log(values) - margin), np.exp(log(values) + margin)]


def inverted_ratio(one, other):
    """The ratios at which the paired permutation test of |x - median| has p >= 0.05, by bisection of its p."""
    a, b = (np.abs(np.array(x) - np.median(x)) for x in (one, other))
    signs = np.array(list(itertools.product([1, -1], repeat=len(a))))
    p = lambda ratio: (np.abs(signs @ (a - ratio * b)) >= abs((a - ratio * b).sum()) * (1 - 1e-12)).mean()
    ends = []
    for factor in (0.5, 2):
        inside = a.sum() / b.sum()
        outside = inside
        while p(outside) >= 0.05:
            outside *= factor
        for _ in range(60):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if p(middle) >= 0.05 else (inside, middle)
        ends.append(inside)
    ratio = np.std(one, ddof=1) / np.std(other, ddof=1)
    return [ratio, min(ends[0], ratio), max(ends[1], ratio)]


def t_power(noncentrality, df):
    return TTestPower().power(noncentrality / np.sqrt(df + 1), df + 1, 0.05, df=df)


def signed_rank(differences):
    """scipy's sign permutations of the signed ranks: exact with ties and zeros, which its own wilcoxon is not."""
    values = np.array(differences)
    if not values.any():
        return None
    ranks = np.sign(values) * stats.rankdata(np.abs(values))
    test = stats.permutation_test(
        (ranks,), lambda x, axis: x.sum(axis), permutation_type="samples", n_resamples=np.inf, vectorized=True
    )
    return test.pvalue


def wilcoxon(differences):
    """Without ties and zeros."""
    return stats.wilcoxon(differences, method="exact").pvalue


def mann_whitney(one, other):
    test = stats.mannwhitneyu(one, other)
    return [test.statistic, test.pvalue]


def kruskal_wallis(samples):
    if np.ptp(np.concatenate(samples)) == 0:
        # scipy divides the rounding of 0 by 0, which may be infinite.
        return [None, None]
    test = stats.kruskal(*samples)
    return [test.statistic, test.pvalue]


def friedman(rows):
    test = stats.friedmanchisquare(*np.transpose(rows))
    return [test.statistic, test.pvalue]


def anova(samples):
    if all(np.ptp(values) == 0 for values in samples):
        return [None, None]
    test = stats.f_oneway(*samples)
    return [test.statistic, test.pvalue]


def unpaired_t(one, other):
    if np.ptp(one) == 0 and np.ptp(other) == 0:
        return [None] * 4
    tests = [stats.ttest_ind(one, other, equal_var=equal) for equal in (True, False)]
    return [figure for test in tests for figure in (test.statistic, test.pvalue)]


def normality(values):
    if len(values) < 3 or np.ptp(values) == 0:
        return [None, None]
    shapiro = stats.shapiro(values)
    if len(values) < 20:
        return [shapiro.statistic, shapiro.pvalue]
    moments = stats.normaltest(values)
    if stats.skew(values) == 0:
        # scipy takes a skewness of exactly 0 for one of 1.
        statistic = stats.kurtosistest(values).statistic ** 2
        return [shapiro.statistic, shapiro.pvalue, statistic, stats.chi2.sf(statistic, 2)]
    return [shapiro.statistic, shapiro.pvalue, moments.statistic, moments.pvalue]


def dependence(values):
    """How far the autocorrelation of runs goes, in its standard errors, and whether that of any lag is beyond ictonyx's threshold."""
    if np.ptp(values) == 0:
        return [None, None]
    independent, details = ictonyx.check_independence(pd.Series(values))
    lags = {} if independent is None else details["autocorrelations"]
    if len(lags) == 0:
        return [None, None]
    errors = [abs(r) * np.sqrt(len(values) - int(lag.removeprefix("lag_"))) for lag, r in lags.items()]
    return [max(errors), 0 if independent else 1]


def curves(runs):
    length = min(len(run) for run in runs)
    series = [pd.Series(run[:length]) for run in runs]
    stability = ictonyx.assess_training_stability(series)
    _, means, deviations = ictonyx.calculate_averaged_autocorr(series, min(20, length // 4))
    return [
        stability["converged_runs"],
        stability["within_run_variance_mean"],
        stability["between_run_variance"],
        *np.ravel(np.transpose([means, deviations])).tolist(),
    ]


def violation(one, other):
    """Of the quantile functions at the middle of each step that they have together."""
    edges = np.unique(np.round(np.concatenate([np.arange(len(x) + 1) / len(x) for x in (one, other)]), 12))
    middle, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    difference = np.quantile(other, middle, method="inverted_cdf") - np.quantile(one, middle, method="inverted_cdf")
    distance = np.sum(difference**2 * width)
    return 0.5 if distance == 0 else np.sum(np.maximum(difference, 0) ** 2 * width) / distance


def crossed(values):
    """Components from statsmodels' mean squares of rows, columns and rest."""
    cells = [{"y": y, "row": i, "column": j} for i, row in enumerate(values) for j, y in enumerate(row)]
    squares = anova_lm(ols("y ~ C(row) + C(column)", pd.DataFrame(cells)).fit())["mean_sq"]
    rest = squares["Residual"]
    return [
        max(0, (squares["C(row)"] - rest) / len(values[0])),
        max(0, (squares["C(column)"] - rest) / len(values)),
        rest,
    ]


def distributions(x, t, df, p, f, df1, df2, chi):
    return [
        stats.chi2.sf(chi, df1),
        *[stats.norm.cdf(x), stats.norm.ppf(p), 2 * stats.t.sf(abs(t), df), stats.t.isf(p / 2, df)],
        stats.f.sf(f, df1, df2),
    ]


def clean(value):
    if isinstance(value, (list, tuple)):
        return [clean(each) for each in value]
    return float(value) if value is not None and np.isfinite(value) else None


def number(value):
    """JSON has no NaN: null stands for it."""
    if isinstance(value, list):
        return [number(each) for each in value]
    return np.nan if value is None else value


comparisons = json.load(open(sys.argv[1]))
# statsmodels' multipletests collects garbage every time: not among modules and cases.
gc.freeze()
print(json.dumps([[clean(globals()[each["name"]](*number(case))) for case in each["inputs"]] for each in comparisons]))
