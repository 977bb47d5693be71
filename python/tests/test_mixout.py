"""Mixout of the torch backend against autograd through the formula of its authors' code."""

import torch
from torch import nn
from torch.nn import functional

from grain_backend.mixout import Mixout
from grain_backend.network import Network
from grain_torch.gradients import GroupGradients


class _Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(5, 4)
        self.classifier = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier(torch.tanh(self.body(x)))
        return logits

    def get_output_embeddings(self) -> None:
        return None


def test_gradients_are_those_through_the_mixture() -> None:
    torch.manual_seed(0)
    model = _Classifier()
    network = Network(model, dict(model.named_parameters()), [], False, "", ["classifier"], nn.ModuleList())
    start = model.body.weight.detach().clone()
    mixout = Mixout(network, 0.6)
    with torch.no_grad():
        model.body.weight.add_(torch.randn(4, 5))
    now = model.body.weight.detach().clone()
    x, y = torch.randn(6, 5), torch.tensor([0, 1, 1, 0, 1, 0])
    source = GroupGradients(model)
    source.reset(2)
    ids = torch.tensor([0, 0, 0, 1, 1, 1])
    with mixout.mixed(7) as factors:
        source.backward(lambda: functional.cross_entropy(model(x), y, reduction="none"), ids)
    assert list(factors) == [model.body.weight]
    assert torch.equal(model.body.weight, now)
    noise = (factors[model.body.weight] > 0).float()
    assert 0 < noise.sum() < 5
    source.stack.multiply(model.body.weight, factors[model.body.weight])
    for group in range(2):
        weight = now.clone().requires_grad_()
        mixed = ((1 - noise) * start + noise * weight - 0.6 * start) / 0.4
        own = ids == group
        logits = model.classifier(torch.tanh(functional.linear(x[own], mixed, model.body.bias)))
        expected = torch.autograd.grad(functional.cross_entropy(logits, y[own]), weight)[0]
        found = source.stack.row_of(model.body.weight, group)
        assert found is not None
        torch.testing.assert_close(found, expected)


def test_the_draw_is_by_the_seed() -> None:
    model = _Classifier()
    mixout = Mixout(Network(model, dict(model.named_parameters()), [], False, "", ["classifier"], nn.ModuleList()), 0.5)
    draws = []
    for seed in (1, 1, *range(2, 12)):
        with mixout.mixed(seed) as factors:
            draws.append(next(iter(factors.values())).flatten().tolist())
    assert draws[0] == draws[1]
    assert len({tuple(draw) for draw in draws}) > 3
