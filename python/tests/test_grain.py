"""Whole steps: methods and aggregators against each other, against plain training, and against what they guarantee."""

from __future__ import annotations

import copy
from typing import Any

import models
import numpy as np
import pytest
import torch
from models import Case
from torch import Tensor, nn
from torch.nn import functional

from grain_torch import Grain, GrainWarning, Step, UnsupportedModelError
from grain_torch.aggregation import StepAggregator
from grain_torch.grain import _scale_of

torch.set_num_threads(2)

IDS = torch.tensor([2, 1, 0, 0, 3, 1, 1, 2, 0, 3, 0, 1])


def batch_of(case: Case) -> dict[str, Any]:
    return {"inputs": case.inputs, "targets": case.targets, "group": IDS}


def closure_of(case: Case) -> Any:
    def losses(batch: dict[str, Any]) -> Tensor:
        outputs = case.call(case.model, batch["inputs"])
        values = functional.cross_entropy(outputs.movedim(-1, 1), batch["targets"], reduction="none")
        return values if values.ndim == 1 else values.mean(1)

    return losses


def sgd(model: nn.Module, rate: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=rate)


def stepped(case: Case, **settings: Any) -> tuple[Step, dict[str, Tensor]]:
    """One step of a copy of the model, and its parameters after it."""
    case = copy.deepcopy(case)
    grain = Grain(case.model, settings.pop("optimizer", sgd)(case.model), groups="group", count=4, **settings)
    step = grain.step(closure_of(case), batch_of(case))
    return step, {name: parameter.detach() for name, parameter in case.model.named_parameters()}


@pytest.mark.parametrize("aggregate", ["grain", "grain-normalized", "grain-layerwise", "mean", "upgrad"])
def test_one_backward_pass_and_a_pass_per_group_agree(aggregate: str) -> None:
    case = models.convolutions()
    at_once, a = stepped(case, aggregate=aggregate, method="grouped")
    one_by_one, b = stepped(case, aggregate=aggregate, method="accumulate")
    np.testing.assert_allclose(at_once.losses, one_by_one.losses, rtol=1e-5)
    np.testing.assert_allclose(at_once.weights, one_by_one.weights, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(at_once.gram, one_by_one.gram, rtol=1e-4, atol=1e-6 * np.trace(at_once.gram))
    for name, parameter in a.items():
        torch.testing.assert_close(parameter, b[name], rtol=1e-4, atol=1e-6)


def test_the_mean_is_plain_training() -> None:
    case = models.adapted("lora", lora_dropout=0.0)
    step, ours = stepped(case, aggregate="mean")
    optimizer = sgd(case.model)
    loss = closure_of(case)(batch_of(case)).mean()
    loss.backward()
    optimizer.step()
    assert step.loss == pytest.approx(float(loss.detach()), rel=1e-6)
    for name, parameter in case.model.named_parameters():
        torch.testing.assert_close(ours[name], parameter.detach(), rtol=1e-5, atol=1e-7)


def test_a_step_of_grain_conflicts_with_no_group() -> None:
    step, _ = stepped(models.bert(hidden_dropout_prob=0.0))
    assert step.groups == [0, 1, 2, 3]
    assert step.sizes.tolist() == [4, 4, 2, 2]
    assert step.weights.sum() == pytest.approx(1)
    assert step.gap <= 1e-10 * step.norm2
    assert step.min_cosine > 0
    assert not step.conflicts_with
    # SGD's update is a multiple of d.
    assert step.update.norm2 == pytest.approx(0.01 * step.norm2, rel=1e-2)
    assert (step.update.inner >= -step.update.rounding * np.sqrt(np.diagonal(step.gram))).all()


def test_each_layer_gets_its_own_weights_while_the_backward_pass_runs() -> None:
    case = models.bert(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    step, _ = stepped(case, aggregate="grain-layerwise")
    assert len(step.blocks) > 10
    np.testing.assert_allclose(sum(block.gram for block in step.blocks), step.gram)
    assert all(abs(block.weights.sum() - 1) < 1e-12 for block in step.blocks)
    assert step.norm2 <= stepped(case)[0].norm2
    assert step.min_cosine >= 0


def test_streaming_holds_two_vectors_and_logs_each_arrival() -> None:
    case = models.convolutions()
    step, ours = stepped(case, aggregate="grain-streaming")
    assert step.gram is None
    assert [len(arrival.weights) for arrival in step.streaming] == [1, 2, 3, 4]
    assert step.streaming[-1].direction2 == pytest.approx(step.norm2)
    whole, _ = stepped(case, aggregate="grain")
    d2 = float(step.weights @ whole.gram @ step.weights)
    assert step.norm2 == pytest.approx(d2, rel=1e-4)
    moved = sum(float((ours[name] - p.detach()).square().sum()) for name, p in case.model.named_parameters())
    assert moved == pytest.approx(0.01 * step.norm2, rel=1e-3)


def test_the_preconditioned_metric_is_that_of_adamws_step() -> None:
    case = models.shared()
    rate = 1e-2

    def adamw(model: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.0, 0.99), eps=1e-8, weight_decay=0.0)

    grain = Grain(case.model, adamw(case.model), groups="group", count=4, metric="preconditioned")
    for _ in range(3):
        step = grain.step(closure_of(case), batch_of(case))
        # Without momentum Δ = rate·Pd, so that ⟨Δ, gᵢ⟩ = rate·(Hw)ᵢ: never negative.
        np.testing.assert_allclose(step.update.inner, rate * step.gram @ step.weights, rtol=1e-3)
        assert step.min_cosine > 0


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("most", [None, 1e-3])
def test_the_preconditioned_metric_heeds_clipping_and_the_loss_scale(*, fused: bool, most: float | None) -> None:
    def moments(scaler: torch.amp.GradScaler | None) -> list[Tensor]:
        case = models.shared()
        optimizer = torch.optim.AdamW(case.model.parameters(), fused=fused)
        aggregator = StepAggregator(case.model, optimizer, metric="preconditioned")
        for _ in range(3):
            aggregator.begin(4, loss_scale=1.0 if scaler is None else _scale_of(scaler, IDS.device))
            aggregator.backward(closure_of(case), batch_of(case), IDS)
            aggregator.finish()
            if most is not None:
                if scaler is not None:
                    scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(case.model.parameters(), most)
            if scaler is None:
                optimizer.step()
            else:
                scaler.step(optimizer)
                scaler.update()
        return [state["exp_avg_sq"] for state in optimizer.state.values()]

    scaled = moments(torch.amp.GradScaler("cpu", init_scale=2.0**10))
    for ours, plain in zip(scaled, moments(None), strict=True):
        assert float(ours.min()) >= -1e-12
        torch.testing.assert_close(ours, plain, rtol=1e-3, atol=1e-8)


@pytest.mark.parametrize("fused", [False, True])
def test_a_step_that_overflows_leaves_the_moments_as_they_are(*, fused: bool) -> None:
    case = models.shared()
    optimizer = torch.optim.AdamW(case.model.parameters(), fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    grain = Grain(case.model, optimizer, groups="group", count=4, metric="preconditioned", scaler=scaler)
    grain.step(closure_of(case), batch_of(case))
    before = [state["exp_avg_sq"].clone() for state in optimizer.state.values()]
    case.inputs["x"][IDS == 1] = torch.inf
    grain.step(closure_of(case), batch_of(case))
    assert scaler.get_scale() == 2.0**9
    for state, moment in zip(optimizer.state.values(), before, strict=True):
        torch.testing.assert_close(state["exp_avg_sq"], moment, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (lambda p: torch.optim.SGD(p, lr=1), "SGD does not keep a diagonal second moment"),
        (lambda p: torch.optim.Adam(p, lr=1, weight_decay=0.1), "Adam adds weight decay to d"),
        (lambda p: torch.optim.AdamW(p, lr=1, amsgrad=True), "amsgrad"),
        (lambda p: torch.optim.NAdam(p, lr=1), "NAdam"),
    ],
)
def test_optimizers_without_such_a_metric_are_refused(optimizer: Any, message: str) -> None:
    case = models.shared()
    with pytest.raises(ValueError, match=message):
        Grain(case.model, optimizer(case.model.parameters()), groups="group", count=4, metric="preconditioned").step(
            closure_of(case), batch_of(case)
        )


def test_models_without_rules_take_a_pass_per_group_and_say_so() -> None:
    case = models.convolutions(nn.BatchNorm2d)
    with pytest.warns(GrainWarning, match="BatchNorm"):
        step, _ = stepped(case)
    assert step.min_cosine > 0
    with pytest.raises(UnsupportedModelError, match="BatchNorm"):
        stepped(case, method="grouped")


def test_losses_that_depend_on_other_examples_take_a_pass_per_group_and_say_so() -> None:
    case = models.shared()

    def in_batch(batch: dict[str, Any]) -> Tensor:
        embedded = case.call(case.model, batch["inputs"])
        return functional.cross_entropy(embedded @ embedded.T, torch.arange(len(embedded)), reduction="none")

    before = copy.deepcopy(case.model.state_dict())
    grain = Grain(case.model, sgd(case.model), groups="group", count=4)
    with pytest.warns(GrainWarning, match="examples depend on each other"):
        found = grain.step(in_batch, batch_of(case))
    assert grain.step(in_batch, batch_of(case)).groups == [0, 1, 2, 3]
    case.model.load_state_dict(before)
    expected = Grain(case.model, sgd(case.model), groups="group", count=4, method="accumulate").step(in_batch, batch_of(case))
    np.testing.assert_allclose(found.gram, expected.gram, rtol=1e-6)


def test_a_compiled_model_takes_a_pass_per_group() -> None:
    case = models.shared()
    eager, _ = stepped(case, method="accumulate")
    case.model = torch.compile(case.model, backend="eager")
    compiled, _ = stepped(case, method="accumulate")
    np.testing.assert_allclose(compiled.gram, eager.gram, rtol=1e-5)


def test_a_group_without_examples_is_absent() -> None:
    case = models.shared()
    grain = Grain(case.model, sgd(case.model), groups=lambda batch: batch["group"], count=6)
    step = grain.step(closure_of(case), batch_of(case))
    assert step.groups == [0, 1, 2, 3]


def test_consecutive_slices_need_an_example_each() -> None:
    case = models.shared()
    grain = Grain(case.model, sgd(case.model), groups=5)
    assert grain.step(closure_of(case), batch_of(case)).sizes.tolist() == [3, 2, 3, 2, 2]
    with pytest.raises(ValueError, match="batch of 12 cannot be cut into 13 groups"):
        Grain(case.model, sgd(case.model), groups=13).step(closure_of(case), batch_of(case))


def test_the_last_steps_support_only_saves_time() -> None:
    case = models.shared()
    grain = Grain(case.model, sgd(case.model), groups="group", count=4)
    losses = [grain.step(closure_of(case), batch_of(case)).loss for _ in range(20)]
    assert losses[-1] < losses[0]
    assert all(parameter.grad is None for parameter in case.model.parameters())


def test_a_grad_scaler_changes_nothing_but_the_range() -> None:
    case = models.shared()
    expected, parameters = stepped(case)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    step, scaled = stepped(case, scaler=scaler)
    np.testing.assert_allclose(step.gram, expected.gram, rtol=1e-5)
    for name, parameter in parameters.items():
        torch.testing.assert_close(scaled[name], parameter)


def test_an_overflow_skips_the_step_and_lowers_the_scale() -> None:
    case = models.shared()
    case.inputs["x"][IDS == 1] = torch.inf
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    before = {name: parameter.detach().clone() for name, parameter in case.model.named_parameters()}
    _, after = stepped(case, scaler=scaler)
    assert scaler.get_scale() == 2.0**9
    for name, parameter in before.items():
        torch.testing.assert_close(after[name], parameter, rtol=0, atol=0)


def test_unknown_choices_are_refused() -> None:
    model = models.Shared()
    unknown = {"method": "unknown method", "metric": "unknown metric", "aggregate": "unknown aggregator", "groups": "count="}
    for setting, message in unknown.items():
        settings: dict[str, Any] = {setting: "magic"}
        with pytest.raises(ValueError, match=message):
            Grain(model, sgd(model), **settings)
