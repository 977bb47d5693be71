"""Times solvers from PyPI on min wᵀHw over the simplex, each called as its users call it, on matrices given one after another.

Reads a JSON line per problem on standard input, {"gram": file of k*k little-endian float64, "k": k, "solver": name of an entry
of SOLVERS, "iterations": for Frank-Wolfe}, and answers each with {"seconds": the shortest call, "weights": [...]} or
{"error": what the solver said}. What does not depend on the matrix (constraints, settings) is made before the clock starts.
"""

import json
import sys
import time

import clarabel
import cvxopt
import numpy as np
import quadprog
import scipy.sparse as sparse
import torch
from torchjd.aggregation import MGDAWeighting

BUDGET_SECONDS = 0.5


def mgda(gram, epsilon=0.001, iterations=100):
    tensor = torch.from_numpy(gram)
    weighting = MGDAWeighting(epsilon=epsilon, max_iters=iterations)
    return lambda: weighting(tensor)


def mgda_exhaustive(gram, iterations):
    return mgda(gram, epsilon=1e-12, iterations=iterations)


def by_quadprog(gram):
    k = len(gram)
    constraints = np.hstack([np.ones((k, 1)), np.eye(k)])
    linear = np.zeros(k)
    bounds = np.eye(1, k + 1)[0]
    return lambda: quadprog.solve_qp(gram, linear, constraints, bounds, 1)[0]


def by_clarabel(gram):
    k = len(gram)
    constraints = sparse.csc_matrix(np.vstack([np.ones((1, k)), -np.eye(k)]))
    bounds = np.eye(1, k + 1)[0]
    cones = [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(k)]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-12

    def call():
        upper = sparse.triu(gram, format="csc")
        return clarabel.DefaultSolver(upper, np.zeros(k), constraints, bounds, cones, settings).solve().x

    return call


def by_cvxopt(gram):
    k = len(gram)
    cvxopt.solvers.options.update(show_progress=False, abstol=1e-12, reltol=1e-12, feastol=1e-12)
    linear = cvxopt.matrix(0.0, (k, 1))
    negative = cvxopt.spmatrix(-1.0, range(k), range(k))
    ones = cvxopt.matrix(1.0, (1, k))
    one = cvxopt.matrix(1.0)

    def call():
        solution = cvxopt.solvers.qp(cvxopt.matrix(gram), linear, negative, linear, ones, one)
        return np.array(solution["x"]).ravel()

    return call


SOLVERS = {
    "mgda": mgda,
    "mgda exhaustive": mgda_exhaustive,
    "quadprog": by_quadprog,
    "clarabel": by_clarabel,
    "cvxopt": by_cvxopt,
}


def answer(gram, solver, arguments):
    """The shortest of as many calls as fit the budget, and what they gave."""
    call = SOLVERS[solver](gram, **arguments)
    seconds = float("inf")
    started = time.perf_counter()
    while time.perf_counter() - started < BUDGET_SECONDS or seconds == float("inf"):
        before = time.perf_counter()
        weights = call()
        seconds = min(seconds, time.perf_counter() - before)
    weights = np.maximum(np.asarray(weights), 0)  # solvers leave −1e-18 where they mean 0
    return {"seconds": seconds, "weights": (weights / weights.sum()).tolist()}


for line in sys.stdin:
    problem = json.loads(line)
    k = problem.pop("k")
    gram = np.fromfile(problem.pop("gram")).reshape(k, k)
    try:
        reply = answer(gram, problem.pop("solver"), problem)
    except Exception as error:
        reply = {"error": str(error)}
    print(json.dumps(reply), flush=True)
