"""Groups' gradients against a loop of autograd over the groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import models
import numpy as np
import pytest
import torch
from models import BATCH, Case
from torch import Tensor, nn

from grain_torch.gradients import GroupGradients, UnsupportedModelError
from grain_torch.gradients.stack import GradientStack

if TYPE_CHECKING:
    from collections.abc import Callable

torch.set_num_threads(2)

EVEN = torch.arange(BATCH) // 3
UNEVEN = torch.tensor([0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 3, 3])
MIXED = torch.tensor([2, 1, 0, 0, 3, 1, 1, 2, 0, 3, 0, 1])


def expected_gradients(case: Case, ids: Tensor) -> list[dict[str, Tensor]]:
    """By autograd, group by group."""
    losses = case.losses()
    named = {name: parameter for name, parameter in case.model.named_parameters() if parameter.requires_grad}
    rows = []
    for group in range(int(ids.max()) + 1):
        loss = losses[ids == group].mean()
        gradients = torch.autograd.grad(loss, list(named.values()), retain_graph=True, allow_unused=True)
        pairs = zip(named.items(), gradients, strict=True)
        rows.append({name: torch.zeros_like(p) if g is None else g for (name, p), g in pairs})
    return rows


def compare(source: GroupGradients, expected: list[dict[str, Tensor]], tolerance: float = 1e-5) -> None:
    for group, row in enumerate(expected):
        length = torch.cat([gradient.flatten() for gradient in row.values()]).norm()
        for name, theirs in row.items():
            stacked = source.stack.rows_of(source.parameters[name])
            ours = torch.zeros_like(theirs) if stacked is None else stacked[group]
            # Some gradients are zero but for rounding, as those of key biases.
            assert (ours - theirs).norm() <= tolerance * theirs.norm() + 1e-7 * length, (group, name)


def gradients_of(case: Case, ids: Tensor, *, check: bool = True) -> GroupGradients:
    source = GroupGradients(case.model, check=check)
    source.reset(int(ids.max()) + 1)
    source.backward(case.losses, ids)
    return source


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        *((name, EVEN) for name in models.ALL),
        *((name, ids) for name in ("bert", "ia3", "convolutions", "shared") for ids in (UNEVEN, MIXED)),
    ],
)
def test_each_groups_gradient_is_autograds(name: str, ids: Tensor) -> None:
    case = models.ALL[name]()
    source = gradients_of(case, ids)
    expected = expected_gradients(case, ids)
    compare(source, expected)
    flat = torch.stack([torch.cat([g.flatten() for g in row.values()]) for row in expected]).double()
    gram = (flat @ flat.T).numpy()
    np.testing.assert_allclose(source.gram(), gram, rtol=1e-4, atol=1e-5 * np.trace(gram))
    assert source.sizes.tolist() == torch.bincount(ids).tolist()
    with torch.no_grad():
        losses = case.losses().double()
    np.testing.assert_allclose(source.losses, [losses[ids == i].mean() for i in range(4)], rtol=1e-5)


@pytest.mark.parametrize("name", ["bert", "gpt2", "lora"])
def test_weighing_by_size_gives_the_plain_gradient(name: str) -> None:
    case = models.ALL[name]()
    source = gradients_of(case, MIXED)
    source.combine(source.counts / source.counts.sum())
    combined = {key: parameter.grad for key, parameter in source.parameters.items()}
    case.model.zero_grad()
    case.losses().mean().backward()
    for key, parameter in source.parameters.items():
        torch.testing.assert_close(combined[key], parameter.grad, rtol=1e-4, atol=1e-7)


def test_passes_add_up_and_the_check_is_made_once() -> None:
    case = models.bert(hidden_dropout_prob=0, attention_probs_dropout_prob=0)
    source = GroupGradients(case.model)
    source.reset(4)
    whole, targets = case.inputs["input_ids"], case.targets
    for part in (slice(0, 5), slice(5, 12)):
        case.inputs["input_ids"], case.targets = whole[part], targets[part]
        source.backward(case.losses, MIXED[part])
    case.inputs["input_ids"], case.targets = whole, targets
    compare(source, expected_gradients(case, MIXED))


def test_examples_count_as_much_as_they_are_said_to() -> None:
    case = models.shared()
    tokens = torch.arange(1.0, BATCH + 1)
    source = GroupGradients(case.model)
    source.reset(4)
    source.backward(lambda: (case.losses(), tokens), EVEN)
    losses = case.losses()
    mean = (losses * tokens)[EVEN == 1].sum() / tokens[EVEN == 1].sum()
    gradient = torch.autograd.grad(mean, case.model.head.weight)[0]
    torch.testing.assert_close(source.stack.rows_of(case.model.head.weight)[1], gradient)
    assert source.losses[1] == pytest.approx(float(mean.detach()))


def test_a_group_that_is_not_finite_is_left_out_of_the_sum() -> None:
    case = models.shared()
    case.inputs["x"][EVEN == 2] = torch.inf
    source = GroupGradients(case.model, check=False)
    source.reset(4)
    source.backward(case.losses, EVEN)
    assert np.isnan(source.gram()[2, 2])
    source.combine([0.5, 0.5, 0, 0])
    assert all(parameter.grad.isfinite().all() for parameter in source.parameters.values())


@pytest.mark.parametrize("name", ["bert", "llama", "lora"])
def test_gradient_checkpointing_works(name: str) -> None:
    case = models.ALL[name]()
    expected = expected_gradients(case, EVEN)
    case.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if name == "lora":
        case.model.enable_input_require_grads()
    for _ in range(2):
        compare(gradients_of(case, EVEN), expected)


def test_reentrant_checkpointing_is_refused_by_name() -> None:
    case = models.bert()
    case.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": True})
    with pytest.raises(UnsupportedModelError, match="use_reentrant=True hides the layers"):
        gradients_of(case, EVEN)


def test_autocast_gives_what_autograd_gives_under_it() -> None:
    case = models.bert()
    with torch.autocast("cpu", torch.bfloat16):
        source = gradients_of(case, EVEN)
        expected = expected_gradients(case, EVEN)
    for group, row in enumerate(expected):
        for name in ("bert.encoder.layer.0.output.dense.weight", "classifier.bias", "bert.embeddings.LayerNorm.weight"):
            ours = source.stack.rows_of(source.parameters[name])[group]
            assert (ours - row[name]).norm() <= 0.02 * row[name].norm()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: models.convolutions(nn.BatchNorm2d), "layers.1: BatchNorm"),
        (lambda: models.shared(torch.compile(models.Shared())), "torch.compile"),
        (lambda: models.shared(nn.GRU(6, 3)), r"the model \(GRU\): no rule for weight_ih_l0"),
        (lambda: models.adapted("lora", use_dora=True), "lora_magnitude_vector"),
        (models.t5, "relative_attention_bias"),
    ],
    ids=["batch norm", "compiled", "recurrent", "dora", "position biases"],
)
def test_what_has_no_rule_is_refused_by_name(make: Callable[[], Case], message: str) -> None:
    with pytest.raises(UnsupportedModelError, match=message):
        gradients_of(make(), EVEN)


def test_losses_that_depend_on_other_examples_are_refused() -> None:
    case = models.shared()
    source = GroupGradients(case.model)
    source.reset(4)

    def in_batch() -> Tensor:
        embedded = case.model(**case.inputs)
        return nn.functional.cross_entropy(embedded @ embedded.T, torch.arange(BATCH), reduction="none")

    with pytest.raises(UnsupportedModelError, match="examples depend on each other"):
        source.backward(in_batch, EVEN)


def test_a_weight_that_is_used_outside_its_layer_is_refused() -> None:
    class Outside(models.Shared):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) + x @ self.shared.weight[:, :3]

    with pytest.raises(UnsupportedModelError, match=r"gradient of shared.weight .*used outside its layer"):
        gradients_of(models.shared(Outside()), EVEN)


def test_wrappers_that_average_gradients_are_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="DataParallel averages gradients"):
        GroupGradients(nn.DataParallel(models.Shared()))


def test_losses_and_ids_must_be_one_per_example() -> None:
    case = models.shared()
    source = GroupGradients(case.model)
    source.reset(4)
    with pytest.raises(ValueError, match="Expected 12 losses, one per example"):
        source.backward(lambda: case.losses().mean(), EVEN)
    with pytest.raises(ValueError, match="range from 0 to 4"):
        source.backward(case.losses, EVEN + (EVEN == 3))
    with pytest.raises(ValueError, match="do not depend on any"):
        source.backward(lambda: torch.ones(BATCH), EVEN)


@pytest.mark.parametrize("length", [1000, 200_003])
def test_long_gradients_are_multiplied_nearly_as_exactly_as_short_ones(length: int) -> None:
    torch.manual_seed(0)
    parameter = nn.Parameter(torch.zeros(length))
    rows = torch.randn(3, length)
    stack = GradientStack(3)
    stack.add(parameter, rows)
    exact = (rows.double() @ rows.double().T).numpy()
    np.testing.assert_allclose(stack.gram(), exact, atol=1e-7 * length)
    root = torch.rand(length)
    scaled = (rows * root).double()
    np.testing.assert_allclose(stack.gram(root=lambda _: root), (scaled @ scaled.T).numpy(), atol=1e-7 * length)


def test_a_model_is_left_as_it_was() -> None:
    case = models.shared()
    gradients_of(case, EVEN)
    assert all(parameter.grad is None for parameter in case.model.parameters())
    assert not any(module._forward_hooks for module in case.model.modules())
