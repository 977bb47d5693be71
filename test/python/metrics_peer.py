"""What test/unit/training/metrics.test.ts compares with: scikit-learn's and scipy's metrics."""

import json
import sys

from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef, root_mean_squared_error


def classification(targets, predictions):
    binary = max(targets + predictions) < 2
    return {
        "accuracy": accuracy_score(targets, predictions),
        "macroF1": f1_score(targets, predictions, average="macro"),
        "mcc": matthews_corrcoef(targets, predictions),
        **({"f1": f1_score(targets, predictions, zero_division=0)} if binary else {}),
    }


def regression(targets, predictions):
    return {
        "rmse": root_mean_squared_error(targets, predictions),
        "pearson": pearsonr(targets, predictions).statistic,
        "spearman": spearmanr(targets, predictions).statistic,
    }


cases = json.load(open(sys.argv[1]))
print(json.dumps([globals()[case["task"]](case["targets"], case["predictions"]) for case in cases]))
