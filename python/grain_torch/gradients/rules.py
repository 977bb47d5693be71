"""How a layer's input and the gradient of its output give each group's gradient of the layer's own parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

if TYPE_CHECKING:
    from torch import Tensor

    from grain_torch.gradients.layout import GroupLayout
    from grain_torch.gradients.stack import GradientStack

# (layer, its input, gradient of the output, layout, stack that the groups' gradients are added to)
Rule = Callable[[Any, "Tensor", "Tensor", "GroupLayout", "GradientStack"], None]


def rule_of(module: nn.Module) -> Rule | None:
    """The rule for a module's own parameters (not its children's), or None if there is not one."""
    forward = type(module).forward
    for layer, rule in _RULES:
        if forward is layer.forward:
            return rule
    name = type(module).__name__
    # transformers has a class per architecture, all with the same formula.
    if name.endswith(("RMSNorm", "T5LayerNorm")) and [key for key, _ in module.named_parameters(recurse=False)] == ["weight"]:
        return _rms_norm
    if name == "Conv1D" and type(module).__module__ == "transformers.pytorch_utils":
        return _transposed_linear
    if name == "ViTEmbeddings" and type(module).__module__ == "transformers.models.vit.modeling_vit":
        return _image_embeddings
    return None


def _linear(layer: nn.Linear, x: Tensor, delta: Tensor, layout: GroupLayout, stack: GradientStack) -> None:
    if layer.weight.requires_grad:
        stack.add(layer.weight, layout.products(delta, x.to(delta.dtype)))
    _bias(layer.bias, delta, layout, stack)


def _transposed_linear(layer: Any, x: Tensor, delta: Tensor, layout: GroupLayout, stack: GradientStack) -> None:
    if layer.weight.requires_grad:
        stack.add(layer.weight, layout.products(x.to(delta.dtype), delta))
    _bias(layer.bias, delta, layout, stack)


def _bias(bias: Tensor | None, delta: Tensor, layout: GroupLayout, stack: GradientStack) -> None:
    if bias is not None and bias.requires_grad:
        stack.add(bias, layout.sums(delta))


def _embedding(layer: nn.Embedding, ids: Tensor, delta: Tensor, layout: GroupLayout, stack: GradientStack) -> None:
    """Only rows that the batch contains: the others are zero."""
    used, places = torch.unique(ids, return_inverse=True)
    width = delta.shape[-1]
    if layer.padding_idx is not None:
        delta = delta.masked_fill((ids == layer.padding_idx).unsqueeze(-1), 0)
    groups = layout.ids.reshape(-1, *[1] * (places.ndim - 1)) * len(used)
    rows = delta.new_zeros(layout.count * len(used), width)
    rows.index_add_(0, (groups + places).flatten(), delta.reshape(-1, width))
    stack.add(layer.weight, rows.reshape(layout.count, len(used), width), used)


def _layer_norm(layer: nn.LayerNorm, x: Tensor, delta: Tensor, layout: GroupLayout, stack: GradientStack) -> None:
    normal = functional.layer_norm(x.to(delta.dtype), layer.normalized_shape, None, None, layer.eps)
    _scale_and_shift(layer, normal, delta, layout, stack, len(layer.normalized_shape))


def _rms_norm(layer: Any, x: Tensor, delta: Tensor, layout: GroupLayout, stack: GradientStack) -> None:
    epsilon = next((getattr(layer, name) for name in ("variance_epsilon", "eps", "epsilon") if hasattr(layer, name)), None)
    x = x.float()
    if epsilon is None:
        epsilon = torch.finfo(x.dtype).eps
    dimensions = layer.weight.ndim
    normal = x * torch.rsqrt(x.square().mean(tuple(range(-dimensions, 0)), keepdim=True) + epsilon)
    _scale_and_shift(layer, normal.to(delta.dtype), delta, layout, stack, dimensions)


def _scale_and_shift(
    layer: Any, normal: Tensor, delta: Tensor, layout: GroupLayout, stack: GradientStack, dimensions: int
) -> None:
    """Gradients of weight and bias of a layer that returns normal·weight + bias, over the last dimensions."""
    for parameter, gradient in ((layer.weight, delta * normal), (getattr(layer, "bias", None), delta)):
        if parameter is not None and parameter.requires_grad:
            stack.add(parameter, layout.sums(gradient.flatten(-dimensions)).reshape(-1, *parameter.shape))


def _group_norm(layer: nn.GroupNorm, x: Tensor, delta: Tensor, layout: GroupLayout, stack: GradientStack) -> None:
    normal = functional.group_norm(x.to(delta.dtype), layer.num_groups, None, None, layer.eps)
    _scale_and_shift(layer, normal.movedim(1, -1), delta.movedim(1, -1), layout, stack, 1)


def _batch_norm(layer: Any, x: Tensor, delta: Tensor, layout: GroupLayout, stack: GradientStack) -> None:
    """In evaluation mode, where the running statistics are constants."""
    normal = functional.batch_norm(x.to(delta.dtype), layer.running_mean, layer.running_var, None, None, False, 0.0, layer.eps)
    _scale_and_shift(layer, normal.movedim(1, -1), delta.movedim(1, -1), layout, stack, 1)


def _image_embeddings(layer: Any, _x: Tensor, delta: Tensor, layout: GroupLayout, stack: GradientStack) -> None:
    """ViT's class token, which goes before the patches, and the position embeddings, which are added to both."""
    for parameter, gradient in ((layer.cls_token, delta[:, :1]), (layer.position_embeddings, delta)):
        if parameter.requires_grad:
            stack.add(parameter, layout.sums(gradient.flatten(1)).reshape(-1, *parameter.shape))


def _convolution(layer: Any, x: Tensor, delta: Tensor, layout: GroupLayout, stack: GradientStack) -> None:
    if layer.weight.requires_grad:
        pairs = zip(layout.parts(x.to(delta.dtype)), layout.parts(delta), strict=True)
        stack.add(layer.weight, torch.stack([_convolution_weight(layer, a, b) for a, b in pairs]))
    _bias(layer.bias, delta.movedim(1, -1), layout, stack)


def _convolution_weight(layer: Any, x: Tensor, delta: Tensor) -> Tensor:
    weight = layer.weight.to(delta.dtype)
    if len(x) == 0:
        return torch.zeros_like(weight)
    padding = layer.padding if not isinstance(layer.padding, str) else _same_padding(layer)
    settings = (None, layer.stride, padding, layer.dilation, False, [0] * len(layer.stride), layer.groups)
    gradients: tuple[Tensor, ...] = torch.ops.aten.convolution_backward(delta, x, weight, *settings, (False, True, False))
    return gradients[1]


def _same_padding(layer: Any) -> list[int]:
    if layer.padding == "valid":
        return [0] * len(layer.stride)
    return [step * (size - 1) // 2 for step, size in zip(layer.dilation, layer.kernel_size, strict=True)]


def refusal_of(module: nn.Module) -> str | None:
    """Why a module with a rule cannot be used with its settings, or None."""
    if isinstance(module, nn.Embedding):
        if module.sparse or module.scale_grad_by_freq or module.max_norm is not None:
            return "sparse, scale_grad_by_freq or max_norm"
    elif isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
        if module.padding_mode != "zeros":
            return f"padding_mode={module.padding_mode}"
        if module.padding == "same" and any(size % 2 == 0 for size in module.kernel_size):
            return "padding=same with an even kernel"
    elif type(module).__name__ == "ViTEmbeddings":
        dropout: Any = module.dropout
        if dropout.p > 0:
            return "dropout after the sum"
        if getattr(module, "mask_token", None) is not None:
            return "a mask token"
    return None


_RULES: list[tuple[type[Any], Rule]] = [
    (nn.Linear, _linear),
    (nn.Embedding, _embedding),
    (nn.LayerNorm, _layer_norm),
    (nn.RMSNorm, _rms_norm),
    (nn.GroupNorm, _group_norm),
    (_BatchNorm, _batch_norm),
    (nn.Conv1d, _convolution),
    (nn.Conv2d, _convolution),
    (nn.Conv3d, _convolution),
]
