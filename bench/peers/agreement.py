"""Aggregates gradients with TorchJD, and with plain NumPy or a QP solver what TorchJD does not have.

Reads one JSON line per problem on standard input:
{"rows": k rows of d numbers, "blocks": lengths that cut d, "orders": k permutations of 0..k-1, "uniforms": d numbers in [0, 1),
"first": true at the start of a sequence, which resets the memory}
and answers each with {name: aggregated gradient or null where the peer fails}.
"""

import json
import sys
import warnings

import cvxpy
import numpy
import scipy.optimize
import torch
from torchjd.aggregation import (
    MGDA,
    AlignedMTL,
    CAGradWeighting,
    GradDrop,
    GradVac,
    IMTLG,
    Mean,
    NashMTL,
    PCGrad,
    UPGradWeighting,
)
from qpsolvers.exceptions import QPError
from torchjd.linalg import QuadprogProjector

warnings.filterwarnings("ignore")

# Tighter than Clarabel's 1e-8, for CAGrad inside TorchJD.
TIGHT = {"tol_gap_abs": 1e-16, "tol_gap_rel": 1e-16, "tol_feas": 1e-14}
REGULARISATION = 1e-10

solve_as_it_comes = cvxpy.Problem.solve


def solve_tightly(problem, solver=cvxpy.CLARABEL, **options):
    tight = TIGHT if solver == cvxpy.CLARABEL else {}
    return solve_as_it_comes(problem, solver=solver, **tight, **options)


cvxpy.Problem.solve = solve_tightly


class GivenRandom:
    """Replaces torch.randperm and torch.rand, so that TorchJD uses the given random numbers."""

    orders = []
    uniforms = None

    @classmethod
    def draw_order(cls, n, **_):
        order = next(cls.orders)
        assert len(order) == n
        return torch.tensor(order)

    @classmethod
    def draw_uniform(cls, shape, **_):
        assert tuple(shape) == cls.uniforms.shape
        return cls.uniforms


torch.randperm = GivenRandom.draw_order
torch.rand = GivenRandom.draw_uniform


def shortest(rows):
    """Shortest vector in the hull, by Lawson & Hanson on unit rows: u = argmin |Σ uᵢĝᵢ|² + (cᵀu - 1)², cᵢ = min |gⱼ|/|gᵢ|."""
    norms = numpy.linalg.norm(rows, axis=1)
    scale = norms.min() / norms
    system = numpy.vstack([(rows / norms[:, None]).T, scale])
    target = numpy.zeros(len(system))
    target[-1] = 1.0
    u, _ = scipy.optimize.nnls(system, target)
    weights = scale * u
    return (weights / weights.sum()) @ rows


def streaming(matrix):
    d = matrix[0]
    for row in matrix[1:]:
        d = MGDA(epsilon=1e-300, max_iters=100)(torch.stack([d, row]))
    return d


def by_block(rows, blocks):
    return numpy.concatenate([shortest(part) for part in numpy.split(rows, numpy.cumsum(blocks)[:-1], axis=1)])


def upgrad(matrix, regularisation):
    gram = matrix @ matrix.T
    gram = gram / gram.diagonal().sum() + regularisation * torch.eye(len(gram), dtype=gram.dtype)
    return UPGradWeighting(projector=QuadprogProjector(norm_eps=0.0, reg_eps=0.0))(gram) @ matrix


def cagrad_weights(matrix, c=0.5):
    return CAGradWeighting(c=c, norm_eps=0.0)(matrix @ matrix.T).numpy()


def polished_cagrad(rows, weights, c=0.5):
    """An interior point is off by the root of its duality gap. From it, Newton's method on the conditions for its support:
    (ḡᵢ + ρ ⟨gᵢ, g_w⟩/|g_w|) equal for all i there, Σ wᵢ = 1."""
    k = len(rows)
    mean = rows.mean(axis=0)
    above = weights - 1 / k
    w = above / above.sum()
    support = w > 1e-6
    taken = rows[support] / numpy.linalg.norm(mean)
    mean = mean / numpy.linalg.norm(mean)

    def conditions(x):
        g = x[:-1] @ taken
        slack = taken @ mean + c * (taken @ g) / numpy.linalg.norm(g) - x[-1]
        return numpy.append(slack, x[:-1].sum() - 1)

    start = numpy.append(w[support], (taken @ (weights @ rows) / numpy.linalg.norm(rows.mean(axis=0))).mean())
    found = scipy.optimize.root(conditions, start, tol=1e-15)
    g = found.x[:-1] @ rows[support]
    return rows.mean(axis=0) + c * numpy.linalg.norm(rows.mean(axis=0)) * g / numpy.linalg.norm(g)


def nash(given):
    """Where its solver fails, TorchJD goes on with equal weights: that is no bargain, and counts as a failure here."""
    weights = NashMTL(n_tasks=len(given)).weighting(given)
    gains = (weights * (given @ given.T @ weights)).numpy()
    if gains.min() < 0.99 * gains.max():
        raise ValueError("no bargain")
    return weights @ given


def norm_matched(rows):
    mean = rows.mean(axis=0)
    return mean * numpy.linalg.norm(shortest(rows)) / numpy.linalg.norm(mean)


gradvac = GradVac(beta=0.5, eps=0.0)

for line in sys.stdin:
    problem = json.loads(line)
    rows = numpy.array(problem["rows"])
    matrix = torch.tensor(rows)
    k = len(rows)
    norms = numpy.linalg.norm(rows, axis=1)
    if problem["first"]:
        gradvac.reset()

    def with_orders(aggregator, orders):
        GivenRandom.orders = iter(orders)
        return aggregator(matrix)

    def among_others(i):
        return [j - (j > i) for j in problem["orders"][i] if j != i]

    def dropped():
        GivenRandom.uniforms = torch.tensor(problem["uniforms"])
        return GradDrop()(matrix)

    tasks = {
        "mean": lambda: Mean()(matrix),
        "grain, TorchJD": lambda: MGDA(epsilon=1e-300, max_iters=2000)(matrix),
        "grain": lambda: shortest(rows),
        "grain-layerwise": lambda: by_block(rows, problem["blocks"]),
        "grain-streaming": lambda: streaming(matrix),
        "upgrad": lambda: upgrad(matrix, 0.0),
        "upgrad, regularised": lambda: upgrad(matrix, REGULARISATION),
        "pcgrad": lambda: with_orders(PCGrad(), problem["orders"]) / k,
        "gradvac": lambda: with_orders(gradvac, [among_others(i) for i in range(k)]) / k,
        "graddrop": lambda: dropped() / k,
        "cagrad": lambda: cagrad_weights(matrix) @ rows,
        "cagrad, polished": lambda: polished_cagrad(rows, cagrad_weights(matrix)),
        "aligned-mtl": lambda: AlignedMTL()(matrix),
        "imtl-g": lambda: IMTLG()(matrix),
        "nash-mtl": lambda: nash(matrix),
        "nash-mtl, unit": lambda: nash(matrix / torch.tensor(norms[:, None])),
        "mean-norm-matched": lambda: norm_matched(rows),
        "inverse-norm": lambda: (norms**-2 / (norms**-2).sum()) @ rows,
        "normalized-mean": lambda: (rows / norms[:, None]).mean(axis=0),
    }
    answers = {}
    for name, task in tasks.items():
        try:
            answers[name] = numpy.asarray(task()).tolist()
        except (ValueError, cvxpy.error.SolverError, QPError):
            answers[name] = None
    print(json.dumps(answers), flush=True)
