"""The engine against closed forms, against optimality itself, and against the TypeScript engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from gram_matrices import gram_matrices
from hypothesis import given, settings
from hypothesis import strategies as st

from grain_torch.engine import aggregate, aggregate_blocks, certify_weights

ROOT = Path(__file__).parents[2]
# Matrices for each aggregator; the nightly run takes 10,000 for all of them, with a fresh seed.
SEED = int(os.environ.get("GRAIN_AGREEMENT_SEED", "1"))
COUNTS = {"grain": 10_000} | dict.fromkeys(
    ["mean", "grain-normalized", "upgrad", "mean-norm-matched", "inverse-norm", "normalized-mean"],
    int(os.environ.get("GRAIN_AGREEMENT", "200")),
)


def test_orthogonal_gradients_weigh_by_inverse_squares() -> None:
    result = aggregate(np.diag([1.0, 4.0]))
    np.testing.assert_allclose(result.weights, [0.8, 0.2], rtol=1e-15)
    assert result.norm2 == pytest.approx(0.8)
    assert result.min_cosine > 0


def test_a_short_gradient_inside_the_cone_takes_all_weight() -> None:
    gradients = np.array([[1.0, 0.0], [3.0, 1.0]])
    assert aggregate(gradients @ gradients.T).weights.tolist() == [1, 0]


def test_opposite_gradients_are_stationary() -> None:
    result = aggregate(np.array([[1.0, -1.0], [-1.0, 1.0]]))
    np.testing.assert_allclose(result.weights, [0.5, 0.5])
    assert result.norm2 == 0


def test_groups_without_a_gradient_get_no_weight() -> None:
    gram = np.diag([1.0, np.nan, 0.0, 1.0])
    np.testing.assert_allclose(aggregate(gram).weights, [0.5, 0, 0, 0.5])
    assert aggregate(np.zeros((2, 2))).weights.tolist() == [0, 0]
    np.testing.assert_allclose(aggregate(gram, "mean").weights, [1 / 3, 0, 1 / 3, 1 / 3])


@pytest.mark.parametrize(
    "gram", [np.ones((2, 3)), np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([[1.0, 0.5], [0.0, 1.0]]), np.diag([-1.0, 1.0])]
)
def test_what_is_not_a_gram_matrix_is_refused(gram: np.ndarray) -> None:
    with pytest.raises(ValueError, match="Gram matrix"):
        aggregate(gram)


def test_unknown_names_and_wrong_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match='unknown aggregator "grian". Expected one of: grain, mean'):
        aggregate(np.eye(2), "grian")
    with pytest.raises(ValueError, match="expected 2 positive numbers"):
        aggregate(np.eye(2), sizes=[1, 0])


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6))
def test_no_point_of_the_hull_is_shorter(seed: int) -> None:
    for gram in gram_matrices(8, seed):
        result = aggregate(gram)
        assert result.gap <= 1e-10 * result.norm2 + 1e-13 * np.trace(gram)
        assert not result.conflicts_with
        start = aggregate(gram, start=result.support)
        assert start.norm2 == pytest.approx(result.norm2, rel=1e-10, abs=1e-13 * np.trace(gram))


def test_mean_is_certified_like_any_other_weights() -> None:
    gradients = np.array([[1.0, 0.0], [-3.0, 1.0]])
    assert aggregate(gradients @ gradients.T, "mean").conflicts_with == [0]
    assert certify_weights(gradients @ gradients.T, np.array([0.5, 0.5])).conflicts_with == [0]


def test_each_block_has_its_own_weights() -> None:
    answers = aggregate_blocks({"a": np.diag([1.0, 4.0]), "b": np.diag([4.0, 0.0]), "c": np.diag([np.nan, 1.0])})
    assert [answers[name].weights.tolist() for name in "abc"] == [[0, 1], [0, 0], [0, 1]]


@pytest.mark.parametrize("name", ["mgda", "pcgrad", "gradvac", "cagrad", "aligned-mtl", "imtl-g", "dualproj"])
def test_torchjd_weighs_where_it_is_installed(name: str) -> None:
    gram = np.array([[2.0, 1.0], [1.0, 2.0]])
    try:
        weights = aggregate(gram, name).weights
    except ImportError as error:
        pytest.skip(str(error))
    # Nothing conflicts and both are alike: whatever the length, the direction is the mean's.
    assert weights[0] == pytest.approx(weights[1], rel=1e-3)
    assert weights[0] > 0


@pytest.fixture(scope="module")
def theirs() -> dict[str, list[dict]]:
    """Answers of the TypeScript engine, from one process for all aggregators."""
    if shutil.which("node") is None:
        pytest.skip("needs node")
    grams = [gram.tolist() for gram in gram_matrices(max(COUNTS.values()), SEED)]
    lines = (json.dumps({"gram": gram, "aggregator": name}) for name, count in COUNTS.items() for gram in grams[:count])
    command = ["node", "--disable-warning=ExperimentalWarning", str(ROOT / "src/cli/main.ts"), "solve"]
    answers = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=True).stdout
    solved = map(json.loads, answers.splitlines())
    return {name: list(islice(solved, count)) for name, count in COUNTS.items()}


@pytest.mark.parametrize("name", COUNTS)
def test_the_typescript_engine_agrees(name: str, theirs: dict[str, list[dict]]) -> None:
    """‖d‖² and ‖d − d′‖² to rounding of (Σ|wᵢ|‖gᵢ‖)²; the weights to 1e-10 where no gradient nearly depends on others."""
    for gram, answer in zip(gram_matrices(COUNTS[name], SEED), theirs[name], strict=True):
        ours = aggregate(gram, name)
        weights = np.array(answer["weights"], dtype=np.float64)
        mass2 = float(np.abs(weights) @ np.sqrt(np.diagonal(gram))) ** 2
        off = ours.weights - weights
        # The only difference known: a mean shortened to ‖d‖, itself the root of what rounding leaves of ‖d‖².
        rounding = 1e-9 if name == "mean-norm-matched" else 1e-13
        assert abs(ours.norm2 - answer["norm2"]) <= 1e-10 * answer["norm2"] + rounding * mass2
        assert off @ gram @ off <= 1e-10 * answer["norm2"] + rounding * mass2
        if _is_independent(gram):
            assert np.abs(off).max() <= 1e-10 * np.abs(weights).max()


def _is_independent(gram: np.ndarray) -> bool:
    norms = np.sqrt(np.diagonal(gram))
    if not norms.all():
        return False
    return bool(np.linalg.eigvalsh(gram / np.outer(norms, norms))[0] > 1e-3)
