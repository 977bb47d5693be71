"""The point of least norm in the convex hull of k gradients, from their Gram matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grain_torch.engine.cholesky import ActiveCholesky

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grain_torch.engine.types import Array

UNIT_ROUNDOFF = 2.0**-53
# A group enters while ⟨d, gᵢ⟩ < (1 − TOLERANCE)·‖d‖².
TOLERANCE = 1e-12
# A group whose squared distance to the span of k others, at unit length, is below k times this depends on them.
INDEPENDENCE = 1e-15


def min_norm(gram: Array, start: Iterable[int] = ()) -> Array:
    """GRAIN's weights w* = argmin wᵀHw over the simplex.

    Method: the active set of Lawson & Hanson (Solving Least Squares Problems, 1974, ch. 23) and Wolfe (Finding the nearest
    point in a polytope, Math. Prog. 1976) on the row-equilibrated Gram matrix Ĥᵢⱼ = Hᵢⱼ/(nᵢnⱼ), nᵢ = ‖gᵢ‖, so that short
    gradients are not lost in rounding beside long ones. With cᵢ = minⱼ nⱼ/nᵢ the problem becomes min vᵀĤv, cᵀv = 1, v ≥ 0,
    and wᵢ = cᵢvᵢ/Σ cⱼvⱼ. On a support S its solution without signs is v ∝ M⁻¹c, M = Ĥ_SS + c_S c_Sᵀ, which stays regular at
    a stationary point. The TypeScript engine does the same (src/engine/minNorm/solver.ts).

    Args:
        gram: H, k×k, symmetric and finite with a positive diagonal.
        start: groups to begin from, at best the last step's support. Those that do not exist or that depend on others are
            ignored.
    """
    return _Solver(gram, None).solve(start)


def project_onto_dual_cone(gram: Array, anchor: int) -> Array:
    """Weights w ≥ 0, w_a = 1, of the shortest vector of g_a + cone(gⱼ), j ≠ a.

    It is the projection of g_a onto the directions d with ⟨d, gᵢ⟩ ≥ 0 for all i.
    """
    return _Solver(gram, anchor).solve(())


class _Solver:
    """One problem. The support: `groups` in the order of the factor's rows, with unscaled weights `v`."""

    def __init__(self, gram: Array, anchor: int | None) -> None:
        k = len(gram)
        self._anchor = anchor
        norms = np.sqrt(np.diagonal(gram))
        self._inverse = 1 / norms
        self._first = int(np.argmin(norms)) if anchor is None else anchor
        if anchor is None:
            self._c = norms[self._first] * self._inverse
        else:
            self._c = np.zeros(k)
            self._c[anchor] = 1
        self._scaled = gram * self._inverse[:, None] * self._inverse
        self._matrix = self._scaled + np.outer(self._c, self._c)
        np.fill_diagonal(self._matrix, 1 + self._c**2)
        self.groups: list[int] = []
        self.v = np.zeros(0)
        self._factor = ActiveCholesky(k, INDEPENDENCE)

    def solve(self, start: Iterable[int]) -> Array:
        self._begin(start)
        norm2, slack = self._slack()
        saved = (list(self.groups), self.v.copy())
        banned: set[int] = set()
        # Each descent leads to another support with a shorter d, so rounds end by themselves. A group that brings none is
        # banned until d has become shorter. The bound is for what is not a Gram matrix at all.
        for _ in range(10 * len(self._c) + 100):
            entering = self._most_violated(norm2, slack, banned)
            if entering is None:
                break
            moved = self._enter(entering) or self._exchange(entering)
            if moved:
                self._descend()
            next_norm2, next_slack = self._slack()
            if moved and next_norm2 < norm2 - 4 * UNIT_ROUNDOFF * abs(norm2):
                norm2, slack = next_norm2, next_slack
                saved = (list(self.groups), self.v.copy())
                banned.clear()
            else:
                banned.add(entering)
                if not self._restore(*saved):
                    break
        return self._weights(*saved)

    def _begin(self, start: Iterable[int]) -> None:
        """At the solution on the groups of `start`, or at the shortest gradient or the anchor alone."""
        for group in dict.fromkeys(start):
            if 0 <= group < len(self._c):
                self._enter(group)
        self._drop_unweighted()
        if not self.groups:
            self._enter(self._first)
            self.v[0] = 1

    def _slack(self) -> tuple[float, Array]:
        """f̂ = vᵀĤv, and Ĥv − f̂c: negative where a group would still shorten d."""
        product = self.v @ self._scaled[self.groups]
        norm2 = float(self.v @ product[self.groups])
        return norm2, product - norm2 * self._c

    def _most_violated(self, norm2: float, slack: Array, banned: set[int]) -> int | None:
        """The group outside the support with the least slack, if that is negative beyond tolerance and rounding."""
        rounding = 4 * UNIT_ROUNDOFF * len(self.groups) * float(self.v.sum())
        violated = slack < -np.maximum(TOLERANCE * norm2 * self._c, rounding)
        violated[self.groups] = False
        violated[list(banned)] = False
        if not violated.any():
            return None
        return int(np.argmin(np.where(violated, slack, np.inf)))

    def _enter(self, group: int) -> bool:
        """Appends a group with v = 0; False if it depends on the groups there."""
        if not self._factor.append(self._matrix[group, [*self.groups, group]], self._c[group]):
            return False
        self.groups.append(group)
        self.v = np.append(self.v, 0.0)
        return True

    def _exchange(self, group: int) -> bool:
        """Lets a group enter that depends on the support to within rounding, and yet shortens d: nearly parallel groups.

        With m ≈ Σ βᵢ·i, moves weight from the support to m along β, which hardly changes d, until one group is empty and
        leaves; again, until m no longer depends on the rest. False if there is no weight to move; the support is then to be
        restored.
        """
        moved = 0.0
        while True:
            beta = self._factor.express_refused()
            steps = np.full(len(beta), np.inf)
            movable = beta > 0
            if self._anchor in self.groups:
                movable[self.groups.index(self._anchor)] = False
            steps[movable] = self.v[movable] / beta[movable]
            if not movable.any():
                return False
            leaving = int(np.argmin(steps))
            step = float(steps[leaving])
            self.v = np.maximum(0, self.v - step * beta)
            moved += step
            self._leave(leaving)
            if self._enter(group):
                self.v[-1] = moved
                return True

    def _descend(self) -> None:
        """Moves from v to the solution on the support, dropping groups whose weight reaches zero on the way."""
        while True:
            z = self._solution()
            blocking = np.flatnonzero(~(z > 0))
            if len(blocking) == 0:
                self.v = z
                return
            ratios = self.v[blocking] / (self.v[blocking] - z[blocking])
            first = int(np.argmin(ratios))
            self.v = self.v + ratios[first] * (z - self.v)
            self.v[blocking[first]] = 0
            for place in range(len(self.groups) - 1, -1, -1):
                if not self.v[place] > 0 and not z[place] > 0:
                    self._leave(place)

    def _drop_unweighted(self) -> None:
        """Goes to the solution on the support, dropping groups without positive weight until none is left."""
        size = -1
        while size != len(self.groups):
            size = len(self.groups)
            self.v = self._solution()
            for place in range(size - 1, -1, -1):
                if not self.v[place] > 0:
                    self._leave(place)

    def _solution(self) -> Array:
        """M⁻¹c / cᵀM⁻¹c."""
        z = self._factor.solve()
        return z / float(self._c[self.groups] @ z) if len(z) else z

    def _leave(self, place: int) -> None:
        self._factor.delete(place)
        del self.groups[place]
        self.v = np.delete(self.v, place)

    def _restore(self, groups: list[int], v: Array) -> bool:
        """Returns to a saved support; False if rounding prevents it."""
        self.groups = []
        self.v = np.zeros(0)
        self._factor.truncate(0)
        if not all(self._enter(group) for group in groups):
            return False
        self.v = v.copy()
        return True

    def _weights(self, groups: list[int], v: Array) -> Array:
        """wᵢ = cᵢvᵢ/Σ cⱼvⱼ, or with the anchor's weight 1."""
        weights = np.zeros(len(self._c))
        weights[groups] = self._inverse[groups] * v
        weights /= weights.sum() if self._anchor is None else weights[self._anchor]
        return weights
