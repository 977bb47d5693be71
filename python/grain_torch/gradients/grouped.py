"""All groups' gradients from one forward and one backward pass."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from grain_torch.gradients.coverage import Coverage, UnsupportedModelError, coverage_of
from grain_torch.gradients.layout import GroupLayout
from grain_torch.gradients.source import GradientSource, losses_and_counts
from grain_torch.gradients.taps import Taps

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

# How far the first pass's gradients may be from autograd's of one group, relative to the longer: far more than rounding, far
# less than a gradient that belongs to another group.
_TOLERANCE = 1e-3
_HALF_TOLERANCE = 0.1


class GroupGradients(GradientSource):
    """Groups' gradients by layers: one product of a layer's inputs and its output's gradients gives all groups' at once.

    The first pass is compared with autograd's gradient of one group, at the price of one more backward pass. What a rule
    gets wrong, such as a weight that is also used outside its layer or examples that depend on each other, is refused then.

    Example:
        >>> source = GroupGradients(model)
        >>> source.reset(count=8)
        >>> source.backward(lambda: F.cross_entropy(model(x), y, reduction="none"), ids)
        >>> gram = source.gram()
        >>> source.combine(aggregate(gram).weights)
    """

    def __init__(self, model: nn.Module, *, check: bool = True) -> None:
        """Args:
            model: its trainable parameters are those that require a gradient now.
            check: compare the first pass with autograd.

        Raises:
            UnsupportedModelError: naming the modules without a rule.
        """
        super().__init__(model)
        self._coverage: Coverage = coverage_of(model)
        if self._coverage.reasons:
            raise UnsupportedModelError(
                "groups' gradients cannot be told apart within one backward pass. "
                + "; ".join(self._coverage.reasons[:5])
                + '. Use method="accumulate", one pass per group.'
            )
        self._names = {module: name or "the model" for name, module in model.named_modules()}
        self._is_unchecked = check
        # Called when all gradients of a parameter have arrived.
        self.on_complete: Callable[[Tensor], None] | None = None

    def backward(self, forward: Callable[[], Tensor | tuple[Tensor, Tensor]], ids: Tensor) -> None:
        """Runs a forward and a backward pass, and adds the gradients to their groups'.

        Args:
            forward: returns a loss per example, or (losses, weights of the examples).
            ids: the group of each example.
        """
        layout = GroupLayout(ids, self.stack.count)
        pending: dict[Tensor, int] = {}

        def arrived(layer: nn.Module, x: Tensor, delta: Tensor) -> None:
            self._add(layer, x, delta, layout)
            for parameter in _parameters_of(layer):
                pending[parameter] -= 1
                if pending[parameter] == 0 and self.on_complete is not None:
                    self.on_complete(parameter)

        taps = Taps(self._coverage, self._names, layout.batch, arrived)
        with taps.placed():
            losses, counts = losses_and_counts(forward(), layout.batch)
            self._count(losses, counts, ids)
            seed = counts * (self._unit * self.loss_scale)
            for layer, uses in taps.uses.items():
                for parameter in _parameters_of(layer):
                    pending[parameter] = pending.get(parameter, 0) + uses
            if self._is_unchecked:
                self._check(losses, seed, ids, taps)
            else:
                taps.backward((losses * seed).sum())

    def _add(self, layer: nn.Module, x: Tensor, delta: Tensor, layout: GroupLayout) -> None:
        """Adds the gradients of one use of a layer."""
        if delta.shape[0] != layout.batch:
            x = x.reshape(layout.batch, -1, x.shape[-1])
            delta = delta.reshape(layout.batch, -1, delta.shape[-1])
        elif x.shape[0] == 1:
            x = x.expand(layout.batch, *x.shape[1:])
        rule = self._coverage.ruled.get(layer)
        if rule is not None:
            rule(layer, x, delta, layout, self.stack)
            return
        scale = next(iter(_parameters_of(layer)))
        self.stack.add(scale, layout.sums(x * delta).reshape(-1, *scale.shape))

    def _check(self, losses: Tensor, seed: Tensor, ids: Tensor, taps: Taps) -> None:
        """Runs the backward pass, and compares the gradients of the first example's group with autograd's as they arrive."""
        group = int(ids[0])
        names: dict[Tensor, str] = {
            parameter: name for name, parameter in self.parameters.items() if parameter not in set(self.stack)
        }
        one = (losses * seed * (ids == group)).sum()
        expected = dict(zip(names, taps.gradients(one, list(names)), strict=True))
        lengths = [float(gradient.float().norm()) for gradient in expected.values() if gradient is not None]
        longest = max(lengths, default=0.0)
        on_complete = self.on_complete

        def compare(parameter: Tensor) -> None:
            if parameter in expected and math.isfinite(sum(lengths)):
                slack = longest * float(self.stack.scale[group]), _HALF_TOLERANCE if taps.is_half else _TOLERANCE
                self._compare(names[parameter], parameter, expected.pop(parameter), group, *slack)

        def compare_and_report(parameter: Tensor) -> None:
            compare(parameter)
            if on_complete is not None:
                on_complete(parameter)

        self.on_complete = compare_and_report
        try:
            taps.backward((losses * seed).sum())
        finally:
            self.on_complete = on_complete
        # What autograd has a gradient of though no layer reported one.
        for parameter in list(expected):
            compare(parameter)
        self._is_unchecked = not math.isfinite(sum(lengths))

    def _compare(
        self, name: str, parameter: Tensor, reference: Tensor | None, group: int, longest: float, tolerance: float
    ) -> None:
        found = self.stack.row_of(parameter, group)
        ours = parameter.new_zeros(parameter.shape) if found is None else found
        scale = float(self.stack.scale[group])
        theirs = parameter.new_zeros(parameter.shape) if reference is None else reference * scale
        difference = float((ours.float() - theirs.float()).norm())
        length = max(float(theirs.float().norm()), float(ours.float().norm()))
        if difference > tolerance * length + 1e-5 * longest:
            raise UnsupportedModelError(
                f"the gradient of {name} does not belong to its group: it is off by {difference / length:.1g} of it. "
                "Is the parameter used outside its layer, or do examples depend on each other (in-batch losses)? "
                'Use method="accumulate", one pass per group.'
            )


def _parameters_of(layer: nn.Module) -> list[Tensor]:
    scales = getattr(layer, "ia3_l", None)
    owner = layer if scales is None else scales
    return [parameter for parameter in owner.parameters(recurse=False) if parameter.requires_grad]
