"""Which groups can be aggregated, and proof of how good weights are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grain_torch.engine.min_norm import UNIT_ROUNDOFF

if TYPE_CHECKING:
    from grain_torch.engine.types import Array

# ‖g‖² below which float64 has lost relative precision: such a gradient counts as zero.
_ZERO = 2.0**-1022 / 2.0**-52
# How far, relative to ‖gᵢ‖‖gⱼ‖, a Gram matrix accumulated in float32 may be from Cauchy–Schwarz.
_GRAM_SLACK = 1e-3
_SIMPLEX_SLACK = 1e-6
# ⟨d, gᵢ⟩ counts as negative beyond this many times its rounding.
_DEPENDENCE = 10


@dataclass(frozen=True)
class Screening:
    """The groups of a problem; the three lists are disjoint and in order."""

    gram: Array
    present: list[int]
    zero: list[int]
    non_finite: list[int]


def screen(gram: Array) -> Screening:
    """Sorts groups into present, zero and not finite, and makes H exactly symmetric.

    Raises:
        ValueError: if H is not square, or its finite part cannot be a Gram matrix.
    """
    if gram.ndim != 2 or gram.shape[0] != gram.shape[1] or len(gram) == 0:
        raise ValueError(f"a Gram matrix is square; got {gram.shape}")
    diagonal = np.diagonal(gram)
    has_norm = np.isfinite(diagonal)
    finite = has_norm & np.isfinite(gram[:, has_norm]).all(axis=1)
    if (diagonal[finite] < 0).any():
        raise ValueError("not a Gram matrix: some ‖gᵢ‖² is negative")
    is_present = finite & (diagonal >= _ZERO)
    present = np.flatnonzero(is_present)
    symmetric = 0.5 * gram + 0.5 * gram.T
    norms = np.sqrt(diagonal[present])
    part = np.ix_(present, present)
    bound = np.outer(norms, norms)
    if (np.abs(gram[part] - gram.T[part]) > _GRAM_SLACK * bound).any():
        raise ValueError("not a Gram matrix: it is not symmetric")
    if (np.abs(symmetric[part]) > (1 + _GRAM_SLACK) * bound).any():
        raise ValueError("not a Gram matrix: an entry exceeds ‖gᵢ‖‖gⱼ‖")
    return Screening(
        gram=symmetric,
        present=present.tolist(),
        zero=np.flatnonzero(finite & ~is_present).tolist(),
        non_finite=np.flatnonzero(~finite).tolist(),
    )


@dataclass(frozen=True)
class Certificate:
    """Proof, from the Gram matrix and the weights alone, of how good the weights are.

    Attributes:
        norm2: f = ‖d‖² = wᵀHw.
        gap: duality gap f − minᵢ (Hw)ᵢ ≥ 0 of the shortest vector in the hull; infinite off the simplex.
        min_cosine: minᵢ ⟨d, gᵢ⟩/(‖d‖‖gᵢ‖); not negative: d conflicts with no group.
        gap_floor: the largest gap that rounding alone explains.
        conflicts_with: groups whose cosine with d is negative beyond rounding.
    """

    norm2: float
    gap: float
    min_cosine: float
    gap_floor: float
    conflicts_with: list[int]


def certify(groups: Screening, weights: Array) -> Certificate:
    """The certificate of any weights: the proof and its rounding are those of src/engine/certificate.ts."""
    if not np.isfinite(weights).all() or weights[groups.non_finite].any():
        return Certificate(np.nan, np.inf, np.nan, 0.0, [])
    covered = sorted([*groups.present, *(i for i in groups.zero if weights[i] != 0)])
    if not covered or not weights.any():
        return Certificate(0.0, 0.0, 0.0, 0.0, [])
    gram = groups.gram[np.ix_(covered, covered)]
    w = weights[covered]
    norms = np.sqrt(np.diagonal(gram))
    inner = gram @ w
    f = float(w @ inner)
    s = float(np.abs(w) @ norms)
    if f < -_GRAM_SLACK * s * s:
        raise ValueError(f"not a Gram matrix: wᵀHw = {f} is negative for these weights")
    epsilon = 8 * (len(covered) + 2) * UNIT_ROUNDOFF
    least = int(np.argmin(inner))
    floor = epsilon * s * (float(norms[least]) + s)
    gap = _gap(f, float(inner[least]), weights)
    if f <= epsilon * s * s:
        return Certificate(max(f, 0.0), gap, 0.0, floor, [])
    length = np.sqrt(f)
    counted = norms > 0
    cosines = np.clip(inner[counted] / length / norms[counted], -1, 1)
    is_conflict = cosines < -_DEPENDENCE * epsilon * s / length
    conflicts = [i for i, conflict in zip(np.asarray(covered)[counted], is_conflict, strict=True) if conflict]
    return Certificate(f, gap, float(cosines.min()), floor, [int(i) for i in conflicts])


def _gap(f: float, least: float, weights: Array) -> float:
    """f − minᵢ rᵢ of w/Σw, or infinity if w is not on the simplex."""
    total = float(weights.sum())
    if (weights < 0).any() or abs(total - 1) > _SIMPLEX_SLACK:
        return float("inf")
    return max(0.0, f / total**2 - least / total)
