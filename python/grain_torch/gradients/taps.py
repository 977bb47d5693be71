"""Hooks that see each layer's input in the forward pass and the gradient of its output in the backward pass."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.graph import GradientEdge, get_gradient_edge

from grain_torch.gradients.coverage import UnsupportedModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from grain_torch.gradients.coverage import Coverage

# (layer, its input, gradient of its output)
Arrived = Callable[["nn.Module", "Tensor", "Tensor"], None]


class _Keep(torch.autograd.Function):
    """Saves a tensor the way autograd saves inputs, so that gradient checkpointing and offloading apply to it."""

    @staticmethod
    def forward(ctx: Any, anchor: Tensor, tensor: Tensor) -> Tensor:
        ctx.save_for_backward(tensor)
        return anchor.new_zeros(())

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        del ctx, gradients
        return None, None


class Taps:
    """The taps of one forward pass and of its backward pass.

    The gradient of the parameters is not asked of autograd: it is told to go only as far as the first layers that train.
    """

    def __init__(self, coverage: Coverage, names: dict[nn.Module, str], batch: int, arrived: Arrived) -> None:
        self._coverage = coverage
        self._names = names
        self._batch = batch
        self._arrived = arrived
        self._anchor = torch.zeros((), requires_grad=True)
        self._inputs: dict[Any, Tensor] = {}
        self._sources: list[GradientEdge] = []
        self._is_forward = True
        self._is_silent = False
        # Whether gradients go further back than the first layer that trains, as with enable_input_require_grads().
        self._goes_further = False
        # Whether some layer computes in half precision, as under autocast.
        self.is_half = False
        self.uses: dict[nn.Module, int] = {}

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Within it, forward passes are tapped; checkpointed segments run theirs again during the backward pass."""
        handles = [layer.register_forward_hook(self._after, with_kwargs=True) for layer in self._coverage.ruled]
        for layer in self._coverage.scaled:
            base = layer.get_base_layer()
            if layer.is_feedforward:
                handles.append(layer.register_forward_pre_hook(self._before_scaled))
                handles.append(base.register_forward_pre_hook(self._before_base(layer)))
            else:
                handles.append(base.register_forward_hook(self._after_base(layer)))
                handles.append(layer.register_forward_hook(self._after_scaled))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def backward(self, loss: Tensor) -> None:
        """Runs the backward pass; each gradient is reported as it arrives."""
        if not self._sources:
            raise UnsupportedModelError("no layer that trains took part in the forward pass.")
        self._is_forward = False
        inputs: list[Any] = list(self._sources)
        if self._goes_further:
            inputs += _leaves_of(loss)
        _gradients(loss, inputs)

    def gradients(self, loss: Tensor, parameters: list[Tensor]) -> tuple[Tensor | None, ...]:
        """What autograd gives for parameters; nothing is reported, and the graph is kept."""
        self._is_forward = False
        self._is_silent = True
        try:
            return _gradients(loss, parameters, retain_graph=True)
        finally:
            self._is_silent = False

    def _after(self, layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        x = args[0] if args else next(iter(kwargs.values()))
        return self._tap(layer, x, output)

    def _before_scaled(self, layer: Any, args: tuple[Any, ...]) -> None:
        self._inputs[layer] = args[0]

    def _before_base(self, layer: Any) -> Callable[..., Any]:
        return lambda _base, args: (self._tap(layer, self._inputs.pop(layer), args[0]), *args[1:])

    def _after_base(self, layer: Any) -> Callable[..., None]:
        def keep(_base: nn.Module, _args: Any, output: Tensor) -> None:
            self._inputs[layer] = output

        return keep

    def _after_scaled(self, layer: Any, _args: Any, output: Tensor) -> Tensor:
        return self._tap(layer, self._inputs.pop(layer), output)

    def _tap(self, layer: nn.Module, x: Tensor, output: Tensor) -> Tensor:
        """Returns the output for the next layer."""
        if not (torch.is_grad_enabled() and output.requires_grad):
            return output
        output = self._with_batch(layer, x, output)
        node: Any = _Keep.apply(self._anchor, x.detach()).grad_fn  # type: ignore[no-untyped-call]
        if not self._is_forward:
            return output
        self.is_half |= output.dtype in (torch.bfloat16, torch.float16)
        if not x.requires_grad:
            self._sources.append(get_gradient_edge(output))
        elif not self._sources:
            self._goes_further = True
            self._sources.append(get_gradient_edge(output))
        self.uses[layer] = self.uses.get(layer, 0) + 1

        def arrived(delta: Tensor) -> None:
            if not self._is_silent:
                self._arrived(layer, node.saved_tensors[0], delta)

        output.register_hook(arrived)  # type: ignore[no-untyped-call]
        return output

    def _with_batch(self, layer: nn.Module, x: Tensor, output: Tensor) -> Tensor:
        """An output that the examples share, as that of position embeddings, gets a row for each: so does its gradient."""
        rows = output.shape[0] if output.ndim > 0 else 0
        if rows == self._batch:
            return output
        if rows == 1 and x.shape[0] == 1:
            return output.expand(self._batch, *output.shape[1:])
        if output.ndim == 2 and x.ndim == 2 and rows > 0 and rows % self._batch == 0:
            return output
        raise UnsupportedModelError(
            f"{self._names[layer]} ({type(layer).__name__}) returns {tuple(output.shape)} for a batch of {self._batch}: "
            "its first dimension is not the batch."
        )


def _gradients(loss: Tensor, inputs: list[Any], *, retain_graph: bool = False) -> tuple[Tensor | None, ...]:
    try:
        return torch.autograd.grad(loss, inputs, retain_graph=retain_graph, allow_unused=True)
    except RuntimeError as error:
        if "use_reentrant" in str(error):
            raise UnsupportedModelError(
                "gradient checkpointing with use_reentrant=True hides the layers inside. "
                'Set gradient_checkpointing_kwargs={"use_reentrant": False}.'
            ) from error
        raise


def _leaves_of(loss: Tensor) -> list[Tensor]:
    """Tensors other than parameters at which the graph of the loss ends."""
    leaves: list[Tensor] = []
    seen: set[Any] = set()
    waiting: list[Any] = [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        variable = getattr(node, "variable", None)
        if variable is not None and not isinstance(variable, torch.nn.Parameter):
            leaves.append(variable)
        waiting += [child for child, _ in node.next_functions]
    return leaves
